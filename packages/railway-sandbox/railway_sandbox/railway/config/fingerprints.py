"""Services that a change of an environment touches: those that need a new deployment, and those that only scale.

A setting that is set to Railway's default counts as unchanged.
"""

from __future__ import annotations

import copy
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.railway.config.references import SHARED, referenced_by
from railway_sandbox.railway.config.view import DEFAULTS, service_config
from railway_sandbox.railway.records import Config, Environment, of_service, part

SCALING = ("multiRegionConfig", "numReplicas", "region")
"""Settings that Railway changes without a deployment."""


@dataclass
class Affected:
    """Services by id, in the order of their creation."""

    redeployed: list[str] = field(default_factory=list[str])
    scaled: list[str] = field(default_factory=list[str])


@contextmanager
def affected_by(cloud: RailwayCloud, environment: Environment) -> Generator[Affected]:
    """Compare the environment before and after the block, and then fill the result with the affected services."""
    before = _fingerprints(cloud, environment)
    affected = Affected()
    yield affected
    for service_id, (content, scale) in _fingerprints(cloud, environment).items():
        old_content, old_scale = before.get(service_id, (None, None))
        if content != old_content:
            affected.redeployed.append(service_id)
        elif scale != old_scale:
            affected.scaled.append(service_id)


def _fingerprints(cloud: RailwayCloud, environment: Environment) -> dict[str, tuple[Any, Any]]:
    fingerprints: dict[str, tuple[Any, Any]] = {}
    for instance in cloud.instances(environment.id):
        config = service_config(environment, instance.service_id)
        scale = part(config, "deploy").get("multiRegionConfig")
        fingerprints[instance.service_id] = (_content(cloud, environment, instance.service_id), copy.deepcopy(scale))
    return fingerprints


def _content(cloud: RailwayCloud, environment: Environment, service_id: str) -> Any:
    config = copy.deepcopy(service_config(environment, service_id))
    groups = {
        name: _differing(config.get(name) or {}, DEFAULTS.get(name, {})) for name in ("source", "build", "deploy")
    }
    shared: Config = environment.config.get("sharedVariables", {})
    used = {r.name: shared.get(r.name) for r in referenced_by(environment, service_id) if r.owner == SHARED}
    disks = of_service(cloud.state.volume_instances, environment.id, service_id)
    proxies = of_service(cloud.state.tcp_proxies, environment.id, service_id)
    mounts = [(disk.volume_id, disk.mount_path) for disk in disks]
    ports = [proxy.application_port for proxy in proxies]
    variables = {name: entry.get("value") for name, entry in config.get("variables", {}).items()}
    return [groups, variables, copy.deepcopy(used), sorted(mounts), sorted(ports)]


def _differing(settings: Config, defaults: Config) -> Config:
    return {
        name: value
        for name, value in settings.items()
        if name not in SCALING and value not in (None, False, 0) and value != defaults.get(name)
    }
