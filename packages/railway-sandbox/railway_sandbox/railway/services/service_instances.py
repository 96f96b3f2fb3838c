"""A service's settings in an environment, in the older form: field by field instead of as part of the config.

Owns the translation between ``ServiceInstance`` and the config, and what is dangerous about the older form: its reach
over environments, and the return to one replica in the default region.
"""

from __future__ import annotations

from typing import Any, Final

from railway_sandbox.railway.access import Arguments, Caller, FieldResolvers, Operations
from railway_sandbox.railway.config.cron import next_run
from railway_sandbox.railway.config.merge import REPOSITORY_ONLY, merged_service
from railway_sandbox.railway.config.rules import check_plan, check_service, replicas_of
from railway_sandbox.railway.config.shape import older_settings, well_formed
from railway_sandbox.railway.config.view import service_config, setting
from railway_sandbox.railway.config.volumes import mounts_after
from railway_sandbox.railway.deployments import deployments, instances
from railway_sandbox.railway.errors import Refused, config_as_code, not_found
from railway_sandbox.railway.plans import GB_IN_BYTES
from railway_sandbox.railway.records import (
    Config,
    Deployment,
    DeploymentTrigger,
    Environment,
    Service,
    ServiceInstance,
    part,
)
from railway_sandbox.railway.services.services import reach

OF_THEIR_OWN: Final = {"multiRegionConfig", "numReplicas", "region"}
"""Settings that the older form takes in another way."""

GROUPS: Final = {group: older_settings(group) - OF_THEIR_OWN for group in ("build", "deploy")}
"""Settings of the config that ``ServiceInstanceUpdateInput`` may have, by their group."""

TRACING: Final = {"tracingEnabled": "tracing_enabled", "autoInstrumentationEnabled": "auto_instrumentation_enabled"}
"""Settings outside of the config: a change reaches running containers without a deployment."""


def _update(caller: Caller, arguments: Arguments) -> bool:
    cloud = caller.cloud
    service = caller.service(arguments["serviceId"])
    inputs: Arguments = arguments["input"]
    if isinstance(inputs.get("preDeployCommand"), list) and len(inputs["preDeployCommand"]) > 1:
        raise Refused("Error in preDeployCommand - Invalid input")
    if inputs.get("railwayConfigFile"):
        raise config_as_code()
    changed: list[tuple[Environment, Config]] = []
    for environment in reach(caller, cloud.state.projects[service.project_id], arguments):
        if not instances.ready(cloud, cloud.find_instance(environment.id, service.id)):
            continue  # Railway answers true all the same
        config = _with_input(caller, environment, service, inputs)
        check_service(config, mounts=len(mounts_after(cloud, environment, service.id, {})))
        check_plan(cloud, config)
        changed.append((environment, config))
    for environment, config in changed:
        environment.services[service.id] = config
        if instances.trigger_of(cloud, environment.id, service.id):
            instances.follow_source(cloud, environment, service.id)
        instance = caller.cloud.find_instance(environment.id, service.id)
        if instance is not None:
            for key, attribute in TRACING.items():
                if key in inputs:
                    setattr(instance, attribute, inputs[key])
        environment.updated_at = caller.now
    return True


def _with_input(caller: Caller, environment: Environment, service: Service, inputs: Arguments) -> Config:
    before = service_config(environment, service.id)
    given = {name for name in inputs if not (name == "buildCommand" and inputs[name] is None)}  # null changes nothing
    entry: Config = {group: {name: inputs[name] for name in names & given} for group, names in GROUPS.items()}
    source: Config = {**part(inputs, "source")}
    if "rootDirectory" in inputs:
        source["rootDirectory"] = inputs["rootDirectory"]
    entry["source"] = source
    if "source" in inputs and inputs["source"] is None:
        entry["source"] = dict.fromkeys(("image", *REPOSITORY_ONLY))
    deploy = {**entry["deploy"], "multiRegionConfig": inputs.get("multiRegionConfig")}
    well_formed({"services": {service.id: {**entry, "deploy": deploy}}})
    config = merged_service(before, entry, returning=False)
    # Unlike a patch: the regions that are not sent are lost, and so is everything when none are sent.
    regions: Config = instances.first_config(caller.cloud, environment)["deploy"]["multiRegionConfig"]
    if inputs.get("multiRegionConfig") is not None:
        regions = {region: entry for region, entry in inputs["multiRegionConfig"].items() if entry is not None}
    elif inputs.get("numReplicas") is not None:
        regions = {region: {"numReplicas": inputs["numReplicas"]} for region in regions}
    config.setdefault("deploy", {})["multiRegionConfig"] = regions
    return config


def _instance(caller: Caller, arguments: Arguments) -> ServiceInstance:
    _, instance = caller.instance(arguments)
    if not instances.ready(caller.cloud, instance):
        raise not_found("ServiceInstance")
    return instance


def _limits_update(caller: Caller, arguments: Arguments) -> bool:
    inputs = arguments["input"]
    instance = _instance(caller, inputs)
    environment = caller.environment(instance.environment_id)
    containers: Config = {}
    if inputs.get("vCPUs") is not None:
        containers["cpu"] = inputs["vCPUs"]
    if inputs.get("memoryGB") is not None:
        containers["memoryBytes"] = int(inputs["memoryGB"] * GB_IN_BYTES)
    entry = {"deploy": {"limitOverride": {"containers": containers}}}
    config = merged_service(service_config(environment, instance.service_id), entry, returning=False)
    check_service(config, mounts=0)
    check_plan(caller.cloud, config)
    environment.services[instance.service_id] = config
    environment.updated_at = caller.now
    return True


def _override(caller: Caller, arguments: Arguments) -> Config | None:
    instance = _instance(caller, arguments)
    containers: Config = part(part(_deploy(caller, instance), "limitOverride"), "containers")
    override: Config = {}
    if "cpu" in containers:
        override["vCPUs"] = containers["cpu"]
    if "memoryBytes" in containers:
        override["memoryGB"] = containers["memoryBytes"] / GB_IN_BYTES
    return override or None


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
    environment, service = caller.environment_and_service(arguments)
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


FIELDS: FieldResolvers = {
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
