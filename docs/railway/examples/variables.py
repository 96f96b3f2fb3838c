"""Variables of a service that somebody made in the dashboard; its other variables stay as they are."""

import pulumi

import pulumiverse_railway as railway

config = pulumi.Config("shop")
railway.Variables(
    "legacy",
    project_id="11111111-1111-4111-8111-111111111111",
    environment_id="22222222-2222-4222-8222-222222222222",
    service_id="33333333-3333-4333-8333-333333333333",
    variables={"SESSION_KEY": config.require_secret("sessionKey"), "LOG_LEVEL": "info"},
    sealed=["SESSION_KEY"],
)
