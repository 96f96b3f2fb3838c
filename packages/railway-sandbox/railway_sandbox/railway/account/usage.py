"""Usage of projects: so far and as estimated in the billing period, and the limits of that.

Owns the estimate, which follows from what is declared and running, as if it had run for the whole month at the same
load, and the two limits of a workspace. Nothing is metered here: nobody is told of a limit, and none stops anything.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from railway_sandbox.clock import EPOCH
from railway_sandbox.railway.access import Arguments, Caller, FieldResolvers, Operations
from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.railway.config.rules import replicas_of
from railway_sandbox.railway.config.view import service_config
from railway_sandbox.railway.deployments import deployments
from railway_sandbox.railway.errors import NotSimulated, invalid, not_authorized
from railway_sandbox.railway.plans import GB_IN_BYTES, GB_IN_MB
from railway_sandbox.railway.records import Config, Environment, Project, Workspace, part

MINUTES = 30 * 24 * 60
"""A billing period of 30 days."""
USUAL_VCPUS = 1.0
USUAL_MEMORY_GB = 0.5
"""Limits that a replica without any is taken to have."""
CPU_LOAD = 0.1
MEMORY_LOAD = 0.5
DISK_LOAD = 0.2
"""Share of its limits that a replica uses, and share of a disk that is full."""
TRAFFIC_GB = 2.0
"""Traffic of a replica in a month."""


MEASUREMENTS = (
    "CPU_LIMIT",
    "CPU_USAGE",
    "CPU_USAGE_2",
    "MEMORY_LIMIT_GB",
    "MEMORY_USAGE_GB",
    "NETWORK_TX_GB",
    "NETWORK_RX_GB",
    "DISK_USAGE_GB",
    "BACKUP_USAGE_GB",
    "EPHEMERAL_DISK_USAGE_GB",
)
"""The measurements that are known here; all others are 0."""


def _by_service(cloud: RailwayCloud, environment: Environment) -> dict[str, dict[str, float]]:
    """Return what each service uses in a month."""
    every: dict[str, dict[str, float]] = {}
    for instance in cloud.instances(environment.id):
        used = every.setdefault(instance.service_id, dict.fromkeys(MEASUREMENTS, 0.0))
        running = deployments.live(cloud, environment.id, instance.service_id)
        if running is None or running.stopped:
            continue
        config = service_config(environment, instance.service_id)
        limits: Config = part(part(part(config, "deploy"), "limitOverride"), "containers")
        replicas = replicas_of(config)
        vcpus = limits.get("cpu") or USUAL_VCPUS
        memory_gb = (limits.get("memoryBytes") or USUAL_MEMORY_GB * GB_IN_BYTES) / GB_IN_BYTES
        used["CPU_LIMIT"] = replicas * vcpus * MINUTES
        used["CPU_USAGE"] = used["CPU_USAGE_2"] = replicas * vcpus * CPU_LOAD * MINUTES
        used["MEMORY_LIMIT_GB"] = replicas * memory_gb * MINUTES
        used["MEMORY_USAGE_GB"] = replicas * memory_gb * MEMORY_LOAD * MINUTES
        used["NETWORK_TX_GB"] = used["NETWORK_RX_GB"] = replicas * TRAFFIC_GB
    for disk in cloud.state.volume_instances.values():
        if disk.environment_id == environment.id and disk.deleted_at is None:
            used = every.setdefault(disk.service_id or "", dict.fromkeys(MEASUREMENTS, 0.0))
            full_gb = disk.size_mb / GB_IN_MB * DISK_LOAD
            used["DISK_USAGE_GB"] += full_gb * MINUTES
            used["BACKUP_USAGE_GB"] += full_gb * len(disk.backup_schedules) * MINUTES
    return every


def _projects(caller: Caller, arguments: Arguments) -> list[Project]:
    if arguments.get("projectId") is not None:
        return [caller.project(arguments["projectId"])]
    if arguments.get("workspaceId") is None:
        raise invalid("projectId or workspaceId must be given")
    workspace = caller.workspace(arguments["workspaceId"])
    every = caller.cloud.state.projects.values()
    return [project for project in every if project.workspace_id == workspace.id and project.deleted_at is None]


def _estimated(caller: Caller, arguments: Arguments) -> list[dict[str, Any]]:
    estimates: list[dict[str, Any]] = []
    for project in _projects(caller, arguments):
        usages = _services(caller, project)
        estimates += [
            {
                "projectId": project.id,
                "measurement": measurement,
                "estimatedValue": sum(amounts.get(measurement, 0.0) for _, _, amounts in usages),
            }
            for measurement in arguments["measurements"]
        ]
    return estimates


def _services(caller: Caller, project: Project) -> list[tuple[str, str, dict[str, float]]]:
    """Return environment, service and what it uses in a month."""
    return [
        (environment.id, service_id, amounts)
        for environment in caller.cloud.environments_of(project.id)
        for service_id, amounts in _by_service(caller.cloud, environment).items()
    ]


def _used(caller: Caller, arguments: Arguments) -> list[dict[str, Any]]:
    """Return the use between two moments (30 days by default), as if the same had run all the time."""
    start, end = (arguments.get(name) for name in ("startDate", "endDate"))
    share = 1.0
    if start and end:
        share = (end - start).total_seconds() / 60 / MINUTES
    groups = arguments.get("groupBy") or ()
    sums: dict[tuple[str, tuple[str | None, ...]], float] = {}
    for project in _projects(caller, arguments):
        for environment_id, service_id, amounts in _services(caller, project):
            of = {"PROJECT_ID": project.id, "ENVIRONMENT_ID": environment_id, "SERVICE_ID": service_id}
            tags = tuple(of[tag] if tag in groups else None for tag in of)
            for measurement in arguments["measurements"]:
                sums[measurement, tags] = sums.get((measurement, tags), 0.0) + amounts.get(measurement, 0.0) * share
    return [
        {
            "measurement": measurement,
            "value": value,
            "tags": {"projectId": project_id, "environmentId": environment_id, "serviceId": service_id},
        }
        for (measurement, (project_id, environment_id, service_id)), value in sums.items()
    ]


def _metrics(caller: Caller, arguments: Arguments) -> list[dict[str, Any]]:
    """Return the load of the services of an environment at this moment, one sample of each measurement.

    Nothing is kept of what was before, so the period that is asked for does not matter.
    """
    if arguments.get("environmentId") is None:
        raise NotSimulated("The sandbox answers metrics of one environment at a time.")
    environment = caller.environment(arguments["environmentId"])
    service_id, grouped = arguments.get("serviceId"), "SERVICE_ID" in (arguments.get("groupBy") or ())
    ts = int((EPOCH + timedelta(seconds=caller.now)).timestamp())
    metrics: list[dict[str, Any]] = []
    by_service = _by_service(caller.cloud, environment)
    for measurement in arguments["measurements"]:
        values = {each: used.get(measurement, 0.0) / MINUTES for each, used in by_service.items() if each}
        if service_id is not None:
            values = {service_id: values.get(service_id, 0.0)}
        if not grouped:
            values = {"": sum(values.values())}
        metrics += [
            {
                "measurement": measurement,
                "tags": {"serviceId": each or None},
                "values": [{"ts": ts, "value": value}],
            }
            for each, value in values.items()
            if value
        ]
    return metrics


LEAST_HARD_LIMIT_DOLLARS = 10


def customer_id(workspace: Workspace) -> str:
    """Return the id of the workspace's customer, which differs from the workspace's own."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, workspace.id))


def _workspace(caller: Caller, inputs: Arguments) -> Workspace:
    """Return the workspace of a customer. Railway refuses a wrong id and a plan without limits in the same words."""
    workspace = next((each for each in caller.workspaces() if customer_id(each) == inputs["customerId"]), None)
    if workspace is None or caller.cloud.state.plan in ("free", "trial"):
        raise not_authorized()
    return workspace


def _set(caller: Caller, arguments: Arguments) -> bool:
    inputs = arguments["input"]
    workspace = _workspace(caller, inputs)
    soft, hard = inputs["softLimitDollars"], inputs.get("hardLimitDollars")
    if soft < 1:
        raise invalid("softLimitDollars")
    if hard is not None and hard < max(soft, LEAST_HARD_LIMIT_DOLLARS):
        raise invalid("hardLimitDollars")
    workspace.soft_limit_dollars, workspace.hard_limit_dollars = soft, hard
    return True


def _remove(caller: Caller, arguments: Arguments) -> bool:
    workspace = _workspace(caller, arguments["input"])
    workspace.soft_limit_dollars = workspace.hard_limit_dollars = None
    return True


def _customer(_caller: Caller, workspace: Workspace, _arguments: Arguments) -> dict[str, Any]:
    paying = customer_id(workspace)
    limit = {
        "id": str(uuid.uuid5(uuid.NAMESPACE_OID, paying)),
        "customerId": paying,
        "softLimit": workspace.soft_limit_dollars,
        "hardLimit": workspace.hard_limit_dollars,
        "isOverLimit": False,
        "agentHardLimitCents": None,
        "agentSoftLimitCents": None,
    }
    return {"id": paying, "workspace": workspace, "usageLimit": limit if workspace.soft_limit_dollars else None}


QUERIES: Operations = {"estimatedUsage": _estimated, "usage": _used, "metrics": _metrics}
MUTATIONS: Operations = {"usageLimitSet": _set, "usageLimitRemove": _remove}
FIELDS: FieldResolvers = {"Workspace.customer": _customer}
