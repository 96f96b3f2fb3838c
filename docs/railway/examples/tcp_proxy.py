"""A database that tools outside of Railway reach, too. The port is there before the service runs: one deployment."""

import pulumi

import pulumiverse_railway as railway

project = railway.Project("shop", name="shop-staging")
database = railway.Service("database", project_id=project.id, environment_id=project.environment_id, name="database")
proxy = railway.TcpProxy(
    "database",
    project_id=project.id,
    environment_id=project.environment_id,
    service_id=database.service_id,
    application_port=5432,
    opts=pulumi.ResourceOptions(deleted_with=database),
)
instance = railway.ServiceInstance(
    "database",
    project_id=project.id,
    environment_id=project.environment_id,
    service_id=database.service_id,
    image="ghcr.io/railwayapp-templates/postgres-ssl:18",
    variables={"POSTGRES_PASSWORD": pulumi.Config("shop").require_secret("databasePassword")},
    opts=pulumi.ResourceOptions(depends_on=[proxy], deleted_with=database),
)
pulumi.export("database", pulumi.Output.format("{0}:{1}", proxy.domain, proxy.proxy_port))
