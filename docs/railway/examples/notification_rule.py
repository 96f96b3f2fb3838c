"""A message to a webhook when a deployment fails. The form of the channel is not confirmed: see channelConfigs."""

import json

import pulumiverse_railway as railway

project = railway.Project("shop", name="shop")
railway.NotificationRule(
    "failures",
    project_id=project.id,
    event_types=["Deployment.failed"],
    severities=[railway.NotificationSeverity.CRITICAL],
    channel_configs=[json.dumps({"type": "WEBHOOK", "url": "https://hooks.example.com/railway"})],
)
