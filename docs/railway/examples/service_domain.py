"""An address of Railway's own, without any DNS record: good for staging and for callbacks."""

import pulumi

import pulumiverse_railway as railway

project = railway.Project("shop", name="shop-staging")
api = railway.Service("api", project_id=project.id, environment_id=project.environment_id, name="api")
address = railway.ServiceDomain(
    "api",
    project_id=project.id,
    environment_id=project.environment_id,
    service_id=api.service_id,
    target_port=8080,
    opts=pulumi.ResourceOptions(deleted_with=api),
)
pulumi.export("address", pulumi.Output.concat("https://", address.domain))
