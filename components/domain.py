"""A public domain: the Railway custom domain, its DNS records at Cloudflare, and the proof that it works.

Owns the whole road from a name to a valid certificate. Railway's own answer tells which records it wants, so
nothing is copied by hand. Does not own the zone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import pulumi

import pulumiverse_railway as railway
from components.arguments import Arguments, Decides, Hostname, Port
from components.checking import checked
from components.existing import ExistingProject, ExistingZone, ServiceReference, resource_of, service_id_of
from components.inputs import DomainInputs
from components.packages import cloudflare
from components.project import Project
from components.wiring import wired
from components.zone import AUTOMATIC_TTL, Zone, holding


class DomainSettings(Arguments):
    """Settings of a public domain."""

    hostname: Annotated[Hostname, Decides("which records there are")]
    """The full name, ``backend.example.com``, the name of the zone itself, or a wildcard ``*.example.com``."""
    proxied: Annotated[bool, Decides("which settings of its zone are changed before")] = False
    """True if Cloudflare's proxy (CDN and DDoS protection) stands in front of Railway."""
    port: Port | None = None
    """Port of the service to which it leads. Default: the service's port."""


@dataclass(frozen=True, kw_only=True)
class DomainArgs(DomainInputs):
    """Arguments of a domain: its settings, where it leads, and who holds its records."""

    project: Project | ExistingProject
    """Project of the service."""
    service: ServiceReference
    """The service to which it leads: its resource, or Railway's id of it."""
    zone: Zone | ExistingZone
    """The Cloudflare zone that holds it."""


class Domain(pulumi.ComponentResource):
    """A name that leads to one service, with its records and certificate."""

    hostname: str
    """The full name."""
    url: str
    """Its address, ``https://…``."""
    target: pulumi.Output[str]
    """Target of the CNAME record: the name that Railway gave."""
    custom_domain: railway.CustomDomain
    """Railway's side of it, before its records exist."""

    def __init__(self, name: str, args: DomainArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        args = checked(name, wired(name, args, DomainArgs), DomainSettings).args
        holding([args.zone], args.hostname)
        super().__init__("railyard:components:Domain", name, None, opts)
        project, service = args.project, resource_of(args.service)
        self.hostname = args.hostname
        self.url = f"https://{args.hostname}"
        custom = railway.CustomDomain(
            f"{name}-domain",
            project_id=project.project_id,
            environment_id=project.environment_id,
            service_id=service_id_of(args.service),
            domain=args.hostname,
            target_port=args.port,
            opts=pulumi.ResourceOptions(parent=self, deleted_with=service),
        )
        records = self._records(name, args, custom)
        railway.CustomDomainValidation(
            f"{name}-validation",
            project_id=project.project_id,
            environment_id=project.environment_id,
            service_id=service_id_of(args.service),
            domain=custom.domain,
            proxied=args.proxied,
            opts=pulumi.ResourceOptions(parent=self, depends_on=records, deleted_with=custom),
        )
        self.custom_domain = custom
        self.target = custom.cname_target
        self.register_outputs({"hostname": self.hostname, "url": self.url, "target": self.target})

    def _records(self, name: str, args: DomainArgs, custom: railway.CustomDomain) -> list[pulumi.Resource]:
        options, zone_id = pulumi.ResourceOptions(parent=self), args.zone.zone_id
        # Visitors of a name that becomes proxied must not meet another SSL mode for a moment.
        after = pulumi.ResourceOptions(parent=self, depends_on=list(args.zone.settings) if args.proxied else None)
        quoted = custom.verification_value.apply(lambda value: f'"{value}"')
        records: list[pulumi.Resource] = [
            _record(f"{name}-cname", "CNAME", zone_id, args.hostname, custom.cname_target, after, proxied=args.proxied),
            _record(f"{name}-txt", "TXT", zone_id, custom.verification_host, quoted, options),
        ]
        if args.hostname.startswith("*."):
            # Never proxied: Let's Encrypt reads this record itself.
            host, target = (output.apply(str) for output in (custom.acme_host, custom.acme_target))
            records.append(_record(f"{name}-acme", "CNAME", zone_id, host, target, options))
        return records


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
