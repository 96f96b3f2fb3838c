"""What projects are about to use in the billing period.

Owns the estimate. It follows from what is declared and running, as if it had run for the whole month at the same load:
nothing is metered here.
"""

from __future__ import annotations

from typing import Any

from railway_sandbox.railway.access import Arguments, Caller, Operations
from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.railway.config.view import service_config
from railway_sandbox.railway.deployments import deployments
from railway_sandbox.railway.errors import invalid
from railway_sandbox.railway.plans import GB_IN_BYTES, GB_IN_MB
from railway_sandbox.railway.state import Config, Environment, Project, part

MINUTES = 30 * 24 * 60
"""A billing period of 30 days."""
USUAL_VCPUS = 1.0
USUAL_MEMORY_GB = 0.5
"""Limits that a replica without any is taken to have."""
CPU_LOAD = 0.1
MEMORY_LOAD = 0.5
DISK_LOAD = 0.2
"""How much of its limits a replica uses, and how much of a disk is full."""
TRAFFIC_GB = 2.0
"""What a replica sends in a month."""


def _of_environment(cloud: RailwayCloud, environment: Environment) -> dict[str, float]:
    found: dict[str, float] = dict.fromkeys(
        (
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
        ),
        0.0,
    )
    for instance in cloud.instances(environment.id):
        running = deployments.live(cloud, environment.id, instance.service_id)
        if running is None or running.stopped:
            continue
        deploy: Config = part(service_config(environment, instance.service_id), "deploy")
        limits: Config = part(part(deploy, "limitOverride"), "containers")
        replicas = sum(placed.get("numReplicas", 1) for placed in part(deploy, "multiRegionConfig").values())
        vcpus = limits.get("cpu") or USUAL_VCPUS
        memory_gb = (limits.get("memoryBytes") or USUAL_MEMORY_GB * GB_IN_BYTES) / GB_IN_BYTES
        found["CPU_LIMIT"] += replicas * vcpus * MINUTES
        found["CPU_USAGE"] += replicas * vcpus * CPU_LOAD * MINUTES
        found["MEMORY_LIMIT_GB"] += replicas * memory_gb * MINUTES
        found["MEMORY_USAGE_GB"] += replicas * memory_gb * MEMORY_LOAD * MINUTES
        found["NETWORK_TX_GB"] += replicas * TRAFFIC_GB
        found["NETWORK_RX_GB"] += replicas * TRAFFIC_GB
    for disk in cloud.state.volume_instances.values():
        if disk.environment_id == environment.id and disk.deleted_at is None:
            full_gb = disk.size_mb / GB_IN_MB * DISK_LOAD
            found["DISK_USAGE_GB"] += full_gb * MINUTES
            found["BACKUP_USAGE_GB"] += full_gb * len(disk.backup_schedules) * MINUTES
    found["CPU_USAGE_2"] = found["CPU_USAGE"]
    return found


def _projects(caller: Caller, arguments: Arguments) -> list[Project]:
    if arguments.get("projectId") is not None:
        return [caller.project(arguments["projectId"])]
    if arguments.get("workspaceId") is None:
        raise invalid("projectId or workspaceId must be given")
    workspace = caller.workspace(arguments["workspaceId"])
    every = caller.cloud.state.projects.values()
    return [project for project in every if project.workspace_id == workspace.id and project.deleted_at is None]


def _estimated(caller: Caller, arguments: Arguments) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for project in _projects(caller, arguments):
        parts = [_of_environment(caller.cloud, each) for each in caller.cloud.environments_of(project.id)]
        found += [
            {
                "projectId": project.id,
                "measurement": measurement,
                "estimatedValue": sum(amounts.get(measurement, 0.0) for amounts in parts),
            }
            for measurement in arguments["measurements"]
        ]
    return found


QUERIES: Operations = {"estimatedUsage": _estimated}
