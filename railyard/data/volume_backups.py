"""Railway's backups of volumes: finding, making, deleting and bringing one back.

Owns the requests. The commands ask for permission.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import Final

from railway_api.answers import VolumeInstanceBackup
from railway_api.client import Client
from railway_api.deployment_failures import FAILURE_BY_STATUS, describe_failure
from railway_api.documents.environment import STAGED_COMMIT
from railway_api.documents.storage import BACKUP_CREATE, BACKUP_DELETE, BACKUP_RESTORE, BACKUP_SCHEDULES, BACKUPS
from railway_api.errors import OutcomeUnknown
from railyard.accounts.railway_client import UNKNOWN, Railway, follow, poll_s, staged
from railyard.accounts.running_services import Disk, RunningService, RunningSystem
from railyard.accounts.running_services_query import running_systems
from railyard.data.dumps import time_now
from railyard.shared.console import CallError, OperationError
from railyard.shared.stack import Stack
from stacks.project_folder import RAILYARD

_OWN: Final = re.compile(r"railyard-\d{4}-\d{2}-\d{2}T\d{6}Z")
"""The names that ``make`` gives: backups that a user named are never deleted, however they begin."""
HEALTHY_S: Final = 900.0
"""Seconds until a service has to be healthy on its restored volume."""


@dataclass(frozen=True, kw_only=True)
class Backup:
    """One backup of a volume."""

    id: str
    name: str
    created_at: str
    expires_at: str | None
    """Time at which Railway deletes it by itself; None: never."""
    used_mb: int | None
    scheduled: bool

    @property
    def own(self) -> bool:
        """Tell whether this project named and made it, and may delete it."""
        return not self.scheduled and _OWN.fullmatch(self.name) is not None


@dataclass(frozen=True, kw_only=True)
class ServiceVolume:
    """A volume with its backups, newest first."""

    where: str
    """``netia/postgres``."""
    system: RunningSystem
    service: RunningService
    disk: Disk
    schedules: tuple[str, ...] = ()
    backups: tuple[Backup, ...] = ()

    def backup(self, name: str, stack: str) -> Backup:
        """Return the backup with this name, or an id that begins so, or the ``latest``; raises ``CallError``."""
        if name == "latest" and self.backups:
            return self.backups[0]
        matching = [each for each in self.backups if each.name == name or each.id.startswith(name)]
        if len(matching) != 1:
            how = "no" if not matching else "more than one"
            raise CallError(f"{self.where} has {how} backup {name!r}: {RAILYARD} backup list {self.where} -s {stack}")
        return matching[0]


async def backed_up(railway: Railway, stack: Stack, where: str | None, *, backups: bool = True) -> list[ServiceVolume]:
    """Return the volumes of a stack, a system or a service; raises ``CallError`` when there is none of the name."""
    system_name, _, service_name = (where or "").partition("/")
    systems = await running_systems(railway, stack, [system_name] if system_name else [])
    volumes = [
        ServiceVolume(where=f"{system.name}/{service.name}", system=system, service=service, disk=disk)
        for system in systems
        for service in system.services
        for disk in service.disks
        if service_name in ("", service.name)
    ]
    if where and not volumes:
        if any(
            each.service_id and each.declared and each.declared.args.volume
            for system in systems
            for each in system.services
            if service_name in ("", each.name)
        ):
            raise OperationError(
                f"Railway lists no volume of {where} in {stack.name}, and its settings have one: a new one is listed a "
                f"minute or two after it was made; {RAILYARD} drift -s {stack.name} tells whether it is there"
            )
        if all(each.project_id is None for each in systems):
            projects = ", ".join(each.project_name for each in systems)
            raise OperationError(f"{stack.name} has no project {projects} on Railway: bring it up first")
        raise CallError(f"{where} has no volume in {stack.name}: {RAILYARD} backup list -s {stack.name}")
    return (
        list(await asyncio.gather(*(_with_backups(railway.of(each.system.name), each) for each in volumes)))
        if backups
        else volumes
    )


async def one_volume(railway: Railway, stack: Stack, where: str, *, backups: bool = True) -> ServiceVolume:
    """Return the one volume that ``where`` names; raises ``CallError`` for several."""
    volumes = await backed_up(railway, stack, where, backups=backups)
    if len(volumes) != 1:
        names = ", ".join(each.where for each in volumes)
        raise CallError(f"{where} has several volumes: name one of {names}" if names else f"{where!r} has no volume")
    return volumes[0]


async def _with_backups(client: Client, volume: ServiceVolume) -> ServiceVolume:
    instance = {"volumeInstanceId": volume.disk.instance_id}
    listed, schedules = await asyncio.gather(
        client.call(BACKUPS, **instance), client.call(BACKUP_SCHEDULES, **instance)
    )
    backups = sorted(map(_backup, listed), key=lambda each: each.created_at, reverse=True)
    return ServiceVolume(
        where=volume.where,
        system=volume.system,
        service=volume.service,
        disk=volume.disk,
        schedules=tuple(str(each["kind"]).lower() for each in schedules),
        backups=tuple(backups),
    )


def _backup(node: VolumeInstanceBackup) -> Backup:
    return Backup(
        id=node["id"],
        name=node["name"] or "",
        created_at=node["createdAt"],
        expires_at=node["expiresAt"],
        used_mb=node["usedMB"],
        scheduled=node["scheduleId"] is not None,
    )


async def make(client: Client, volume: ServiceVolume, name: str | None = None) -> Backup:
    """Make a backup, and return it once it is there; raises ``OperationError`` with Railway's reason when it fails."""
    name = name or f"railyard-{time_now()}"
    former_ids = {each.id for each in (await _with_backups(client, volume)).backups}
    try:
        created = await client.call(BACKUP_CREATE, volumeInstanceId=volume.disk.instance_id, name=name)
        await follow(client, created["workflowId"], f"the backup of {volume.where}")
    except OutcomeUnknown:
        pass  # If it was begun, it shows up under its name.
    for _ in range(UNKNOWN):
        for backup in (await _with_backups(client, volume)).backups:
            if backup.name == name and backup.id not in former_ids:
                return backup
        await client.clock.sleep(poll_s(client))
    raise OperationError(f"Railway said that it backed up {volume.where}, but lists no {name}: run the command again")


async def thin_out(client: Client, volume: ServiceVolume, keep: int) -> list[Backup]:
    """Delete all but the newest ``keep`` of the backups that this project made; return the deleted ones."""
    own = [each for each in (await _with_backups(client, volume)).backups if each.own]
    outdated = own[keep:]
    for each in outdated:
        ids = {"volumeInstanceId": volume.disk.instance_id, "volumeInstanceBackupId": each.id}
        begun = await client.call(BACKUP_DELETE, **ids)
        await follow(client, begun["workflowId"], f"deleting backup {each.name} of {volume.where}")
    return outdated


async def bring_back(client: Client, volume: ServiceVolume, backup: Backup) -> None:
    """Let Railway make a volume of the backup and mount it in place of the present one, which deploys the service."""
    ids = {"volumeInstanceId": volume.disk.instance_id, "volumeInstanceBackupId": backup.id}
    begun = await client.call(BACKUP_RESTORE, **ids)
    await follow(client, begun["workflowId"], f"restoring {volume.where}")
    if not await staged(client, volume.system.environment_id):
        raise OperationError(
            f"Railway restored backup {backup.name} of {volume.where}, but staged no change of the service: "
            "look at the project in the dashboard; the service still has its present volume"
        )
    message = f"railyard: restore {volume.where} from {backup.name}"
    where = volume.system.environment_id
    workflow_id = await client.call(STAGED_COMMIT, environmentId=where, commitMessage=message)
    await follow(client, workflow_id, f"mounting the restored volume of {volume.where}")


async def healthy_again(railway: Railway, stack: Stack, volume: ServiceVolume) -> ServiceVolume:
    """Return the volume that the service has now, once a new deployment is healthy on it; raises ``OperationError``."""
    client, before = railway.client, volume.service.latest
    until = client.clock.now() + HEALTHY_S
    while client.clock.now() < until:
        await client.clock.sleep(poll_s(client))
        (system,) = await running_systems(railway, stack, [volume.system.name])
        service = system.service(volume.service.name)
        latest = service.latest if service else None
        if service is None or latest is None or latest.id == (before and before.id):
            continue
        disk = next((each for each in service.disks if each.volume_id != volume.disk.volume_id), None)
        if service.proven and disk:
            return ServiceVolume(where=volume.where, system=system, service=service, disk=disk)
        if latest.status in FAILURE_BY_STATUS:
            raise OperationError(
                f"{volume.where} is not healthy on the restored volume: "
                f"deployment {latest.id[:8]} {describe_failure(latest.status)}"
            )
    raise OperationError(f"{volume.where} is not healthy {HEALTHY_S / 60:.0f} minutes after the restore")
