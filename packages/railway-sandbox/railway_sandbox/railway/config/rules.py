"""Rules of Railway for the settings of a service or a volume, and what it sets by itself.

Owns the rules on complete settings, for every way in which they can be changed.
"""

from __future__ import annotations

from typing import Any

from railway_sandbox.railway import regions
from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.railway.config.cron import shortest_gap_minutes
from railway_sandbox.railway.errors import Refused, invalid, size_beyond_plan, upgrade
from railway_sandbox.railway.plans import GB_IN_BYTES
from railway_sandbox.railway.records import Config, VolumeInstance, part

SHORTEST_CRON_INTERVAL_MINUTES = 5


def force(config: Config) -> None:
    """Set what Railway sets by itself: cron jobs never restart, a Dockerfile path means the Dockerfile builder."""
    deploy: Config = part(config, "deploy")
    build: Config = part(config, "build")
    if deploy.get("cronSchedule"):
        deploy["restartPolicyType"] = "NEVER"
    if build.get("dockerfilePath"):
        build["builder"] = "DOCKERFILE"


def check_service(config: Config, *, mounts: int) -> None:
    """Refuse settings that Railway takes on no plan; ``mounts`` is the number of volumes the service has with them."""
    deploy: Config = part(config, "deploy")
    build: Config = part(config, "build")
    source: Config = part(config, "source")
    if mounts > 1:
        raise Refused("A volume is already in use by this service: only one volume per service is supported")
    _check_replicas(deploy, mounts=mounts)
    limits: Config = part(part(deploy, "limitOverride"), "containers")
    if any(value is not None and value <= 0 for value in limits.values()):
        raise invalid("limitOverride")
    if source.get("image") and source.get("repo"):
        raise invalid("source: image and repo")
    _check_updates(source)
    if deploy.get("preDeployTimeoutSeconds") is not None and deploy["preDeployTimeoutSeconds"] < 1:
        raise invalid("preDeployTimeoutSeconds")
    if build.get("buildCommand") and build.get("buildCommand") == deploy.get("startCommand"):
        raise Refused("buildCommand and startCommand cannot be identical")
    path = deploy.get("healthcheckPath")
    if path and not path.startswith("/"):
        raise invalid("healthcheckPath")
    if deploy.get("healthcheckTimeout") is not None and deploy["healthcheckTimeout"] < 1:
        raise invalid("healthcheckTimeout")
    if deploy.get("cronSchedule"):
        check_cron(deploy["cronSchedule"])
    command: Any = deploy.get("preDeployCommand")
    if isinstance(command, list) and len(command) > 1:  # pyright: ignore[reportUnknownArgumentType]
        raise Refused("Error in preDeployCommand - Invalid input")


def _check_updates(source: Config) -> None:
    """Refuse updates of what has no newer version to be found, and windows that end before they begin."""
    updates: Config = part(source, "autoUpdates")
    if updates.get("type") not in (None, "disabled"):
        registry, slash, _ = (source.get("image") or "").partition("/")
        elsewhere = slash and ("." in registry or ":" in registry) and registry not in ("docker.io", "ghcr.io")
        if not source.get("image") or elsewhere:
            raise invalid("source.autoUpdates")
    schedule: list[Config] | None = updates.get("schedule")
    if schedule is not None and (not schedule or any(each["endHour"] <= each["startHour"] for each in schedule)):
        raise invalid("source.autoUpdates.schedule")


def replicas_of(config: Config) -> int:
    """Return how many replicas the settings of a service ask for: an entry without a number is none."""
    placed: Config = part(part(config, "deploy"), "multiRegionConfig")
    return sum(entry.get("numReplicas") or 0 for entry in placed.values())


def _check_replicas(deploy: Config, *, mounts: int) -> None:
    placed: Config = part(deploy, "multiRegionConfig")
    for region, entry in placed.items():
        if not regions.known(region):
            raise invalid(f"multiRegionConfig.{region}")
        if entry.get("numReplicas") is not None and entry["numReplicas"] < 1:
            raise invalid("numReplicas")
    replicas = replicas_of({"deploy": deploy})
    if replicas > 1 and mounts:
        raise Refused("Services with a volume cannot have more than one replica")
    if replicas > 1 and deploy.get("cronSchedule"):
        raise Refused("Services with a cron schedule cannot have more than one replica")


def check_plan(cloud: RailwayCloud, config: Config) -> None:
    """Refuse what the plan does not include. A patch learns of it when it is applied, not when it is committed."""
    plan = cloud.plan
    deploy: Config = part(config, "deploy")
    replicas = replicas_of(config)
    if replicas > plan.max_replicas_per_service:
        raise upgrade(f"Your plan is limited to {plan.max_replicas_per_service} replicas per service.")
    if deploy.get("registryCredentials") and not plan.private_registries:
        raise upgrade("Private registries are available on the Pro plan.")
    if not plan.always_restart:
        if deploy.get("restartPolicyType") == "ALWAYS":
            raise upgrade("The restart policy ALWAYS is not available on your plan.")
        if (deploy.get("restartPolicyMaxRetries") or 0) > 10:
            raise upgrade("Your plan is limited to 10 restarts.")
    containers: Config = part(part(deploy, "limitOverride"), "containers")
    # The plan counts the replicas of a service together.
    if (containers.get("cpu") or 0) * replicas > plan.max_vcpus_per_service:
        raise upgrade(f"Your plan is limited to {plan.max_vcpus_per_service:g} vCPU per service.")
    if (containers.get("memoryBytes") or 0) * replicas > plan.max_memory_gb_per_service * GB_IN_BYTES:
        raise upgrade(f"Your plan is limited to {plan.max_memory_gb_per_service:g} GB of memory per service.")


def check_cron(schedule: str) -> None:
    """Refuse an invalid cron schedule (five fields), and one that runs more often than every five minutes."""
    try:
        gap = shortest_gap_minutes(schedule)
    except ValueError:
        raise invalid("cronSchedule") from None
    if gap < SHORTEST_CRON_INTERVAL_MINUTES:
        raise invalid("cronSchedule: the shortest interval is 5 minutes")


def check_volume_size(cloud: RailwayCloud, disk: VolumeInstance | None, size_mb: int) -> None:
    """Refuse a size beyond the plan, or smaller than a disk with data; checked when a patch is applied."""
    if size_mb > cloud.plan.max_volume_mb:
        raise size_beyond_plan(cloud.plan.max_volume_mb)
    if disk is not None and size_mb < disk.size_mb and disk.written:
        raise Refused("Volume size can only be increased")
