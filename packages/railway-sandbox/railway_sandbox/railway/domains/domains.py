"""Domains: those that Railway generates and those of the user.

Owns their creation and deletion. DNS, verification and certificates of custom domains stand in ``certificates``.
"""

from __future__ import annotations

import re
from typing import Any

from railway_sandbox.identifiers import short_of
from railway_sandbox.railway.access import Arguments, Caller, FieldResolvers, Operations
from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.railway.deployments import instances
from railway_sandbox.railway.environments import config_patch
from railway_sandbox.railway.errors import Refused, domain_failed, invalid, not_found, upgrade
from railway_sandbox.railway.records import (
    CustomDomain,
    Environment,
    Service,
    ServiceDomain,
    ServiceInstance,
    of_service,
)
from railway_sandbox.railway.services.services import LONGEST_LABEL, is_label, label_of

SUFFIX = "up.railway.app"
SYNCING_S = 2.0
HOST = re.compile(r"(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")


def _target(caller: Caller, inputs: Arguments, kind: str) -> tuple[Environment, Service]:
    """Return where a new domain leads; refused while Railway is not ready for it."""
    environment, service = caller.environment_and_service(inputs)
    ready = instances.ready(caller.cloud, caller.cloud.find_instance(environment.id, service.id))
    if not ready or config_patch.applying(caller.cloud, environment.id):
        raise domain_failed(kind)
    _check_port(inputs)
    return environment, service


def _check_port(inputs: Arguments) -> None:
    port = inputs.get("targetPort")
    if port is not None and not 0 < port < 65_536:
        raise invalid("targetPort")


def customs(cloud: RailwayCloud) -> list[CustomDomain]:
    """Return the custom domains that exist."""
    return [domain for domain in cloud.state.custom_domains.values() if domain.deleted_at is None]


def generated(cloud: RailwayCloud) -> list[ServiceDomain]:
    """Return the generated domains that exist."""
    return [domain for domain in cloud.state.service_domains.values() if domain.deleted_at is None]


def _unavailable(cloud: RailwayCloud, name: str) -> str | None:
    """Return why a name cannot become a custom domain; None for one that can."""
    if not HOST.fullmatch(name) or name.endswith((".railway.app", ".railway.internal")):
        return f"{name} is not a valid domain"
    if any(domain.domain == name for domain in customs(cloud)):
        return f"{name} is not available: it is already in use"
    return None


def _create_custom(caller: Caller, arguments: Arguments) -> CustomDomain:
    inputs = arguments["input"]
    cloud, now = caller.cloud, caller.now
    environment, service = _target(caller, inputs, "custom")
    name = inputs["domain"].lower()
    if reason := _unavailable(cloud, name):
        raise Refused(reason)
    own = of_service(cloud.state.custom_domains, environment.id, service.id)
    counted = customs(cloud) if cloud.state.plan in ("free", "trial") else own
    limit = cloud.plan.max_custom_domains_per_service
    if limit is not None and len(counted) >= limit:
        raise upgrade(f"Your plan is limited to {limit} custom domains.")
    new_id = cloud.new_id()
    token = short_of(f"{new_id}/token", 32)
    domain = CustomDomain(
        id=new_id,
        domain=name,
        project_id=environment.project_id,
        environment_id=environment.id,
        service_id=service.id,
        created_at=now,
        updated_at=now,
        cname_target=f"{short_of(new_id)}.{SUFFIX}",
        acme_target=f"{short_of(new_id)}.authorize.railwaydns.net",
        # Both forms have been seen, so a reader has to take both.
        token=f"railway-verify={token}" if int(token[0], 16) % 2 else token,
        target_port=inputs.get("targetPort"),
    )
    cloud.state.custom_domains[new_id] = domain
    return domain


def _custom(caller: Caller, id: str, *, live: bool = True) -> CustomDomain:
    domain = caller.cloud.state.custom_domains.get(id)
    if domain is None or (live and domain.deleted_at is not None):
        raise not_found("CustomDomain")
    caller.environment(domain.environment_id, live=False)
    return domain


def _read_custom(caller: Caller, arguments: Arguments) -> CustomDomain:
    domain = _custom(caller, arguments["id"])
    if domain.project_id != arguments["projectId"]:
        raise not_found("CustomDomain")
    return domain


def _update_custom(caller: Caller, arguments: Arguments) -> bool:
    domain = _custom(caller, arguments["id"])
    if domain.environment_id != arguments["environmentId"]:
        raise not_found("CustomDomain")
    _check_port(arguments)
    domain.target_port = arguments.get("targetPort")
    domain.updated_at = caller.now
    return True


def _delete_custom(caller: Caller, arguments: Arguments) -> bool:
    _custom(caller, arguments["id"]).deleted_at = caller.now
    return True


def _available(caller: Caller, arguments: Arguments) -> dict[str, Any]:
    reason = _unavailable(caller.cloud, arguments["domain"].lower())
    return {"available": reason is None, "message": reason or "Domain is available"}


def _create_service_domain(caller: Caller, arguments: Arguments) -> ServiceDomain:
    inputs = arguments["input"]
    cloud, now = caller.cloud, caller.now
    environment, service = _target(caller, inputs, "service")
    if of_service(cloud.state.service_domains, environment.id, service.id):
        raise Refused("Service already has a generated domain")
    new_id = cloud.new_id()
    label = f"{label_of(service.name)}-{label_of(environment.name)}-{short_of(new_id, 4)}"
    if len(label) > LONGEST_LABEL:
        raise domain_failed("service")
    domain = ServiceDomain(
        id=new_id,
        domain=f"{label}.{SUFFIX}",
        project_id=environment.project_id,
        environment_id=environment.id,
        service_id=service.id,
        created_at=now,
        updated_at=now,
        target_port=inputs.get("targetPort"),
    )
    cloud.state.service_domains[new_id] = domain
    return domain


def _service_domain(caller: Caller, id: str) -> ServiceDomain:
    domain = caller.cloud.state.service_domains.get(id)
    if domain is None or domain.deleted_at is not None:
        raise not_found("ServiceDomain")
    caller.environment(domain.environment_id)
    return domain


def _service_domain_free(cloud: RailwayCloud, name: str) -> bool:
    label = name.removesuffix(f".{SUFFIX}")
    return label != name and is_label(label) and all(d.domain != name for d in generated(cloud))


def _update_service_domain(caller: Caller, arguments: Arguments) -> bool:
    inputs = arguments["input"]
    domain = _service_domain(caller, inputs["serviceDomainId"])
    if (domain.environment_id, domain.service_id) != (inputs["environmentId"], inputs["serviceId"]):
        raise not_found("ServiceDomain")
    _check_port(inputs)
    name = inputs["domain"].lower()
    if name != domain.domain:
        if not _service_domain_free(caller.cloud, name):
            raise Refused(f"{name} is not available")
        domain.domain = name
    domain.target_port = inputs.get("targetPort", domain.target_port)
    domain.updated_at = caller.now
    return True


def _delete_service_domain(caller: Caller, arguments: Arguments) -> bool:
    _service_domain(caller, arguments["id"]).deleted_at = caller.now
    return True


def _service_domain_available(caller: Caller, arguments: Arguments) -> dict[str, Any]:
    free = _service_domain_free(caller.cloud, arguments["domain"].lower())
    return {"available": free, "message": "Domain is available" if free else "Domain is not available"}


def _all(cloud: RailwayCloud, environment_id: str, service_id: str) -> dict[str, Any]:
    return {
        "customDomains": of_service(cloud.state.custom_domains, environment_id, service_id),
        "serviceDomains": of_service(cloud.state.service_domains, environment_id, service_id),
    }


def _domains(caller: Caller, arguments: Arguments) -> dict[str, Any]:
    environment, service = caller.environment_and_service(arguments)
    return _all(caller.cloud, environment.id, service.id)


def _of_instance(caller: Caller, instance: ServiceInstance, _arguments: Arguments) -> dict[str, Any]:
    return _all(caller.cloud, instance.environment_id, instance.service_id)


def _sync_status(caller: Caller, domain: CustomDomain | ServiceDomain, _arguments: Arguments) -> str:
    if domain.deleted_at is not None:
        return "DELETED"
    if caller.now < domain.created_at + SYNCING_S:
        return "CREATING"
    return "UPDATING" if caller.now < domain.updated_at + SYNCING_S else "ACTIVE"


QUERIES: Operations = {
    "customDomain": _read_custom,
    "customDomainAvailable": _available,
    "serviceDomainAvailable": _service_domain_available,
    "domains": _domains,
}
MUTATIONS: Operations = {
    "customDomainCreate": _create_custom,
    "customDomainUpdate": _update_custom,
    "customDomainDelete": _delete_custom,
    "serviceDomainCreate": _create_service_domain,
    "serviceDomainUpdate": _update_service_domain,
    "serviceDomainDelete": _delete_service_domain,
}
FIELDS: FieldResolvers = {
    "CustomDomain.isRailwayDomain": lambda _caller, _domain, _arguments: False,
    "CustomDomain.syncStatus": _sync_status,
    "ServiceDomain.newDomainName": lambda _caller, _domain, _arguments: None,
    "ServiceDomain.newHostLabel": lambda _caller, _domain, _arguments: None,
    "ServiceDomain.suffix": lambda _caller, _domain, _arguments: SUFFIX,
    "ServiceDomain.syncStatus": _sync_status,
    "ServiceInstance.domains": _of_instance,
}
