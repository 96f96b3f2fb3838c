"""The configuration of an environment, as Railway answers it.

Adds mounts, domains and proxies from their records, leaves out defaults (``false``, 0) and hides secrets: variable
values unless they are asked for, sealed values and registry credentials always.
"""

from __future__ import annotations

import copy
import hashlib
import json
from typing import Any, cast

from railway_sandbox.railway.cloud import DEFAULT_REGION, LINGERING_S, RailwayCloud
from railway_sandbox.railway.records import Config, Environment, of_service, part

MASK = "*****"

DEFAULTS: dict[str, dict[str, Any]] = {
    "source": {"branch": "main", "checkSuites": False},
    "build": {
        "builder": "RAILPACK",
        "buildEnvironment": "V3",
        "buildCommand": "",
        "dockerfilePath": "Dockerfile",
        "watchPatterns": [],
    },
    "deploy": {
        "restartPolicyType": "ON_FAILURE",
        "restartPolicyMaxRetries": 10,
        "ipv6EgressEnabled": False,
        "runtime": "V2",
        "useLegacyStacker": False,
    },
}
"""Railway's default of each setting, which it leaves out of the configuration."""

ALWAYS_SHOWN = ("ipv6EgressEnabled", "runtime", "useLegacyStacker")
"""Settings of the deployment that Railway shows whatever they are."""


def service_config(environment: Environment, service_id: str) -> Config:
    """Return the stored settings of a service; an empty object for one without."""
    return environment.services.get(service_id, {})


def setting(config: Config, group: str, name: str) -> Any:
    """Return what a setting is, with Railway's default where it is not set."""
    value = part(config, group).get(name)
    return DEFAULTS.get(group, {}).get(name) if value is None else value


def default_region(cloud: RailwayCloud, environment: Environment) -> str:
    """Return the region of services of this environment whose settings name none."""
    project = cloud.state.projects[environment.project_id]
    workspace = cloud.state.workspaces.get(project.workspace_id or "")
    return (workspace and workspace.preferred_region) or DEFAULT_REGION


def region_of(cloud: RailwayCloud, environment: Environment, service_id: str) -> str:
    """Return the region in which a service runs, the first where it runs in several."""
    placed = part(part(service_config(environment, service_id), "deploy"), "multiRegionConfig")
    return next(iter(placed), default_region(cloud, environment))


def view(cloud: RailwayCloud, environment: Environment, *, decrypt: bool) -> Config:
    """Return the whole config of an environment; variable values only with ``decrypt``."""
    services = {
        instance.service_id: _service(cloud, environment, instance.service_id, decrypt=decrypt)
        for instance in cloud.instances(environment.id)
    }
    for instance in cloud.state.instances.values():
        recently = instance.deleted_at is not None and cloud.now() < instance.deleted_at + LINGERING_S
        if instance.environment_id == environment.id and recently and instance.service_id not in services:
            services[instance.service_id] = {"isDeleted": True}
    shared = _variables(environment.config.get("sharedVariables", {}), decrypt=decrypt)
    volumes = _volumes(cloud, environment)
    groups: Config = {
        "services": services,
        "sharedVariables": shared,
        "volumes": volumes,
        "buckets": _buckets(cloud, environment),
    }
    filled = {key: value for key, value in groups.items() if value}
    return {
        **filled,
        "groups": part(environment.config, "groups"),
        "privateNetworkDisabled": bool(environment.config.get("privateNetworkDisabled")),
    }


def etag(cloud: RailwayCloud, environment: Environment) -> str:
    """Return a string that changes exactly when the configuration does."""
    text = json.dumps([view(cloud, environment, decrypt=True), _secrets(environment)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _secrets(environment: Environment) -> list[Any]:
    # What the view hides also counts as a change when it changes.
    services = environment.services.values()
    return [[service.get("variables"), service.get("deploy", {}).get("registryCredentials")] for service in services]


def _service(cloud: RailwayCloud, environment: Environment, service_id: str, *, decrypt: bool) -> Config:
    config: Config = copy.deepcopy(service_config(environment, service_id))
    for group, defaults in DEFAULTS.items():
        config[group] = {k: v for k, v in part(config, group).items() if _worth_showing(v) and v != defaults.get(k)}
    deploy = config["deploy"]
    for name in ALWAYS_SHOWN:
        deploy[name] = setting(config, "deploy", name)
    if deploy.get("registryCredentials"):
        deploy["registryCredentials"] = {"username": MASK, "password": MASK}
    config["variables"] = _variables(config.get("variables", {}), decrypt=decrypt)
    config["networking"] = _networking(cloud, environment, service_id)
    if mounts := _mounts(cloud, environment, service_id):
        config["volumeMounts"] = mounts
    return {key: value for key, value in config.items() if _worth_showing(value)}


def _worth_showing(value: Any) -> bool:
    return value is not None and value is not False and not (value == 0 and not isinstance(value, str))


def _variables(variables: Config, *, decrypt: bool) -> Config:
    entries: Config = {}
    for name, variable in variables.items():
        entry = cast("Config", {k: v for k, v in variable.items() if v not in (None, False)})
        if not decrypt or variable.get("isSealed"):
            entry["value"] = None
        entries[name] = entry
    return entries


def _networking(cloud: RailwayCloud, environment: Environment, service_id: str) -> Config:
    state, here = cloud.state, (environment.id, service_id)
    networking: Config = {
        "serviceDomains": {d.domain: _port(d.target_port) for d in of_service(state.service_domains, *here)},
        "customDomains": {d.domain: _port(d.target_port) for d in of_service(state.custom_domains, *here)},
        "tcpProxies": {str(p.application_port): Config() for p in of_service(state.tcp_proxies, *here)},
    }
    return {key: value for key, value in networking.items() if value}


def _port(target_port: int | None) -> Config:
    return {} if target_port is None else {"port": target_port}


def _mounts(cloud: RailwayCloud, environment: Environment, service_id: str) -> Config:
    mounts: Config = {}
    for disk in of_service(cloud.state.volume_instances, environment.id, service_id):
        mounts[disk.volume_id] = {"mountPath": disk.mount_path}
        if disk.backup_schedules:
            mounts[disk.volume_id]["backupSchedules"] = sorted(disk.backup_schedules)
    return mounts


def _buckets(cloud: RailwayCloud, environment: Environment) -> Config:
    buckets: Config = {}
    for store in cloud.state.bucket_instances.values():
        if store.environment_id == environment.id:
            buckets[store.bucket_id] = {"region": store.region} if store.deleted_at is None else {"isDeleted": True}
    return buckets


def _volumes(cloud: RailwayCloud, environment: Environment) -> Config:
    volumes: Config = {}
    for disk in cloud.state.volume_instances.values():
        if disk.environment_id == environment.id:
            region = {"region": disk.region} if disk.region else {}
            alerts: Config = {"usage": {str(each): {} for each in disk.usage_alerts}} if disk.usage_alerts else {}
            entry: Config = {"sizeMB": disk.size_mb, **region, "alerts": alerts, "allowOnlineResize": False}
            volumes[disk.volume_id] = entry if disk.deleted_at is None else {"isDeleted": True}
    return volumes
