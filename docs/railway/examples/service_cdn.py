"""A shop whose pages Railway's CDN keeps for an hour, HTML as its headers say, before the first visitor comes."""

import pulumi

import pulumiverse_railway as railway

project = railway.Project("shop", name="shop-staging")
web = railway.Service("web", project_id=project.id, environment_id=project.environment_id, name="web")
address = railway.ServiceDomain(
    "web",
    project_id=project.id,
    environment_id=project.environment_id,
    service_id=web.service_id,
    target_port=8080,
    opts=pulumi.ResourceOptions(deleted_with=web),
)
railway.ServiceCdn(
    "web",
    project_id=project.id,
    environment_id=project.environment_id,
    service_id=web.service_id,
    default_ttl_seconds=3600,
    opts=pulumi.ResourceOptions(depends_on=[address], deleted_with=web),
)
pulumi.export("address", address.domain)
