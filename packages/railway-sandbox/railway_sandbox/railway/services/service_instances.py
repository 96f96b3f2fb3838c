"""A service's settings in an environment, in the older form: field by field instead of as part of the config.

Owns the translation between ``ServiceInstance`` and the config, and what is dangerous about the older form: its reach
over environments, and the return to one replica in the default region.
"""

from __future__ import annotations

from typing import Any, Final

from railway_sandbox.railway.access import Arguments, Caller, Operations, Readers
from railway_sandbox.railway.config.merge import REPOSITORY_ONLY, merged_service
from railway_sandbox.railway.config.rules import check_plan, check_service, replicas_of
from railway_sandbox.railway.config.schedules import next_run
from railway_sandbox.railway.config.shape import well_formed
from railway_sandbox.railway.config.view import service_config, setting
from railway_sandbox.railway.config.volumes import mounts_after
from railway_sandbox.railway.deployments import deployments, instances
from railway_sandbox.railway.errors import Refused, config_as_code, not_found
from railway_sandbox.railway.plans import GB_IN_BYTES
from railway_sandbox.railway.services.services import reach
from railway_sandbox.railway.state import (
    Config,
    Deployment,
    DeploymentTrigger,
    Environment,
    Service,
    ServiceInstance,
    part,
)

GROUPS = {
    "build": ("buildCommand", "builder", "dockerfilePath", "nixpacksPlan", "watchPatterns"),
    "deploy": (
        "cronSchedule",
        "drainingSeconds",
        "healthcheckPath",
        "healthcheckTimeout",
        "ipv6EgressEnabled",
        "overlapSeconds",
        "preDeployCommand",
        "registryCredentials",
        "restartPolicyMaxRetries",
        "restartPolicyType",
        "sleepApplication",
        "startCommand",
    ),
}
"""Where each setting of ``ServiceInstanceUpdateInput`` stands in the config."""

TRACING: Final = {"tracingEnabled": "tracing_enabled", "autoInstrumentationEnabled": "auto_instrumentation_enabled"}
"""Settings that are no part of the config: a change reaches running containers without a deployment."""


def _update(caller: Caller, arguments: Arguments) -> bool:
    cloud = caller.cloud
    service = caller.service(arguments["serviceId"])
    given: Arguments = arguments["input"]
    if isinstance(given.get("preDeployCommand"), list) and len(given["preDeployCommand"]) > 1:
        raise Refused("Error in preDeployCommand - Invalid input")
    if given.get("railwayConfigFile"):
        raise config_as_code()
    changed: list[tuple[Environment, Config]] = []
    for environment in reach(caller, cloud.state.projects[service.project_id], arguments):
        if not instances.ready(cloud, cloud.find_instance(environment.id, service.id)):
            continue  # Railway answers true all the same
        config = _with_input(caller, environment, service, given)
        check_service(config, mounts=len(mounts_after(cloud, environment, service.id, {})))
        check_plan(cloud, config)
        changed.append((environment, config))
    for environment, config in changed:
        environment.services[service.id] = config
        instance = caller.cloud.find_instance(environment.id, service.id)
        if instance is not None:
            for key, attribute in TRACING.items():
                if key in given:
                    setattr(instance, attribute, given[key])
        environment.updated_at = caller.now
    return True


def _with_input(caller: Caller, environment: Environment, service: Service, given: Arguments) -> Config:
    before = service_config(environment, service.id)
    entry: Config = {group: {name: given[name] for name in names if name in given} for group, names in GROUPS.items()}
    source: Config = {**part(given, "source")}
    if "rootDirectory" in given:
        source["rootDirectory"] = given["rootDirectory"]
    entry["source"] = source
    if "source" in given and given["source"] is None:
        entry["source"] = dict.fromkeys(("image", *REPOSITORY_ONLY))
    deploy = {**entry["deploy"], "multiRegionConfig": given.get("multiRegionConfig")}
    well_formed({"services": {service.id: {**entry, "deploy": deploy}}})
    config = merged_service(before, entry, returning=False)
    # Unlike a patch: the regions that are not sent are lost, and so is everything when none are sent.
    regions: Config = instances.first_config(caller.cloud, environment)["deploy"]["multiRegionConfig"]
    if given.get("multiRegionConfig") is not None:
        regions = {region: entry for region, entry in given["multiRegionConfig"].items() if entry is not None}
    elif given.get("numReplicas") is not None:
        regions = {region: {"numReplicas": given["numReplicas"]} for region in regions}
    config.setdefault("deploy", {})["multiRegionConfig"] = regions
    return config


def _instance(caller: Caller, arguments: Arguments) -> ServiceInstance:
    environment, service = caller.pair(arguments)
    instance = caller.cloud.find_instance(environment.id, service.id)
    if instance is None or not instances.ready(caller.cloud, instance):
        raise not_found("ServiceInstance")
    return instance


def _limits_update(caller: Caller, arguments: Arguments) -> bool:
    given = arguments["input"]
    environment, service = caller.pair(given)
    if caller.cloud.find_instance(environment.id, service.id) is None:
        raise not_found("ServiceInstance")
    containers: Config = {}
    if given.get("vCPUs") is not None:
        containers["cpu"] = given["vCPUs"]
    if given.get("memoryGB") is not None:
        containers["memoryBytes"] = int(given["memoryGB"] * GB_IN_BYTES)
    entry = {"deploy": {"limitOverride": {"containers": containers}}}
    config = merged_service(service_config(environment, service.id), entry, returning=False)
    check_service(config, mounts=0)
    check_plan(caller.cloud, config)
    environment.services[service.id] = config
    return True


def _override(caller: Caller, arguments: Arguments) -> Config | None:
    instance = _instance(caller, arguments)
    override = part(_deploy(caller, instance), "limitOverride")
    containers: Config = part(override, "containers")
    found: Config = {}
    if "cpu" in containers:
        found["vCPUs"] = containers["cpu"]
    if "memoryBytes" in containers:
        found["memoryGB"] = containers["memoryBytes"] / GB_IN_BYTES
    return found or None


def _limits(caller: Caller, arguments: Arguments) -> Config:
    plan = caller.cloud.plan
    return {
        "vCPUs": plan.max_vcpus_per_service,
        "memoryGB": plan.max_memory_gb_per_service,
        **(_override(caller, arguments) or {}),
    }


def _config(caller: Caller, instance: ServiceInstance) -> Config:
    return service_config(caller.cloud.state.environments[instance.environment_id], instance.service_id)


def _deploy(caller: Caller, instance: ServiceInstance) -> Config:
    return part(_config(caller, instance), "deploy")


def _builder(caller: Caller, instance: ServiceInstance, _arguments: Arguments) -> str:
    # The enum of the older form has no DOCKERFILE.
    builder = setting(_config(caller, instance), "build", "builder")
    return "RAILPACK" if builder == "DOCKERFILE" else builder


def _replicas(caller: Caller, instance: ServiceInstance, _arguments: Arguments) -> int:
    return replicas_of(_config(caller, instance))


def _next_cron_run(caller: Caller, instance: ServiceInstance, _arguments: Arguments) -> float | None:
    schedule = _deploy(caller, instance).get("cronSchedule")
    return next_run(schedule, caller.now) if schedule else None


def _source(caller: Caller, instance: ServiceInstance, _arguments: Arguments) -> Config | None:
    source: Config = part(_config(caller, instance), "source")
    if not (source.get("image") or source.get("repo")):
        return None
    return {"image": source.get("image"), "repo": source.get("repo")}


def _latest(caller: Caller, instance: ServiceInstance, _arguments: Arguments) -> Deployment | None:
    return deployments.latest(caller.cloud, instance.environment_id, instance.service_id)


def _active(caller: Caller, instance: ServiceInstance, _arguments: Arguments) -> list[Deployment]:
    every = deployments.history(caller.cloud, instance.environment_id, instance.service_id)
    return [d for d in every if deployments.status_of(caller.cloud, d) in ("SUCCESS", "SLEEPING", "CRASHED")]


def _service(caller: Caller, instance: ServiceInstance, _arguments: Arguments) -> Service:
    return caller.cloud.state.services[instance.service_id]


def _triggers(caller: Caller, arguments: Arguments) -> list[DeploymentTrigger]:
    environment, service = caller.pair(arguments)
    trigger = instances.trigger_of(caller.cloud, environment.id, service.id)
    return [trigger] if trigger else []


def _reader(group: str, name: str) -> Any:
    def read(caller: Caller, instance: ServiceInstance, _arguments: Arguments) -> Any:
        return setting(_config(caller, instance), group, name)

    return read


QUERIES: Operations = {
    "serviceInstance": _instance,
    "serviceInstanceLimits": _limits,
    "serviceInstanceLimitOverride": _override,
    "deploymentTriggers": _triggers,
}
MUTATIONS: Operations = {
    "serviceInstanceUpdate": _update,
    "serviceInstanceLimitsUpdate": _limits_update,
}


def _is_traced(caller: Caller, instance: ServiceInstance, _arguments: Arguments) -> bool:
    service = caller.cloud.state.services[instance.service_id]
    project = caller.cloud.state.projects[service.project_id]
    chosen = (instance.tracing_enabled, service.tracing_enabled)
    return next((choice for choice in chosen if choice is not None), project.tracing_enabled)


def _is_instrumented(caller: Caller, instance: ServiceInstance, _arguments: Arguments) -> bool:
    service = caller.cloud.state.services[instance.service_id]
    chosen = instance.auto_instrumentation_enabled
    return service.auto_instrumentation_enabled if chosen is None else chosen


FIELDS: Readers = {
    **{
        f"ServiceInstance.{name}": _reader(group, name)
        for group, names in GROUPS.items()
        for name in names
        if name not in ("registryCredentials", "builder")
    },
    "ServiceInstance.activeDeployments": _active,
    "ServiceInstance.builder": _builder,
    "ServiceInstance.latestDeployment": _latest,
    "ServiceInstance.nextCronRunAt": _next_cron_run,
    "ServiceInstance.numReplicas": _replicas,
    "ServiceInstance.railwayConfigFile": lambda caller, instance, _arguments: _config(caller, instance).get(
        "configFile"
    ),
    "ServiceInstance.region": lambda _caller, _instance, _arguments: None,
    "ServiceInstance.rootDirectory": _reader("source", "rootDirectory"),
    "ServiceInstance.service": _service,
    "ServiceInstance.serviceName": lambda caller, instance, _: _service(caller, instance, _).name,
    "ServiceInstance.source": _source,
    "ServiceInstance.tracingEnabled": _is_traced,
    "ServiceInstance.autoInstrumentationEnabled": _is_instrumented,
    "ServiceInstance.upstreamUrl": _reader("source", "upstreamUrl"),
}
