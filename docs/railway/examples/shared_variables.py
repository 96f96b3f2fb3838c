"""A variable that several services refer to, so that it stands in one place."""

import pulumiverse_railway as railway

project = railway.Project("shop", name="shop")
api = railway.Service("api", project_id=project.id, environment_id=project.environment_id, name="api")
shared = railway.SharedVariables(
    "shared",
    project_id=project.id,
    environment_id=project.environment_id,
    variables={"LOG_LEVEL": "info", "REGION": "eu"},
)
railway.ServiceInstance(
    "api",
    project_id=project.id,
    environment_id=project.environment_id,
    service_id=api.service_id,
    image="ghcr.io/acme/api:1.4.0",
    variables={"LOG_LEVEL": "${{shared.LOG_LEVEL}}"},
)
