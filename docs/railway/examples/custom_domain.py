"""A domain of one's own: Railway says which two records it wants, and Cloudflare gets them in the same run."""

import pulumi
import pulumi_cloudflare as cloudflare

import pulumiverse_railway as railway

ZONE_ID = "0123456789abcdef0123456789abcdef"
AUTOMATIC = 1

project = railway.Project("shop", name="shop-staging")
api = railway.Service("api", project_id=project.id, environment_id=project.environment_id, name="api")
domain = railway.CustomDomain(
    "api",
    project_id=project.id,
    environment_id=project.environment_id,
    service_id=api.service_id,
    domain="api.example.com",
    target_port=8080,
    opts=pulumi.ResourceOptions(deleted_with=api),
)
cloudflare.DnsRecord(
    "api-cname",
    zone_id=ZONE_ID,
    type="CNAME",
    name=domain.cname_host,
    content=domain.cname_target,
    ttl=AUTOMATIC,
    proxied=True,
)
cloudflare.DnsRecord(
    "api-txt",
    zone_id=ZONE_ID,
    type="TXT",
    name=domain.verification_host,
    content=pulumi.Output.format('"{}"', domain.verification_value),
    ttl=AUTOMATIC,
)
