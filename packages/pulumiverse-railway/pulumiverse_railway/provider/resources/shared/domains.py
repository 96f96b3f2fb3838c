"""The common part of the domain resources: reading Railway's answer about a custom domain, and deleting a domain.

Owns how Railway's list of DNS records becomes the few values that a DNS provider needs. Does not talk to any DNS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from railway_api.documents.domain import DOMAINS
from railway_api.environment import Environment

if TYPE_CHECKING:
    from railway_api.answers import AllDomains, DNSRecords, ServiceDomain
    from railway_api.answers import CustomDomain as Domain


TRAFFIC: Final = "DNS_RECORD_PURPOSE_TRAFFIC_ROUTE"
ACME: Final = "DNS_RECORD_PURPOSE_ACME_DNS01_CHALLENGE"
TOKEN_PREFIX: Final = "railway-verify="
ID_PARTS: Final = ("project id", "environment id", "service id", "domain")


async def _domains(environment: Environment, service_id: str) -> AllDomains:
    return await environment.ask(
        DOMAINS, projectId=environment.project_id, environmentId=environment.environment_id, serviceId=service_id
    )


async def service_domains(environment: Environment, service_id: str) -> list[ServiceDomain]:
    """Return the living domains of a service that are Railway's own, as they are at this moment."""
    every = (await _domains(environment, service_id))["serviceDomains"]
    return [domain for domain in every if not domain["deletedAt"]]


async def custom_domain(environment: Environment, service_id: str, name: str) -> Domain | None:
    """Return one custom domain with its DNS status."""
    return _named(await _domains(environment, service_id), name)


async def next_look(environment: Environment, service_id: str, name: str) -> Domain | None:
    """Return one custom domain with its status, at the next look that all share who wait in the environment."""
    while True:
        progress = await environment.poller.next(domains_of=service_id)
        domains = progress.domains.get(service_id)
        if isinstance(domains, BaseException):
            raise domains
        if domains is not None:
            return _named(domains, name)


def _named(domains: AllDomains, name: str) -> Domain | None:
    every = domains["customDomains"]
    return next((domain for domain in every if domain["domain"] == name and not domain["deletedAt"]), None)


def record(domain: Domain, purpose: str) -> DNSRecords | None:
    """Return the DNS record of a purpose; Railway lists them in no order."""
    records = domain["status"]["dnsRecords"]
    return next((each for each in records if each["purpose"] == purpose and each["requiredValue"]), None)


def fully_qualified(host: str, zone: str) -> str:
    """Return a host relative to its zone as a full name; Railway gives some the one way and some the other."""
    host, zone = host.rstrip("."), zone.rstrip(".")
    return host if not zone or host == zone or host.endswith(f".{zone}") else f"{host}.{zone}" if host else zone


def verification(domain: Domain) -> tuple[str, str] | None:
    """Return name and value of the TXT record that proves ownership; None while Railway has not made it."""
    status, route = domain["status"], record(domain, TRAFFIC)
    host, token = status["verificationDnsHost"], status["verificationToken"]
    if not host or not token or route is None:
        return None
    value = token if token.startswith(TOKEN_PREFIX) else f"{TOKEN_PREFIX}{token}"
    return fully_qualified(host, route["zone"]), value
