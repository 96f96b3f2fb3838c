"""A public domain: the Railway custom domain, its DNS records at Cloudflare, and the proof that it works.

Owns the whole road from a name to a valid certificate. Railway's own answer tells which records it wants, so
nothing is copied by hand. Does not own the zone.
"""

from __future__ import annotations

import pulumi

import pulumiverse_railway as railway
from components.arguments import Arguments, Hostname, Port
from components.packages import cloudflare
from components.project import Project
from components.zone import AUTOMATIC_TTL, Zone


class DomainSettings(Arguments):
    """Settings of a public domain."""

    hostname: Hostname
    """The full name, ``backend.example.com``, the name of the zone itself, or a wildcard ``*.example.com``."""
    proxied: bool = False
    """Whether Cloudflare's proxy (CDN and DDoS protection) stands in front of Railway."""
    port: Port | None = None
    """Port of the service to which it leads. Default: the service's port."""


class Domain(pulumi.ComponentResource):
    """A name that leads to one service, with its records and certificate."""

    hostname: str
    """The full name."""
    url: str
    """Its address, ``https://…``."""
    target: pulumi.Output[str]
    """Where the CNAME points: the name that Railway gave."""
    custom_domain: railway.CustomDomain
    """Railway's side of it, before its records exist."""

    def __init__(
        self,
        name: str,
        args: DomainSettings,
        *,
        project: Project,
        service: railway.Service,
        zone: Zone,
        port: int | None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("railyard:components:Domain", name, None, opts)
        mine, zone_id = pulumi.ResourceOptions(parent=self), zone.zone_id
        self.hostname = args.hostname
        self.url = f"https://{args.hostname}"
        custom = railway.CustomDomain(
            f"{name}-domain",
            project_id=project.project_id,
            environment_id=project.environment_id,
            service_id=service.service_id,
            domain=args.hostname,
            target_port=port,
            opts=pulumi.ResourceOptions(parent=self, deleted_with=service),
        )
        # Visitors of a name that becomes proxied must not meet another SSL mode for a moment.
        after = pulumi.ResourceOptions(parent=self, depends_on=list(zone.settings) if args.proxied else None)
        records: list[pulumi.Resource] = [
            _record(f"{name}-cname", "CNAME", zone_id, args.hostname, custom.cname_target, after, proxied=args.proxied),
            _record(
                f"{name}-txt",
                "TXT",
                zone_id,
                custom.verification_host,
                custom.verification_value.apply(lambda value: f'"{value}"'),
                mine,
            ),
        ]
        if args.hostname.startswith("*."):
            # Never proxied: Let's Encrypt reads this record itself.
            host, target = (output.apply(str) for output in (custom.acme_host, custom.acme_target))
            records.append(_record(f"{name}-acme", "CNAME", zone_id, host, target, mine))
        railway.CustomDomainValidation(
            f"{name}-validation",
            project_id=project.project_id,
            environment_id=project.environment_id,
            service_id=service.service_id,
            domain=custom.domain,
            proxied=args.proxied,
            opts=pulumi.ResourceOptions(parent=self, depends_on=records, deleted_with=custom),
        )
        self.custom_domain = custom
        self.target = custom.cname_target
        self.register_outputs({"hostname": self.hostname, "url": self.url, "target": self.target})


def _record(
    name: str,
    type: str,
    zone_id: pulumi.Input[str],
    host: pulumi.Input[str],
    content: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
    *,
    proxied: bool = False,
) -> cloudflare.DnsRecord:
    return cloudflare.DnsRecord(
        name, zone_id=zone_id, type=type, name=host, content=content, ttl=AUTOMATIC_TTL, proxied=proxied, opts=opts
    )
