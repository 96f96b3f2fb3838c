"""Backups of volumes: made on demand and by schedule, kept for a while, and brought back.

A restore follows https://docs.railway.com/volumes/backups: it stages a change that mounts a new volume at the same
path, keeps the former volume without a service, and deletes newer backups.
"""

from __future__ import annotations

from datetime import timedelta
from math import ceil
from typing import Any

from railway_sandbox.clock import EPOCH
from railway_sandbox.identifiers import uuid_of
from railway_sandbox.railway.access import Arguments, Caller, FieldResolvers, Operations
from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.railway.config.volumes import set_schedules
from railway_sandbox.railway.environments import config_patch, environments
from railway_sandbox.railway.errors import Refused, not_found
from railway_sandbox.railway.records import Config, Volume, VolumeBackup, VolumeInstance, Workflow, part
from railway_sandbox.railway.storage.volumes import instance_of, used_mb, workflows_of

DAY_S = 86_400
SCHEDULES = {
    "DAILY": ("0 0 * * *", 6 * DAY_S, DAY_S),
    "WEEKLY": ("0 0 * * 0", 30 * DAY_S, 7 * DAY_S),
    "MONTHLY": ("0 0 1 * *", 90 * DAY_S, 30 * DAY_S),
}
"""Cron schedule, retention and period in seconds of each kind of backup."""
MAKING_S = 5.0
RESTORING_S = 20.0
MANUAL_SHARE = 0.5
"""A backup on demand may hold this part of the volume's capacity."""
UNATTACHED = "Volume instance is not attached to a service"


def _schedule_id(disk: VolumeInstance, kind: str) -> str:
    return uuid_of(f"{disk.id}/{kind}")


def _schedule_of(caller: Caller, backup: VolumeBackup, _arguments: Arguments) -> str | None:
    disk = caller.cloud.state.volume_instances[backup.volume_instance_id]
    return _schedule_id(disk, backup.schedule) if backup.schedule else None


def _schedules(caller: Caller, arguments: Arguments) -> list[dict[str, Any]]:
    disk = instance_of(caller, arguments["volumeInstanceId"])
    return [
        {
            "id": _schedule_id(disk, kind),
            "kind": kind,
            "name": kind.capitalize(),
            "cron": SCHEDULES[kind][0],
            "retentionSeconds": SCHEDULES[kind][1],
            "createdAt": created_at,
        }
        for kind, created_at in disk.backup_schedules.items()
    ]


def _schedules_update(caller: Caller, arguments: Arguments) -> bool:
    disk = instance_of(caller, arguments["volumeInstanceId"])
    if disk.deleted_at is not None:
        raise not_found("VolumeInstance")
    set_schedules(disk, arguments["kinds"], caller.now)
    return True


def _make_scheduled(cloud: RailwayCloud, disk: VolumeInstance) -> None:
    """Make the backups that were due since the schedules were set, as far as they are still kept."""
    now = cloud.now() if disk.deleted_at is None else disk.deleted_at
    for kind, enabled_at in disk.backup_schedules.items():
        _, retention_s, period_s = SCHEDULES[kind]
        first = max(ceil((enabled_at + 1) / period_s), ceil((now - retention_s) / period_s))
        for number in range(first, int(now // period_s) + 1):
            backup_id = uuid_of(f"{disk.id}/{kind}/{number}")
            if backup_id not in cloud.state.volume_backups:
                at = float(number * period_s)
                backup = _backup(disk, backup_id, kind.capitalize(), at)
                backup.schedule, backup.expires_at = kind, at + retention_s
                cloud.files.copy(disk.id, backup_id)
                cloud.state.volume_backups[backup_id] = backup


def _backup(disk: VolumeInstance, id: str, name: str, at: float) -> VolumeBackup:
    return VolumeBackup(
        id=id, volume_instance_id=disk.id, name=name, created_at=at, used_mb=used_mb(disk), size_mb=disk.size_mb
    )


def _restorable(cloud: RailwayCloud, disk: VolumeInstance) -> list[VolumeBackup]:
    """Return the backups of a disk that can be restored, newest first."""
    _make_scheduled(cloud, disk)
    unfinished = {work.backup_id for work in workflows_of(cloud, disk) if not work.restores and not _is_complete(work)}
    backups = [
        backup
        for backup in cloud.state.volume_backups.values()
        if backup.volume_instance_id == disk.id
        and backup.id not in unfinished
        and backup.deleted_at is None
        and (backup.expires_at is None or backup.expires_at > cloud.now())
    ]
    return sorted(backups, key=lambda backup: backup.created_at, reverse=True)


def _is_complete(work: Workflow) -> bool:
    return work.done and work.error is None


def _list(caller: Caller, arguments: Arguments) -> list[VolumeBackup]:
    return _restorable(caller.cloud, instance_of(caller, arguments["volumeInstanceId"]))


def _one(caller: Caller, arguments: Arguments) -> tuple[VolumeInstance, VolumeBackup]:
    disk = instance_of(caller, arguments["volumeInstanceId"])
    for backup in _restorable(caller.cloud, disk):
        if backup.id == arguments["volumeInstanceBackupId"]:
            return disk, backup
    raise not_found("VolumeInstanceBackup")


def _begin(caller: Caller, disk: VolumeInstance, backup: VolumeBackup, after_s: float) -> Workflow:
    work = Workflow(
        id=caller.cloud.new_id(),
        environment_id=disk.environment_id,
        done_at=caller.now + after_s,
        volume_instance_id=disk.id,
        backup_id=backup.id,
    )
    caller.cloud.state.workflows[work.id] = work
    return work


def _create(caller: Caller, arguments: Arguments) -> dict[str, str]:
    disk = instance_of(caller, arguments["volumeInstanceId"])
    if disk.service_id is None:
        raise Refused(UNATTACHED)
    backup = _backup(disk, caller.cloud.new_id(), arguments.get("name") or "Manual", caller.now)
    caller.cloud.state.volume_backups[backup.id] = backup
    caller.cloud.files.copy(disk.id, backup.id)
    work = _begin(caller, disk, backup, MAKING_S)
    if backup.used_mb > disk.size_mb * MANUAL_SHARE:
        work.error = "Backup exceeds 50% of the volume's total size: grow the volume to create a manual backup"
    return {"workflowId": work.id}


def _delete(caller: Caller, arguments: Arguments) -> dict[str, str]:
    disk, backup = _one(caller, arguments)
    backup.deleted_at = caller.now
    return {"workflowId": _begin(caller, disk, backup, MAKING_S).id}


def _lock(caller: Caller, arguments: Arguments) -> bool:
    _, backup = _one(caller, arguments)
    backup.expires_at = None
    return True


def _restore(caller: Caller, arguments: Arguments) -> dict[str, str]:
    disk, backup = _one(caller, arguments)
    if disk.service_id is None:
        raise Refused(UNATTACHED)
    if any(not work.done for work in workflows_of(caller.cloud, disk)):
        raise Refused("Another operation is in progress on this volume, please try again")
    work = _begin(caller, disk, backup, RESTORING_S)
    work.restores = True
    return {"workflowId": work.id}


def finish_due(cloud: RailwayCloud) -> None:
    """Finish what has had its time; a restore brings its new volume and stages it."""
    for work in cloud.state.workflows.values():
        if not work.done and work.done_at <= cloud.now():
            work.done = True
            if work.restores:
                _bring_back(cloud, work)
            cloud.touch()


def _bring_back(cloud: RailwayCloud, work: Workflow) -> None:
    disk = cloud.state.volume_instances[work.volume_instance_id]
    if disk.service_id is None:
        work.error = UNATTACHED
        return
    backup = cloud.state.volume_backups[work.backup_id]
    old = cloud.state.volumes[disk.volume_id]
    name = f"{EPOCH + timedelta(seconds=backup.created_at):%Y-%m-%dT%H:%M:%SZ}"
    new = Volume(
        id=cloud.new_id(), project_id=old.project_id, name=name, created_at=work.done_at, listed_at=work.done_at
    )
    copy = disk.model_copy(
        update={
            "id": cloud.new_id(),
            "volume_id": new.id,
            "service_id": None,
            "created_at": work.done_at,
            "used_mb": backup.used_mb,
            "backup_schedules": dict(disk.backup_schedules),
        }
    )
    cloud.state.volumes[new.id] = new
    cloud.state.volume_instances[copy.id] = copy
    cloud.files.copy(backup.id, copy.id)
    for each in _restorable(cloud, disk):
        if each.created_at > backup.created_at:
            each.deleted_at = work.done_at
        else:
            each.volume_instance_id = copy.id
    mount: Config = {"mountPath": disk.mount_path, "backupSchedules": sorted(disk.backup_schedules)}
    patch: Config = {"services": {disk.service_id: {"volumeMounts": {disk.volume_id: None, new.id: mount}}}}
    environment = cloud.state.environments[work.environment_id]
    waiting = config_patch.staged(cloud, environment.id)
    merged = environments.merge_patches(part(waiting.model_dump(), "patch") if waiting else {}, patch)
    config_patch.stage(cloud, environment, merged, work.done_at)


QUERIES: Operations = {
    "volumeInstanceBackupList": _list,
    "volumeInstanceBackupScheduleList": _schedules,
}
MUTATIONS: Operations = {
    "volumeInstanceBackupCreate": _create,
    "volumeInstanceBackupDelete": _delete,
    "volumeInstanceBackupLock": _lock,
    "volumeInstanceBackupRestore": _restore,
    "volumeInstanceBackupScheduleUpdate": _schedules_update,
}
FIELDS: FieldResolvers = {
    "VolumeInstanceBackup.creatorId": lambda caller, backup, _: None if backup.schedule else caller.cloud.state.user_id,
    "VolumeInstanceBackup.externalId": lambda _caller, backup, _arguments: f"snap_{backup.id}",
    "VolumeInstanceBackup.referencedMB": lambda _caller, backup, _arguments: int(backup.used_mb),
    "VolumeInstanceBackup.scheduleId": _schedule_of,
    "VolumeInstanceBackup.usedMB": lambda _caller, backup, _arguments: int(backup.used_mb),
    "VolumeInstanceBackup.volumeInstanceSizeMB": lambda _caller, backup, _arguments: backup.size_mb,
}
