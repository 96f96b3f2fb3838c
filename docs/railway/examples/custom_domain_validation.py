"""Waits until a domain behind Cloudflare's proxy works. What needs the domain depends on this."""

import pulumi
import pulumi_cloudflare as cloudflare

import pulumiverse_railway as railway

ZONE_ID = "0123456789abcdef0123456789abcdef"

project = railway.Project("shop", name="shop-staging")
api = railway.Service("api", project_id=project.id, environment_id=project.environment_id, name="api")
domain = railway.CustomDomain(
    "api",
    project_id=project.id,
    environment_id=project.environment_id,
    service_id=api.service_id,
    domain="api.example.com",
)
records = [
    cloudflare.DnsRecord(
        "api-cname",
        zone_id=ZONE_ID,
        type="CNAME",
        name=domain.cname_host,
        content=domain.cname_target,
        ttl=1,
        proxied=True,
    ),
    cloudflare.DnsRecord(
        "api-txt",
        zone_id=ZONE_ID,
        type="TXT",
        name=domain.verification_host,
        content=pulumi.Output.format('"{}"', domain.verification_value),
        ttl=1,
    ),
]
railway.CustomDomainValidation(
    "api",
    project_id=project.id,
    environment_id=project.environment_id,
    service_id=api.service_id,
    domain=domain.domain,
    proxied=True,
    opts=pulumi.ResourceOptions(depends_on=records, deleted_with=domain),
)
