"""What the domain resources share: reading Railway's answer about a custom domain, and deleting a domain.

Owns how Railway's list of DNS records becomes the few values that a DNS provider needs. Does not talk to any DNS.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from railway_api.documents.domain import DOMAINS
from railway_api.environment import Environment

TRAFFIC: Final = "DNS_RECORD_PURPOSE_TRAFFIC_ROUTE"
ACME: Final = "DNS_RECORD_PURPOSE_ACME_DNS01_CHALLENGE"
TOKEN_PREFIX: Final = "railway-verify="
ID_PARTS: Final = ("project id", "environment id", "service id", "domain")

Domain = Mapping[str, Any]


async def domains_of(environment: Environment, service_id: str, kind: str) -> Sequence[Domain]:
    """Living ``customDomains`` or ``serviceDomains`` of a service, custom ones with their DNS status."""
    found = await environment.ask(
        DOMAINS, projectId=environment.project_id, environmentId=environment.environment_id, serviceId=service_id
    )
    return [domain for domain in found[kind] if not domain["deletedAt"]]


async def custom_domain(environment: Environment, service_id: str, name: str) -> Domain | None:
    """One custom domain with its DNS status."""
    every = await domains_of(environment, service_id, "customDomains")
    return next((found for found in every if found["domain"] == name), None)


async def next_look(environment: Environment, service_id: str, name: str) -> Domain | None:
    """One custom domain with its DNS status at the next look that everybody shares who waits in the environment."""
    while True:
        progress = await environment.poller.next(domains_of=service_id)
        found = progress.domains.get(service_id)
        if isinstance(found, BaseException):
            raise found
        if found is not None:
            every = cast("Sequence[Domain]", found["customDomains"])
            return next((each for each in every if each["domain"] == name and not each["deletedAt"]), None)


def record(domain: Domain, purpose: str) -> Mapping[str, Any] | None:
    """The DNS record of a purpose; Railway lists them in no order."""
    records = cast("Sequence[Mapping[str, Any]]", domain["status"]["dnsRecords"])
    return next((found for found in records if found["purpose"] == purpose and found["requiredValue"]), None)


def fully_qualified(host: str, zone: str) -> str:
    """A host relative to its zone as a full name; Railway gives some the one way and some the other."""
    host, zone = host.rstrip("."), zone.rstrip(".")
    return host if not zone or host == zone or host.endswith(f".{zone}") else f"{host}.{zone}" if host else zone


def verification(domain: Domain) -> tuple[str, str] | None:
    """Name and value of the TXT record that proves ownership; None while Railway has not made it."""
    status, route = domain["status"], record(domain, TRAFFIC)
    host, token = status["verificationDnsHost"], status["verificationToken"]
    if not host or not token or route is None:
        return None
    value = token if token.startswith(TOKEN_PREFIX) else f"{TOKEN_PREFIX}{token}"
    return fully_qualified(host, route["zone"]), value
