"""Operations on deployments: start, repeat, roll back, stop, approve, list.

Owns these operations. What a deployment is and how it proceeds stands in ``deployments`` and ``timelines``.
"""

from __future__ import annotations

from typing import Any

from railway_sandbox.railway.access import Arguments, Caller, FieldResolvers, Operations, Streams
from railway_sandbox.railway.config.view import service_config
from railway_sandbox.railway.deployments import deployments, instances
from railway_sandbox.railway.deployments.sources import has_source, resolve
from railway_sandbox.railway.deployments.timelines import RUNNING, cut, first, timeline_of
from railway_sandbox.railway.errors import Refused, invalid, not_found, redeploy_too_soon, without_snapshot
from railway_sandbox.railway.records import Deployment, Environment, Service, of_service, part

HOUR_S = 3600.0


def _ready_pair(caller: Caller, arguments: Arguments) -> tuple[Environment, Service]:
    environment, instance = caller.instance(arguments)
    if not instances.ready(caller.cloud, instance):
        raise not_found("ServiceInstance")
    return environment, caller.cloud.state.services[instance.service_id]


def _deploy(caller: Caller, arguments: Arguments) -> Deployment:
    environment, service = _ready_pair(caller, arguments)
    config = service_config(environment, service.id)
    if not has_source(config):
        raise invalid("the service has no source to deploy")
    source = resolve(caller.cloud, config, arguments.get("commitSha"))
    return deployments.start(caller.cloud, environment, service.id, caller.now, source=source)


def _deploy_or_repeat(caller: Caller, arguments: Arguments) -> bool:
    environment, service = _ready_pair(caller, arguments)
    former = deployments.last_run(caller.cloud, environment.id, service.id)
    if former is None or arguments.get("latestCommit") or arguments.get("commitSha"):
        _deploy(caller, arguments)
    else:
        _repeat(caller, former, builds="repo" in former.meta)
    return True


def _repeat(
    caller: Caller,
    former: Deployment,
    *,
    builds: bool = False,
    reason: str = "redeploy",
    variables: dict[str, str] | None = None,
) -> Deployment:
    environment, _ = caller.instance({"environmentId": former.environment_id, "serviceId": former.service_id})
    return deployments.start(
        caller.cloud,
        environment,
        former.service_id,
        caller.now,
        source=deployments.source_of(former),
        reason=reason,
        builds=builds,
        variables=variables,
    )


def _redeploy_instance(caller: Caller, arguments: Arguments) -> bool:
    environment, service = _ready_pair(caller, arguments)
    latest = deployments.last_run(caller.cloud, environment.id, service.id)
    if latest is None:
        raise without_snapshot()
    if deployments.in_progress(caller.cloud, latest):
        raise redeploy_too_soon()
    # The image of the deployment that is live, whatever source has been set since.
    _repeat(caller, deployments.live(caller.cloud, environment.id, service.id) or latest)
    return True


def find(caller: Caller, id: str) -> Deployment:
    """Return a deployment that the caller reaches."""
    deployment = caller.cloud.state.deployments.get(id)
    if deployment is None:
        raise not_found("Deployment")
    caller.environment(deployment.environment_id, live=False)
    return deployment


def _redeploy(caller: Caller, arguments: Arguments) -> Deployment:
    former = find(caller, arguments["id"])
    if deployments.in_progress(caller.cloud, former):
        raise redeploy_too_soon()
    return _repeat(caller, former)


def _restart(caller: Caller, arguments: Arguments) -> bool:
    deployment = find(caller, arguments["id"])
    if deployments.status_of(caller.cloud, deployment) not in (*RUNNING, "CRASHED"):
        raise Refused("Cannot restart a deployment that is not running")
    _resume(caller, deployment, builds=False)
    return True


def _resume(caller: Caller, deployment: Deployment, *, builds: bool) -> None:
    """Let a deployment that waits or has stopped go on from now."""
    environment = caller.environment(deployment.environment_id)
    conditions = deployments.timeline_conditions(
        service_config(environment, deployment.service_id),
        deployment.meta,
        deployment.variables,
        starts_at=caller.now,
        builds=builds,
        failure=deployment.failure,
    )
    deployment.timeline = cut(deployment.timeline, caller.now, *timeline_of(conditions))
    deployment.stopped = False


def can_roll_back(caller: Caller, deployment: Deployment) -> bool:
    """Tell whether a deployment once ran, no longer does, and its image is still kept."""
    moment = deployments.status_change_of(caller.cloud, deployment)
    kept_s = caller.cloud.plan.image_retention_hours * HOUR_S
    ran = first(cut(deployment.timeline, caller.now), *RUNNING) is not None
    return ran and moment.status in ("REMOVED", "CRASHED") and caller.now < moment.at + kept_s


def _roll_back(caller: Caller, arguments: Arguments) -> bool:
    former = find(caller, arguments["id"])
    if not can_roll_back(caller, former):
        raise Refused("Cannot roll back to this deployment: its image is not available")
    deployment = _repeat(caller, former, reason="rollback", variables=dict(former.variables))
    deployment.meta = {**deployment.meta, "serviceManifest": former.meta["serviceManifest"]}
    return True


def _remove(caller: Caller, arguments: Arguments) -> bool:
    deployment = find(caller, arguments["id"])
    if deployments.status_of(caller.cloud, deployment) != "REMOVED":
        deployments.end(caller.cloud, deployment, caller.now)
    return True


def _stop(caller: Caller, arguments: Arguments) -> bool:
    deployment = find(caller, arguments["id"])
    if deployments.in_progress(caller.cloud, deployment):
        deployments.end(caller.cloud, deployment, caller.now)
    deployment.stopped = True
    return True


def _cancel(caller: Caller, arguments: Arguments) -> bool:
    deployment = find(caller, arguments["id"])
    if not deployments.in_progress(caller.cloud, deployment):
        raise Refused("Cannot cancel a deployment that is not in progress")
    deployments.end(caller.cloud, deployment, caller.now)
    return True


def _approve(caller: Caller, arguments: Arguments) -> bool:
    deployment = find(caller, arguments["id"])
    if deployments.status_of(caller.cloud, deployment) != "NEEDS_APPROVAL":
        raise Refused("Deployment does not need approval")
    _resume(caller, deployment, builds=True)
    return True


def _list(caller: Caller, arguments: Arguments) -> list[Deployment]:
    inputs = arguments["input"]
    cloud = caller.cloud
    if inputs.get("environmentId"):
        caller.environment(inputs["environmentId"], live=False)
    elif inputs.get("serviceId"):
        caller.service(inputs["serviceId"], live=False)
    elif inputs.get("projectId"):
        caller.project(inputs["projectId"], live=False)
    else:
        raise invalid("deployments need a project, an environment or a service")
    filters = {"environment_id": "environmentId", "service_id": "serviceId", "project_id": "projectId"}
    statuses = part(inputs, "status")
    matching: list[Deployment] = []
    for deployment in cloud.state.deployments.values():
        if any(inputs.get(key) not in (None, getattr(deployment, name)) for name, key in filters.items()):
            continue
        status = deployments.status_of(cloud, deployment)
        allowed = statuses.get("in") is None or status in statuses["in"]
        if allowed and status not in (statuses.get("notIn") or []):
            matching.append(deployment)
    return matching[::-1]


def _host(caller: Caller, deployment: Deployment, _arguments: Arguments) -> str | None:
    state = caller.cloud.state
    here = (deployment.environment_id, deployment.service_id)
    domains = [*of_service(state.service_domains, *here), *of_service(state.custom_domains, *here)]
    return domains[0].domain if domains else None


def _containers(caller: Caller, deployment: Deployment, _arguments: Arguments) -> list[dict[str, str]]:
    status = deployments.status_of(caller.cloud, deployment)
    container_status = {"SUCCESS": "RUNNING", "SLEEPING": "STOPPED", "CRASHED": "CRASHED", "REMOVING": "REMOVING"}.get(
        status
    )
    if container_status is None:
        return []
    replicas = deployment.meta["serviceManifest"]["deploy"]["numReplicas"]
    container_status = "STOPPED" if deployment.stopped else container_status
    return [{"id": f"{deployment.id}-{number}", "status": container_status} for number in range(replicas)]


def _repeatable(caller: Caller, deployment: Deployment, _arguments: Arguments) -> bool:
    return not deployments.in_progress(caller.cloud, deployment)


def _status_update(caller: Caller, arguments: Arguments, previous: Any) -> tuple[Deployment | None, Any]:
    """Return a deployment whenever its status is another one."""
    deployment = find(caller, arguments["id"])
    now = (deployments.status_of(caller.cloud, deployment), deployment.stopped)
    return (None if now == previous else deployment), now


SUBSCRIPTIONS: Streams = {"deployment": _status_update}
QUERIES: Operations = {
    "deployment": lambda caller, arguments: find(caller, arguments["id"]),
    "deployments": _list,
}
MUTATIONS: Operations = {
    "serviceInstanceDeployV2": lambda caller, arguments: _deploy(caller, arguments).id,
    "serviceInstanceDeploy": _deploy_or_repeat,
    "serviceInstanceRedeploy": _redeploy_instance,
    "deploymentRedeploy": _redeploy,
    "deploymentRestart": _restart,
    "deploymentRollback": _roll_back,
    "deploymentRemove": _remove,
    "deploymentStop": _stop,
    "deploymentCancel": _cancel,
    "deploymentApprove": _approve,
}
FIELDS: FieldResolvers = {
    "Deployment.canRedeploy": _repeatable,
    "Deployment.canRollback": lambda caller, deployment, _arguments: can_roll_back(caller, deployment),
    "Deployment.deploymentStopped": lambda _caller, deployment, _arguments: deployment.stopped,
    "Deployment.environment": lambda caller, d, _: caller.cloud.state.environments[d.environment_id],
    "Deployment.instances": _containers,
    "Deployment.service": lambda caller, d, _arguments: caller.cloud.state.services[d.service_id],
    "Deployment.staticUrl": _host,
    "Deployment.status": lambda caller, d, _arguments: deployments.status_of(caller.cloud, d),
    "Deployment.statusUpdatedAt": lambda caller, d, _arguments: deployments.status_change_of(caller.cloud, d).at,
    "Deployment.suggestAddServiceDomain": lambda caller, d, _arguments: _host(caller, d, _arguments) is None,
    "Deployment.updatedAt": lambda caller, d, _arguments: deployments.status_change_of(caller.cloud, d).at,
    "Deployment.url": _host,
}
