"""The volume part of a patch: presence, size and region of volumes, and where they are mounted.

A patch never deletes a volume. The volume operations stand in ``storage.volumes``.
"""

from __future__ import annotations

from railway_sandbox.railway import regions
from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.railway.config.rules import check_volume_size
from railway_sandbox.railway.errors import Refused, invalid, not_found
from railway_sandbox.railway.records import Config, Environment, VolumeInstance, of_service, part

HIGHEST_ALERT = 100
"""Percentage of a volume's capacity."""
MIGRATION_S = 60.0
"""Seconds that a volume's migration to another region takes."""


def disk_of(cloud: RailwayCloud, environment_id: str, volume_id: str) -> VolumeInstance | None:
    """Return the live instance of a volume in an environment, if there is one."""
    for disk in cloud.state.volume_instances.values():
        if (disk.environment_id, disk.volume_id, disk.deleted_at) == (environment_id, volume_id, None):
            return disk
    return None


def check(cloud: RailwayCloud, environment: Environment, patch: Config) -> None:
    """Refuse volumes that do not exist, invalid sizes and regions, and mounts of what another service mounts."""
    for volume_id, entry in part(patch, "volumes").items():
        volume = cloud.state.volumes.get(volume_id)
        disk = disk_of(cloud, environment.id, volume_id)
        settings: Config = entry or {}
        foreign = volume is None or volume.project_id != environment.project_id or volume.deleted_at is not None
        if foreign or (disk is None and not settings.get("isCreated")):
            raise not_found("VolumeInstance")
        if settings.get("sizeMB") is not None and settings["sizeMB"] < 1:
            raise invalid("sizeMB")
        if settings.get("region") is not None and not regions.known(settings["region"]):
            raise invalid(f"volumes.{volume_id}.region")
        _check_alerts(volume_id, settings)
    _check_mounts(cloud, environment, patch)


def _check_mounts(cloud: RailwayCloud, environment: Environment, patch: Config) -> None:
    mounted: set[str] = set()
    for service_id, entry in part(patch, "services").items():
        for volume_id, mount in part((entry or {}), "volumeMounts").items():
            disk = disk_of(cloud, environment.id, volume_id)
            if mount is None:
                continue
            if disk is None and volume_id not in part(patch, "volumes"):
                raise not_found("VolumeInstance")
            if volume_id in mounted or (disk is not None and disk.service_id not in (None, service_id)):
                raise Refused("Volume is already in use by another service")
            mounted.add(volume_id)
            path = mount.get("mountPath") or (disk and disk.mount_path)
            if not path or not path.startswith("/"):
                raise invalid(f"services.{service_id}.volumeMounts.{volume_id}.mountPath")


def _check_alerts(volume_id: str, settings: Config) -> None:
    for percentage in part(part(settings, "alerts"), "usage"):
        if not (percentage.isdecimal() and 0 < int(percentage) <= HIGHEST_ALERT):
            raise invalid(f"volumes.{volume_id}.alerts.usage.{percentage}")


def check_sizes(cloud: RailwayCloud, environment: Environment, patch: Config) -> None:
    """Refuse sizes that the plan or the data on the disk do not allow."""
    for volume_id, entry in part(patch, "volumes").items():
        settings: Config = entry or {}
        if settings.get("sizeMB") is not None:
            check_volume_size(cloud, disk_of(cloud, environment.id, volume_id), settings["sizeMB"])


def mounts_after(cloud: RailwayCloud, environment: Environment, service_id: str, entry: Config) -> set[str]:
    """Return the ids of the volumes that a service has once the patch is applied."""
    mounts = {disk.volume_id for disk in of_service(cloud.state.volume_instances, environment.id, service_id)}
    for volume_id, mount in part(entry, "volumeMounts").items():
        mounts = mounts - {volume_id} if mount is None else mounts | {volume_id}
    return mounts


def apply(cloud: RailwayCloud, environment: Environment, patch: Config, at: float) -> None:
    """Create volume instances, set sizes, move regions; ``null`` and ``isDeleted`` do nothing."""
    for volume_id, entry in part(patch, "volumes").items():
        settings: Config = entry or {}
        disk = disk_of(cloud, environment.id, volume_id)
        if disk is None:
            disk = VolumeInstance(
                id=cloud.new_id(),
                volume_id=volume_id,
                environment_id=environment.id,
                mount_path="/data",
                size_mb=cloud.plan.default_volume_mb,
                created_at=at,
                region=settings.get("region"),
            )
            cloud.state.volume_instances[disk.id] = disk
        disk.size_mb = settings.get("sizeMB") or disk.size_mb
        usage = part(part(settings, "alerts"), "usage")
        alerts = {each for each in disk.usage_alerts if usage.get(str(each), each) is not None}
        disk.usage_alerts = sorted(alerts | {int(each) for each, alert in usage.items() if alert is not None})
        if settings.get("region") and settings["region"] != disk.region:
            disk.region = settings["region"]
            disk.migrating_until = at + MIGRATION_S


def mount(cloud: RailwayCloud, environment: Environment, service_id: str, entry: Config, at: float) -> None:
    """Mount and unmount volumes, and set their backup schedules."""
    for volume_id, settings in part(entry, "volumeMounts").items():
        disk = disk_of(cloud, environment.id, volume_id)
        if disk is None:
            continue
        if settings is None:
            disk.service_id = None if disk.service_id == service_id else disk.service_id
            continue
        disk.service_id = service_id
        disk.mount_path = settings.get("mountPath") or disk.mount_path
        if "backupSchedules" in settings:
            set_schedules(disk, settings["backupSchedules"] or [], at)


def follow_region(cloud: RailwayCloud, environment: Environment, service_id: str, config: Config, at: float) -> None:
    """Let a service's volume go where the service went; its data take their time."""
    placed = list(part(part(config, "deploy"), "multiRegionConfig"))
    for disk in of_service(cloud.state.volume_instances, environment.id, service_id):
        if len(placed) == 1 and disk.region != placed[0]:
            disk.region = placed[0]
            disk.migrating_until = at + MIGRATION_S if disk.written else 0.0


def set_schedules(disk: VolumeInstance, kinds: list[str], at: float) -> None:
    """Replace the backup schedules."""
    disk.backup_schedules = {kind: disk.backup_schedules.get(kind, at) for kind in sorted(set(kinds))}
