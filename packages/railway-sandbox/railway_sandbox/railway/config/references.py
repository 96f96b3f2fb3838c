"""References between variables (``${{Service.NAME}}``, ``${{shared.NAME}}``, ``${{NAME}}``) and what they render to.

Owns the syntax, the values that Railway adds to every service, and rendering. Does not write anything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.railway.config.view import region_of, service_config
from railway_sandbox.railway.records import Config, Environment, Service, of_service, part

PATTERN = re.compile(r"\$\{\{\s*([^{}]+?)\s*\}\}")
SHARED = "shared"
_NOBODY = "\0"
"""Owner of a reference that leads nowhere: no service has this name."""


@dataclass(frozen=True)
class Reference:
    """One reference; ``owner`` is a service's name, ``shared``, or empty for the service's own."""

    owner: str
    name: str

    def __str__(self) -> str:
        return f"{self.owner}.{self.name}" if self.owner else self.name


def _parse(inside: str) -> Reference:
    owner, dot, name = inside.rpartition(".")
    if not dot:
        return Reference("", inside.strip())
    owner = owner.strip()
    if len(owner) > 1 and owner[0] == owner[-1] and owner[0] in "\"'":
        return Reference(owner[1:-1], name.strip())
    # A name with dots needs quotes: without them Railway fills in an empty string.
    return Reference(_NOBODY if "." in owner else owner, name.strip())


def references(text: str) -> set[Reference]:
    """Return every reference in the value of a variable."""
    return {_parse(inner) for inner in PATTERN.findall(text)}


def referenced_by(environment: Environment, service_id: str) -> set[Reference]:
    """Return every reference in the variables and commands of a service."""
    config = service_config(environment, service_id)
    variables: Config = config.get("variables", {})
    texts = [entry.get("value") or "" for entry in variables.values()]
    texts += [str(part(config, "deploy").get(name) or "") for name in ("startCommand", "preDeployCommand")]
    return {reference for text in texts for reference in references(text)}


def service_named(cloud: RailwayCloud, environment: Environment, name: str) -> Service | None:
    """Return the service of that name (upper and lower case differ) that has an instance in the environment."""
    for instance in cloud.instances(environment.id):
        service = cloud.state.services[instance.service_id]
        if service.name == name:
            return service
    return None


def rendered(cloud: RailwayCloud, environment: Environment, service_id: str) -> dict[str, str]:
    """Return the variables of a service as its container sees them: its own, sealed too, and Railway's."""
    names = [*service_config(environment, service_id).get("variables", {}), *_added(cloud, environment, service_id)]
    return {name: _value(cloud, environment, service_id, name, frozenset()) for name in names}


def _value(
    cloud: RailwayCloud, environment: Environment, service_id: str | None, name: str, visited: frozenset[Any]
) -> str:
    if (service_id, name) in visited:
        return ""  # a circle of references has no value
    if service_id is None:
        own: Config = environment.config.get("sharedVariables", {})
    else:
        own = service_config(environment, service_id).get("variables", {})
    if name not in own:
        return "" if service_id is None else _added(cloud, environment, service_id).get(name, "")

    def replace(match: re.Match[str]) -> str:
        reference = _parse(match[1])
        inner = visited | {(service_id, name)}
        if reference.owner == SHARED:
            return _value(cloud, environment, None, reference.name, inner)
        if not reference.owner:
            return _value(cloud, environment, service_id, reference.name, inner)
        service = service_named(cloud, environment, reference.owner)
        return _value(cloud, environment, service.id, reference.name, inner) if service else ""

    return PATTERN.sub(replace, own[name].get("value") or "")


def _added(cloud: RailwayCloud, environment: Environment, service_id: str) -> dict[str, str]:
    """Return what Railway itself adds to the variables of a service."""
    state = cloud.state
    project = state.projects[environment.project_id]
    service = state.services[service_id]
    instance, here = cloud.find_instance(environment.id, service_id), (environment.id, service_id)
    chosen = state.endpoint_names.get(instance.id) if instance else None
    added = {
        "RAILWAY_PRIVATE_DOMAIN": f"{chosen.dns_name if chosen else service.dns_label}.railway.internal",
        "RAILWAY_PROJECT_NAME": project.name,
        "RAILWAY_PROJECT_ID": project.id,
        "RAILWAY_ENVIRONMENT_NAME": environment.name,
        "RAILWAY_ENVIRONMENT_ID": environment.id,
        "RAILWAY_SERVICE_NAME": service.name,
        "RAILWAY_SERVICE_ID": service.id,
        "RAILWAY_REPLICA_REGION": region_of(cloud, environment, service_id),
    }
    # Which of several custom domains Railway takes is not documented: here it does not depend on which came first.
    own = sorted(of_service(state.custom_domains, *here), key=lambda domain: domain.domain)
    for domain in [*of_service(state.service_domains, *here), *own]:
        added["RAILWAY_PUBLIC_DOMAIN"] = domain.domain
    for proxy in of_service(state.tcp_proxies, *here):
        added["RAILWAY_TCP_PROXY_DOMAIN"] = proxy.domain
        added["RAILWAY_TCP_PROXY_PORT"] = str(proxy.proxy_port)
        added["RAILWAY_TCP_APPLICATION_PORT"] = str(proxy.application_port)
    for disk in of_service(state.volume_instances, *here):
        added["RAILWAY_VOLUME_NAME"] = state.volumes[disk.volume_id].name
        added["RAILWAY_VOLUME_MOUNT_PATH"] = disk.mount_path
    return added
