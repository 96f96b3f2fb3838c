"""A disk mounted into one service, with its size and backup schedules.

Owns the volume and its instance in one environment. The disk is attached while its service is still empty, so this
starts no deployment. Deliberately refuses to shrink in place: Railway cannot, so a smaller size is a replacement, which
is visible in the preview, and loses the data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final

from pulumi_provider.declaration import Context, Property, Resource
from pulumi_provider.errors import InitializationFailed
from pulumiverse_railway import rules
from railway_api.documents.storage import VOLUME_CREATE, VOLUME_DELETE, VOLUME_INSTANCE_UPDATE, VOLUME_UPDATE
from railway_api.environment import Environment
from railway_api.errors import Exists, NotFound, Opaque, OutcomeUnknown, RailwayError
from railway_api.failure import Failure
from railway_api.relay import nodes
from railway_api.retries import UNSEEN_S, retry_on, wait_for
from railway_api.snapshot import Snapshot

from .shared import checks
from .shared.scopes import EnvironmentScoped, choice, claimed, commit, delete, environment_of, join, railway, split

if TYPE_CHECKING:
    from railway_api.scalars import EnvironmentConfig, VolumeConfig, VolumeMountConfig


LISTED_S: Final = 120.0
"""Time for which a volume may be missing from the list, in API time: 90 s were observed."""
ID_PARTS: Final = ("project id", "environment id", "volume id")


class BackupSchedule(StrEnum):
    """The schedule of a volume's backups (API: VolumeInstanceBackupScheduleKind)."""

    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"


@dataclass(frozen=True, kw_only=True)
class VolumeInputs(EnvironmentScoped):
    """Inputs of a volume."""

    service_id: Annotated[
        str,
        Property(
            "Railway's id of the service that mounts it; one volume per service; moved in place (API: serviceId)."
        ),
    ]
    mount_path: Annotated[str, Property("Absolute path in the container (API: mountPath).", check=rules.mount_path)]
    name: Annotated[
        str | None,
        Property(
            "Name, unique in the project (API: name). Default: Railway makes one.",
            check=checks.name,
            keeps_when_unset=True,
        ),
    ] = None
    size_mb: Annotated[
        int | None,
        Property(
            "Capacity in MB, at least: one that is larger is no drift, since none shrinks. Grows in place; asking for "
            "less replaces the volume and loses its data. Default: what the plan gives (API: sizeMB).",
            check=rules.Between(1, 5_000_000, "MB"),
            keeps_when_unset=True,
        ),
    ] = None
    backup_schedules: Annotated[
        list[BackupSchedule] | None,
        Property(
            "Backup schedules; Railway keeps daily ones 6 days, weekly ones a month, monthly ones three. Default: none "
            "(API: backupSchedules).",
            check=checks.no_repetition,
        ),
    ] = None
    usage_alerts: Annotated[
        list[int] | None,
        Property(
            "Percentages of its capacity at which Railway alerts, such as 80 and 95. Default: those that Railway has "
            "for it, and none once they were taken away here (API: alerts.usage).",
            check=checks.percentages,
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class VolumeState(VolumeInputs):
    """A volume as it is."""

    volume_id: Annotated[str, Property("Railway's id of the volume (API: Volume.id).", stable=True)]
    volume_instance_id: Annotated[
        str,
        Property(
            "Railway's id of the volume in this environment, which backups go by (API: VolumeInstance.id).", stable=True
        ),
    ]


class Volume(Resource[VolumeInputs, VolumeState]):
    """A disk of a service. Its id is <project id>/<environment id>/<volume id>."""

    token = "railway:index:Volume"
    inputs_type, state_type = VolumeInputs, VolumeState
    delete_before_replace = True

    def replaced_by(self, old: VolumeState, new: Mapping[str, Any]) -> Sequence[str]:
        """Return the properties that replace it: a volume never shrinks."""
        size_mb = new.get("size_mb")
        shrinks = isinstance(size_mb, int) and old.size_mb is not None and size_mb < old.size_mb
        return ("size_mb",) if shrinks else ()

    async def create(self, context: Context, new: VolumeInputs) -> tuple[str, VolumeState]:
        """Create the disk in its service, then set its size, schedules and name."""
        environment = environment_of(context, new.project_id, new.environment_id)
        snapshot = await environment.snapshot()
        disk = _left_over(snapshot, new)
        if disk is None and snapshot.mounted(new.service_id):
            disk = await _appeared(context, environment, new)
        if disk is None:
            disk = await _in_turn(context, environment, new)
        else:
            await context.info(f"took over volume {disk.volume_id}, which the service mounts already")
        id = join(new.project_id, new.environment_id, disk.volume_id)
        if not claimed(context, environment, disk.volume_id, id):
            raise Failure(f"two resources are the volume of service {new.service_id}: a service has one volume")
        if disk.instance_id is None:
            raise InitializationFailed(id, {**asdict(new), "volume_id": disk.volume_id}, [_hidden(new)])
        state = VolumeState(**asdict(new), volume_id=disk.volume_id, volume_instance_id=disk.instance_id)
        # What exists is kept from here on; an update completes it.
        try:
            await _complete(context, environment, state.volume_id, new)
        except Failure as failure:
            raise InitializationFailed(id, await _as_it_is(environment, state), [str(failure)]) from failure
        return id, state

    async def read(self, context: Context, id: str, old: VolumeState | None) -> VolumeState | None:
        """Return the disk; deleted ones, which Railway lists for 48 hours, count as gone."""
        project_id, environment_id, volume_id = split(id, *ID_PARTS)
        snapshot = await environment_of(context, project_id, environment_id).snapshot_or_none()
        if snapshot is None or not snapshot.has_volume(volume_id):
            return None
        disk = snapshot.volumes.get(volume_id)
        service_id, mount = snapshot.volume_mount(volume_id)
        if old is not None and service_id is None and _succeeded(snapshot, old):
            return None
        if disk is None:
            # Railway's lists lag behind a create; the configuration shows that the volume is there.
            if old is None:
                raise Failure(f"Railway does not list volume {volume_id} yet: import it in two minutes")
            return old
        schedules = [choice(BackupSchedule, kind) for kind in mount.get("backupSchedules") or ()]
        if old is not None and old.backup_schedules and set(schedules) == set(old.backup_schedules):
            schedules = old.backup_schedules
        return VolumeState(
            project_id=project_id,
            environment_id=environment_id,
            service_id=disk["serviceId"] or service_id or "",
            mount_path=disk["mountPath"],
            # What was never set is Railway's business and no drift; the list of names may lag behind that of disks.
            name=None if old and old.name is None else snapshot.volume_names.get(volume_id, old.name if old else None),
            size_mb=_size_seen(disk["sizeMB"], old),
            backup_schedules=None if old and old.backup_schedules is None else schedules or None,
            usage_alerts=_alerts_seen(snapshot, volume_id, old),
            volume_id=volume_id,
            volume_instance_id=disk["id"],
        )

    async def update(self, context: Context, id: str, old: VolumeState, new: VolumeInputs) -> VolumeState:
        """Move it, mount it elsewhere, grow it, rename it or change its schedules."""
        environment = environment_of(context, new.project_id, new.environment_id)
        if new.service_id != old.service_id:
            # The path goes along: what is left out here, Railway resets.
            moved = {"serviceId": new.service_id, "mountPath": new.mount_path}
            ids = {"volumeId": old.volume_id, "environmentId": new.environment_id}
            await environment.write(VOLUME_INSTANCE_UPDATE, input=moved, **ids)
        drop, calm = bool(old.backup_schedules), bool(old.usage_alerts)
        await _settle(context, environment, old.volume_id, new, drop=drop, calm=calm)
        instance_id = old.volume_instance_id
        if not instance_id:  # its creation ended before Railway listed it
            disk = await _appeared(context, environment, new)
            instance_id = disk and disk.instance_id
        if not instance_id:
            raise Failure(_hidden(new))
        return VolumeState(**asdict(new), volume_id=old.volume_id, volume_instance_id=instance_id)

    async def delete(self, context: Context, id: str, old: VolumeState) -> None:
        """Delete the disk with its data; Railway can restore it for 48 hours."""
        project_id, environment_id, volume_id = split(id, *ID_PARTS)
        environment = environment_of(context, project_id, environment_id)
        await delete(
            context,
            environment,
            lambda: environment.write(VOLUME_DELETE, volumeId=volume_id),
            lambda snapshot: snapshot.has_volume(volume_id),
        )


@dataclass(frozen=True)
class _Disk:
    """A volume in its environment."""

    volume_id: str
    instance_id: str | None
    """None while Railway does not list it."""


def _succeeded(snapshot: Snapshot, old: VolumeState) -> bool:
    """Tell whether its service mounts another disk in its place, a restored backup: the next create takes it over."""
    return any((mount or {}).get("mountPath") == old.mount_path for mount in snapshot.mounted(old.service_id).values())


def _left_over(snapshot: Snapshot, new: VolumeInputs) -> _Disk | None:
    """Return the disk that the service mounts already: one volume per service makes it the one that is meant."""
    for disk in snapshot.volumes.values():
        if disk["serviceId"] != new.service_id:
            continue
        if disk["mountPath"] != new.mount_path:
            id = join(new.project_id, new.environment_id, disk["volumeId"])
            raise Failure(
                f"service {snapshot.service_name(new.service_id)} has a volume at {disk['mountPath']} already, and a "
                f"service has one: import it with 'pulumi import railway:index:Volume <resource name> {id}'"
            )
        return _Disk(disk["volumeId"], disk["id"])
    return None


async def _in_turn(context: Context, environment: Environment, new: VolumeInputs) -> _Disk:
    """Return the new disk, once its turn has come; sizes of disks and settings of services then leave together."""
    creations = railway(context).create_cooldowns.volume
    with environment.preparing():
        return await creations.run(context, lambda: _create(context, environment, new))


async def _create(context: Context, environment: Environment, new: VolumeInputs) -> _Disk:
    """Return the new disk's instance, from the answer itself: lists may not show it for a minute and a half."""
    where = {"projectId": new.project_id, "environmentId": new.environment_id}
    inputs = {**where, "serviceId": new.service_id, "mountPath": new.mount_path}
    for last_attempt in (False, True):
        try:
            volume = await retry_on(context, lambda: environment.write(VOLUME_CREATE, input=inputs), on=(NotFound,))
        except (OutcomeUnknown, Opaque, Exists):
            if (disk := await _appeared(context, environment, new)) is not None:
                return disk
            if last_attempt:
                raise
        else:
            for instance in nodes(volume["volumeInstances"]):
                if instance["environmentId"] == new.environment_id:
                    return _Disk(volume["id"], instance["id"])
            try:
                return await _appeared(context, environment, new) or _Disk(volume["id"], None)
            except Failure:  # the volume exists, whatever the look for it ends in
                return _Disk(volume["id"], None)
    raise AssertionError("the last attempt returns or raises")


def _hidden(new: VolumeInputs) -> str:
    return f"Railway made a volume for service {new.service_id} but does not show it: run the command again"


async def _appeared(context: Context, environment: Environment, new: VolumeInputs) -> _Disk | None:
    """Return the disk, once the list shows it; None when nothing points to one.

    The list may lag by a minute and a half; the configuration shows much sooner whether there is anything to wait for.
    A wrong None does no harm: Railway refuses a second volume for the service.
    """
    mounted = False

    async def look() -> _Disk | None:
        nonlocal mounted
        environment.forget()
        snapshot = await environment.snapshot()
        mounted = bool(snapshot.mounted(new.service_id))
        return _left_over(snapshot, new)

    doing = "looking for a volume whose creation was not confirmed..."
    return await wait_for(context, look, doing=doing, for_s=lambda: LISTED_S if mounted else sum(UNSEEN_S))


async def _as_it_is(environment: Environment, state: VolumeState) -> VolumeState:
    """Return the state of a new disk with what Railway has of its settings, not with what was asked for."""
    try:
        snapshot = await environment.snapshot()
    except RailwayError:
        return replace(state, name=None, size_mb=None, backup_schedules=None, usage_alerts=None)
    size_mb = _entry(snapshot, state.volume_id).get("sizeMB")
    schedules = set(snapshot.volume_mount(state.volume_id)[1].get("backupSchedules") or ())
    asked_for = state.backup_schedules or []
    return replace(
        state,
        name=None if state.name is None else snapshot.volume_names.get(state.volume_id),
        size_mb=None if size_mb is None else _size_seen(size_mb, state),
        backup_schedules=[each for each in asked_for if each in schedules] or None,
        usage_alerts=_alerts_seen(snapshot, state.volume_id, state),
    )


def _size_seen(size_mb: int, old: VolumeState | None) -> int | None:
    """Return the size as far as it matters: what was never set is Railway's, and more than asked for will do."""
    if old is None:
        return size_mb
    return None if old.size_mb is None else min(size_mb, old.size_mb)


def _entry(snapshot: Snapshot, volume_id: str) -> VolumeConfig:
    """Return what the configuration says of a volume, empty when it says nothing."""
    return (snapshot.config.get("volumes") or {}).get(volume_id) or {}


def _alerts(snapshot: Snapshot, volume_id: str) -> list[int]:
    """Return the percentages at which Railway alerts, in order."""
    usage = (_entry(snapshot, volume_id).get("alerts") or {}).get("usage") or {}
    return sorted(int(each) for each, alert in usage.items() if alert is not None and each.isdigit())


def _alerts_seen(snapshot: Snapshot, volume_id: str, old: VolumeState | None) -> list[int] | None:
    """Return the alerts as far as they matter: what was never set is Railway's business, and order is none."""
    if old is not None and old.usage_alerts is None:
        return None
    alerts = _alerts(snapshot, volume_id)
    return old.usage_alerts if old and sorted(old.usage_alerts or ()) == alerts else alerts or None


def _other_alerts(snapshot: Snapshot, volume_id: str, desired: list[int]) -> dict[str, dict[str, object] | None]:
    """Return what makes Railway's alerts the wanted ones: a merge forgets only what is null."""
    current = _alerts(snapshot, volume_id)
    new: dict[str, dict[str, object] | None] = {str(each): {} for each in desired if each not in current}
    return new | {str(each): None for each in current if each not in desired}


async def _complete(context: Context, environment: Environment, volume_id: str, new: VolumeInputs) -> None:
    """Settle a new disk; one that Railway made larger than asked for, and does not shrink, is kept as it is."""
    try:
        await _settle(context, environment, volume_id, new, drop=False, fresh=True)
    except RailwayError as refused:
        try:
            given_mb = _entry(await environment.snapshot(), volume_id).get("sizeMB")
        except RailwayError:
            raise refused from None
        if new.size_mb is None or given_mb is None or given_mb <= new.size_mb:
            raise
        await context.warn(
            f"the volume has {given_mb} MB, not {new.size_mb}, and Railway does not shrink it: {refused}"
        )
        await _settle(context, environment, volume_id, replace(new, size_mb=None), drop=False)


async def _settle(
    context: Context,
    environment: Environment,
    volume_id: str,
    new: VolumeInputs,
    *,
    drop: bool,
    calm: bool = False,
    fresh: bool = False,
) -> None:
    """Bring size, mount and schedules to what is wanted in one commit, then the name.

    Compared is what is there, not what the state says: of a half-made volume the state knows only what was asked for.
    ``drop`` says that schedules which are not wanted were, so they go, ``calm`` the same of alerts; ``fresh`` that
    nothing is stored yet, so that the size may still become smaller.
    """

    def build(snapshot: Snapshot) -> EnvironmentConfig:
        _, current_mount = snapshot.volume_mount(volume_id)
        patch: EnvironmentConfig = {}
        settings: VolumeConfig = {}
        size_mb = _entry(snapshot, volume_id).get("sizeMB")
        if new.size_mb is not None and (size_mb is None or size_mb < new.size_mb or (fresh and size_mb > new.size_mb)):
            settings["sizeMB"] = new.size_mb
        if (new.usage_alerts or calm) and (usage := _other_alerts(snapshot, volume_id, new.usage_alerts or [])):
            settings["alerts"] = {"usage": usage}
        if settings:
            patch["volumes"] = {volume_id: settings}
        schedules: list[str] = [*(new.backup_schedules or ())]
        mount: VolumeMountConfig = {}
        if current_mount.get("mountPath") != new.mount_path:
            mount["mountPath"] = new.mount_path
        if (schedules or drop) and set(schedules) != set(current_mount.get("backupSchedules") or ()):
            mount = {"mountPath": new.mount_path, "backupSchedules": schedules}
        if mount:
            patch["services"] = {new.service_id: {"volumeMounts": {volume_id: mount}}}
        return patch

    await context.status("committing size and backups...")
    committed = await retry_on(context, lambda: commit(context, environment, build), on=(NotFound,))
    if new.name is not None and new.name != committed.after.volume_names.get(volume_id):
        await environment.write(VOLUME_UPDATE, volumeId=volume_id, input={"name": new.name})
