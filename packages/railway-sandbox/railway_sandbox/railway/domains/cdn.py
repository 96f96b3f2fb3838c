"""The cache of Railway's edge before the public domains of a service.

Owns whether it is on and how it caches. Nothing is cached here. What is not in Railway's own words is as others have
seen it: ``mode`` is what counts, enabling leaves it as it was, disabling answers true and changes nothing.
"""

from __future__ import annotations

from typing import Any

from railway_sandbox.railway.access import Arguments, Caller, FieldResolvers, Operations
from railway_sandbox.railway.domains.domains import SYNCING_S
from railway_sandbox.railway.errors import Refused, invalid
from railway_sandbox.railway.records import EdgeConfig, ServiceInstance, of_service, part

MODES = ("auto", "off")
HTML_CACHING = ("auto", "force", "never")


def _of(caller: Caller, instance: ServiceInstance) -> EdgeConfig | None:
    every = caller.cloud.state.edge_configs.values()
    return next((each for each in every if each.instance_id == instance.id), None)


def _has_domain(caller: Caller, instance: ServiceInstance) -> bool:
    """Tell whether it has a public domain that Railway's edge knows by now."""
    state, here = caller.cloud.state, (instance.environment_id, instance.service_id)
    domains = [*of_service(state.custom_domains, *here), *of_service(state.service_domains, *here)]
    return any(domain.created_at + SYNCING_S <= caller.now for domain in domains)


def _enable(caller: Caller, arguments: Arguments) -> EdgeConfig:
    inputs = arguments["input"]
    _, instance = caller.instance(inputs)
    if not _has_domain(caller, instance):
        raise Refused("Problem processing request")
    config = _of(caller, instance)
    if config is None:
        config = EdgeConfig(id=caller.cloud.new_id(), created_at=caller.now, instance_id=instance.id)
    _set(config, part(inputs, "config"))
    config.enabled = True
    caller.cloud.state.edge_configs[config.id] = config
    return config


def _update(caller: Caller, arguments: Arguments) -> EdgeConfig:
    inputs = arguments["input"]
    config = _of(caller, caller.instance(inputs)[1])
    if config is None:
        raise Refused("Problem processing request")
    _set(config, inputs["config"])
    return config


def _set(config: EdgeConfig, inputs: Arguments) -> None:
    caching: Arguments = {key: value for key, value in part(inputs, "caching").items() if value is not None}
    if caching.get("mode", config.mode) not in MODES:
        raise Refused("Problem processing request")
    if caching.get("htmlCaching", config.html_caching) not in HTML_CACHING:
        raise invalid("htmlCaching")
    if caching.get("defaultTtlSeconds", config.default_ttl_seconds) < 0:
        raise invalid("defaultTtlSeconds")
    config.mode = caching.get("mode", config.mode)
    config.html_caching = caching.get("htmlCaching", config.html_caching)
    config.default_ttl_seconds = caching.get("defaultTtlSeconds", config.default_ttl_seconds)
    config.purge_on_deploy = caching.get("purgeOnDeploy", config.purge_on_deploy)
    if (stale := caching.get("staleWhileRevalidate")) is not None:
        config.stale_while_revalidate = stale["enabled"]


def _disable(caller: Caller, arguments: Arguments) -> bool:
    caller.instance(arguments["input"])
    return True


def _caching(_caller: Caller, config: EdgeConfig, _arguments: Arguments) -> dict[str, Any]:
    return {
        "defaultTtlSeconds": config.default_ttl_seconds,
        "htmlCaching": config.html_caching,
        "mode": config.mode,
        "purgeOnDeploy": config.purge_on_deploy,
        "staleWhileRevalidate": {"enabled": config.stale_while_revalidate},
    }


MUTATIONS: Operations = {
    "enableServiceCdn": _enable,
    "disableServiceCdn": _disable,
    "updateServiceEdgeConfig": _update,
}
FIELDS: FieldResolvers = {
    "ServiceInstance.edgeConfig": lambda caller, instance, _arguments: _of(caller, instance),
    "EdgeConfig.caching": _caching,
    "EdgeConfig.edgeRules": lambda _caller, _config, _arguments: None,
    "EdgeConfig.overrides": lambda _caller, _config, _arguments: {},
    "EdgeConfig.purgeEpoch": lambda _caller, _config, _arguments: 0,
    "EdgeConfig.purgeEpochByKind": lambda _caller, _config, _arguments: {},
    "EdgeConfig.underAttackModeUntil": lambda _caller, _config, _arguments: None,
}
