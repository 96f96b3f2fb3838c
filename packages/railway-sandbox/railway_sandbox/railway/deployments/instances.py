"""Service instances: a service's presence in an environment, made and taken away.

Creates and removes an instance with all that belongs to it. Its settings are part of the environment's config; the API
operations stand in ``services`` and ``service_instances``.
"""

from __future__ import annotations

import copy

from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.railway.config.view import default_region, service_config, setting
from railway_sandbox.railway.deployments import deployments
from railway_sandbox.railway.records import Config, DeploymentTrigger, Environment, ServiceInstance, part

READY_AFTER_S = 1.0
"""Seconds for which operations do not find a new instance."""


def ready(cloud: RailwayCloud, instance: ServiceInstance | None) -> bool:
    """Tell whether the instance exists for the operations that need it."""
    return instance is not None and cloud.now() >= instance.created_at + READY_AFTER_S


def former(cloud: RailwayCloud, environment: Environment, service_id: str) -> ServiceInstance | None:
    """Return the instance that was deleted last, when none is there now."""
    every = [
        i for i in cloud.state.instances.values() if i.environment_id == environment.id and i.service_id == service_id
    ]
    return every[-1] if every and every[-1].deleted_at is not None else None


def first_config(cloud: RailwayCloud, environment: Environment) -> Config:
    """Return the settings of a new instance: one replica in the default region."""
    return {"deploy": {"multiRegionConfig": {default_region(cloud, environment): {"numReplicas": 1}}}}


def create(
    cloud: RailwayCloud, environment: Environment, service_id: str, at: float, config: Config | None = None
) -> ServiceInstance:
    """Bring a service into an environment, with these settings."""
    instance = ServiceInstance(
        id=cloud.new_id(), service_id=service_id, environment_id=environment.id, created_at=at, updated_at=at
    )
    cloud.state.instances[instance.id] = instance
    config = first_config(cloud, environment) if config is None else config
    environment.services[service_id] = config
    return instance


def remove(cloud: RailwayCloud, environment: Environment, service_id: str, at: float) -> None:
    """Take a service out of an environment with its domains, proxies and deployments; its volumes are let go."""
    instance = cloud.find_instance(environment.id, service_id)
    if instance is None:
        return
    instance.former_config = copy.deepcopy(service_config(environment, service_id))
    instance.deleted_at = at
    environment.services.pop(service_id, None)
    deployments.end_all(cloud, environment.id, service_id, at)
    state = cloud.state
    for table in (state.custom_domains, state.service_domains, state.tcp_proxies):
        for record in table.values():
            if (record.environment_id, record.service_id) == (environment.id, service_id):
                record.deleted_at = record.deleted_at or at
    for disk in state.volume_instances.values():
        if (disk.environment_id, disk.service_id) == (environment.id, service_id):
            disk.service_id = None
    drop_trigger(cloud, environment, service_id)


def trigger_of(cloud: RailwayCloud, environment_id: str, service_id: str) -> DeploymentTrigger | None:
    """Return what deploys the instance when its branch gets a commit, if anything does."""
    for trigger in cloud.state.triggers.values():
        if trigger.environment_id == environment_id and trigger.service_id == service_id:
            return trigger
    return None


def drop_trigger(cloud: RailwayCloud, environment: Environment, service_id: str) -> None:
    """Let commits no longer deploy the instance."""
    if trigger := trigger_of(cloud, environment.id, service_id):
        del cloud.state.triggers[trigger.id]


def follow_source(cloud: RailwayCloud, environment: Environment, service_id: str) -> None:
    """Make the instance's trigger fit its source: one on the branch of its repository, or none."""
    config = service_config(environment, service_id)
    source: Config = part(config, "source")
    if not source.get("repo"):
        drop_trigger(cloud, environment, service_id)
        return
    trigger = trigger_of(cloud, environment.id, service_id)
    if trigger is None:
        trigger = DeploymentTrigger(
            id=cloud.new_id(),
            project_id=environment.project_id,
            environment_id=environment.id,
            service_id=service_id,
            repository="",
            branch="",
        )
        cloud.state.triggers[trigger.id] = trigger
    trigger.repository = source["repo"]
    trigger.branch = setting(config, "source", "branch")
    trigger.check_suites = bool(source.get("checkSuites"))
