"""A service that others reach as db.railway.internal, whatever it is called in the dashboard."""

import pulumi

import pulumiverse_railway as railway

project = railway.Project("shop", name="shop-staging")
database = railway.Service("database", project_id=project.id, environment_id=project.environment_id, name="Postgres 18")
instance = railway.ServiceInstance(
    "database",
    project_id=project.id,
    environment_id=project.environment_id,
    service_id=database.service_id,
    image="ghcr.io/railwayapp-templates/postgres-ssl:18",
    variables={"POSTGRES_PASSWORD": pulumi.Config("shop").require_secret("databasePassword")},
    opts=pulumi.ResourceOptions(deleted_with=database),
)
endpoint = railway.PrivateNetworkEndpoint(
    "database",
    project_id=project.id,
    environment_id=project.environment_id,
    service_id=database.service_id,
    dns_name="db",
    # Railway makes the endpoint with the first deployment.
    opts=pulumi.ResourceOptions(depends_on=[instance], deleted_with=database),
)
pulumi.export("database", endpoint.host)
