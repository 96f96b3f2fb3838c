"""A domain for a service that somebody else manages. The output form takes the ids of a project of this program."""

import pulumiverse_railway as railway

shop = railway.Project.get("shop", "2f3a9a57-9f0e-4d6c-9a6e-2d5f3f1f3c11")
api = railway.get_service_output(project_id=shop.id, environment_id=shop.environment_id, name="api")
address = railway.ServiceDomain(
    "api",
    project_id=shop.id,
    environment_id=shop.environment_id,
    service_id=api.service_id,
    target_port=8080,
)
