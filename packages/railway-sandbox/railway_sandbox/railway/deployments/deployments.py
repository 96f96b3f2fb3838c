"""Deployments: how they start, in which order, what replaces them, and what they are at a moment.

Owns starting and replacing. The operations on a single deployment stand in ``deployment_operations``, durations in
``timelines``, logs in ``logs``.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any, Literal

from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.railway.config.references import referenced_by, rendered, service_named
from railway_sandbox.railway.config.rules import replicas_of
from railway_sandbox.railway.config.view import service_config, setting
from railway_sandbox.railway.deployments.sources import defect_of, has_source, resolve
from railway_sandbox.railway.deployments.timelines import (
    ENDED,
    RUNNING,
    TAKES_OVER,
    TimelineConditions,
    current,
    cut,
    first,
    timeline_of,
)
from railway_sandbox.railway.errors import without_snapshot
from railway_sandbox.railway.records import Config, Deployment, Environment, StatusChange, of_service, part


def history(cloud: RailwayCloud, environment_id: str, service_id: str) -> list[Deployment]:
    """Return every deployment of a service instance, oldest first."""
    every = cloud.state.deployments.values()
    return [d for d in every if d.service_id == service_id and d.environment_id == environment_id]


def latest(cloud: RailwayCloud, environment_id: str, service_id: str) -> Deployment | None:
    """Return the newest deployment of a service instance, whatever became of it."""
    every = history(cloud, environment_id, service_id)
    return every[-1] if every else None


def last_run(cloud: RailwayCloud, environment_id: str, service_id: str) -> Deployment | None:
    """Return the newest deployment that Railway did more with than record it: not one that is skipped or unapproved."""
    for deployment in reversed(history(cloud, environment_id, service_id)):
        if current(deployment.timeline, cloud.now()).status not in ("SKIPPED", "NEEDS_APPROVAL"):
            return deployment
    return None


def replaced_at(cloud: RailwayCloud, deployment: Deployment) -> float | None:
    """Return when a newer deployment replaced (or is going to replace) this one."""
    every = history(cloud, deployment.environment_id, deployment.service_id)
    position = next(index for index, other in enumerate(every) if other.id == deployment.id)
    lives = [first(newer.timeline, *TAKES_OVER) for newer in every[position + 1 :]]
    return min((live for live in lives if live is not None), default=None)


def status_change_of(cloud: RailwayCloud, deployment: Deployment) -> StatusChange:
    """Return the status of a deployment now, and since when it has it."""
    now = cloud.now()
    own = current(deployment.timeline, now)
    replaced = replaced_at(cloud, deployment)
    if own.status in ("FAILED", "REMOVED", "SKIPPED") or replaced is None or replaced > now:
        return own
    if now < replaced + deployment.draining_s:
        return StatusChange(at=replaced, status="REMOVING")
    return StatusChange(at=replaced + deployment.draining_s, status="REMOVED")


def status_of(cloud: RailwayCloud, deployment: Deployment) -> str:
    """Return the status of a deployment now."""
    return status_change_of(cloud, deployment).status


def live(cloud: RailwayCloud, environment_id: str, service_id: str) -> Deployment | None:
    """Return the deployment that serves now."""
    for deployment in reversed(history(cloud, environment_id, service_id)):
        if status_of(cloud, deployment) in RUNNING:
            return deployment
    return None


def in_progress(cloud: RailwayCloud, deployment: Deployment) -> bool:
    """Tell whether a deployment has neither gone live nor ended."""
    return status_of(cloud, deployment) not in (*RUNNING, *ENDED, "REMOVING")


def end(cloud: RailwayCloud, deployment: Deployment, at: float, status: str = "REMOVED") -> None:
    """Take a deployment down, whatever it was to become."""
    deployment.timeline = cut(deployment.timeline, at, StatusChange(at=at, status=status))
    cloud.touch()


def end_all(cloud: RailwayCloud, environment_id: str, service_id: str, at: float) -> None:
    """Take down everything that runs or is about to run of a service instance."""
    for deployment in history(cloud, environment_id, service_id):
        if status_of(cloud, deployment) not in ENDED:
            end(cloud, deployment, at)


def manifest(config: Config) -> dict[str, Any]:
    """Return the settings that a deployment takes effect with, as ``serviceManifest`` in its meta."""
    build = copy.deepcopy(part(config, "build"))
    deploy = copy.deepcopy(part(config, "deploy"))
    deploy.pop("registryCredentials", None)
    for group, settings, names in (
        ("build", build, ("builder",)),
        ("deploy", deploy, ("restartPolicyType", "restartPolicyMaxRetries", "runtime")),
    ):
        for name in names:
            settings[name] = setting(config, group, name)
    deploy["numReplicas"] = replicas_of(config) if part(deploy, "multiRegionConfig") else 1
    return {"build": build, "deploy": deploy}


def timeline_conditions(
    config: Config, meta: dict[str, Any], variables: dict[str, str], **more: Any
) -> TimelineConditions:
    """Return the conditions of the timeline of a deployment with these settings."""
    deploy: Config = part(config, "deploy")
    timeout = variables.get("RAILWAY_HEALTHCHECK_TIMEOUT_SEC", "")
    if not timeout.isdecimal():
        timeout = deploy.get("healthcheckTimeout") or 300
    never = deploy.get("cronSchedule") or setting(config, "deploy", "restartPolicyType") == "NEVER"
    return TimelineConditions(
        from_repository="repo" in meta,
        health_checked=bool(deploy.get("healthcheckPath")),
        healthcheck_timeout_s=float(timeout),
        restarts=0 if never else setting(config, "deploy", "restartPolicyMaxRetries"),
        sleeps=bool(deploy.get("sleepApplication")),
        **more,
    )


def start(
    cloud: RailwayCloud,
    environment: Environment,
    service_id: str,
    at: float,
    *,
    source: dict[str, Any] | None = None,
    reason: str = "deploy",
    builds: bool = True,
    waits_until: float = 0.0,
    variables: dict[str, str] | None = None,
    stays: Literal["SKIPPED", "NEEDS_APPROVAL"] | None = None,
) -> Deployment:
    """Start a deployment at ``at`` of ``source``, by default the source in the settings.

    With ``stays`` it is only recorded: skipped, or waiting for an approval.
    """
    config = service_config(environment, service_id)
    source = resolve(cloud, config) if source is None else source
    if variables is None:
        variables = rendered(cloud, environment, service_id)
    failure = defect_of(cloud, source, service_id)
    if stays is None:
        _supersede(cloud, environment, service_id, at)
        for disk in of_service(cloud.state.volume_instances, environment.id, service_id):
            disk.written = True
    timing: dict[str, Any] = {"starts_at": at, "builds": builds, "waits_until": waits_until, "stays": stays}
    conditions = timeline_conditions(config, source, variables, failure=failure, **timing)
    deployment = Deployment(
        id=cloud.new_id(),
        project_id=environment.project_id,
        environment_id=environment.id,
        service_id=service_id,
        created_at=at,
        timeline=timeline_of(conditions),
        snapshot_id=cloud.new_id(),
        meta={**source, "reason": reason, "serviceManifest": manifest(config)},
        variables=variables,
        failure=failure,
        draining_s=float(part(config, "deploy").get("drainingSeconds") or 0),
    )
    cloud.state.deployments[deployment.id] = deployment
    cloud.touch()
    return deployment


def _supersede(cloud: RailwayCloud, environment: Environment, service_id: str, at: float) -> None:
    """End older deployments that are still in progress."""
    for older in history(cloud, environment.id, service_id):
        if current(older.timeline, at).status not in (*RUNNING, *ENDED):
            end(cloud, older, at)


def in_order(cloud: RailwayCloud, environment: Environment, service_ids: Iterable[str]) -> list[tuple[str, set[str]]]:
    """Return the services, each after those of the batch that it refers to, and with them; a circle is cut anywhere."""
    batch = list(service_ids)
    needs: dict[str, set[str]] = {}
    for service_id in batch:
        owners = {reference.owner for reference in referenced_by(environment, service_id)}
        referenced = {service.id for name in owners if (service := service_named(cloud, environment, name))}
        needs[service_id] = (referenced & set(batch)) - {service_id}
    ordered: list[tuple[str, set[str]]] = []
    ordered_ids: set[str] = set()
    while len(ordered) < len(batch):
        waiting = [service_id for service_id in batch if service_id not in ordered_ids]
        chosen = next((service_id for service_id in waiting if needs[service_id] <= ordered_ids), waiting[0])
        ordered.append((chosen, needs[chosen] & ordered_ids))
        ordered_ids.add(chosen)
    return ordered


def _deployable(config: Config) -> bool:
    return has_source(config) and bool(part(part(config, "deploy"), "multiRegionConfig"))


def start_batch(cloud: RailwayCloud, environment: Environment, service_ids: Iterable[str], at: float) -> None:
    """Deploy those of the services that have a source and a region, each after those of the batch that it refers to."""
    deployable = [service_id for service_id in service_ids if _deployable(service_config(environment, service_id))]
    finished: dict[str, float] = {}
    for service_id, needed in in_order(cloud, environment, deployable):
        waits_until = max((finished[dependency] for dependency in needed), default=0.0)
        deployment = start(cloud, environment, service_id, at, waits_until=waits_until)
        finished[service_id] = first(deployment.timeline, *RUNNING, *ENDED) or at


def scale(cloud: RailwayCloud, environment: Environment, service_ids: Iterable[str]) -> None:
    """Give the newest deployment of each service the regions and replicas of its settings, without a new one."""
    for service_id in service_ids:
        deployment = last_run(cloud, environment.id, service_id)
        if deployment is not None:
            settled = manifest(service_config(environment, service_id))
            deployment.meta = {**deployment.meta, "serviceManifest": settled}


def source_of(deployment: Deployment) -> dict[str, Any]:
    """Return what a deployment runs, without how it came about."""
    return {key: value for key, value in deployment.meta.items() if key not in ("reason", "serviceManifest")}


def after_variables(cloud: RailwayCloud, environment: Environment, service_ids: Iterable[str]) -> None:
    """Deploy again what a variable operation affected: the same source with the new values.

    The variables are written already when this refuses because a service with a source was never deployed.
    """
    for service_id in service_ids:
        former = last_run(cloud, environment.id, service_id)
        if former is not None:
            start(cloud, environment, service_id, cloud.now(), source=source_of(former), reason="redeploy")
        elif has_source(service_config(environment, service_id)):
            raise without_snapshot()
