"""A service that runs an image with its variables, deployed once all of it is known, and waited for."""

import pulumi

import pulumiverse_railway as railway

settings = pulumi.Config("shop")
project = railway.Project("shop", name="shop-staging")
api = railway.Service("api", project_id=project.id, environment_id=project.environment_id, name="api")
instance = railway.ServiceInstance(
    "api",
    project_id=project.id,
    environment_id=project.environment_id,
    service_id=api.service_id,
    image="ghcr.io/example/shop-api:1.4.2",
    healthcheck_path="/health",
    healthcheck_timeout=60,
    regions={"europe-west4-drams3a": 2},
    memory_mb=512,
    variables={
        "PORT": "8080",
        # Railway fills references in, those to other services too: ${{postgres.DATABASE_URL}}.
        "OWN_HOST": "${{RAILWAY_PRIVATE_DOMAIN}}",
        # A secret stays one: it is encrypted in the state, and previews and errors do not show it.
        "SESSION_KEY": settings.require_secret("sessionKey"),
    },
    opts=pulumi.ResourceOptions(deleted_with=api),
)
pulumi.export("deployment", instance.deployment_status)
