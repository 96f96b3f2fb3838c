"""A Railway volume with its backup schedule.

Owns the disk alone; what mounts it is a service. A volume holds data, so it is protected: Pulumi refuses to delete it
until protect=False is set.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import pulumi
from pydantic import Field

import pulumiverse_railway as railway
from components.arguments import Arguments, Backups, MountPath, UsageAlerts, VolumeGb
from components.checking import checked, derived
from components.existing import ExistingProject, ServiceReference, service_id_of
from components.inputs import VolumeInputs
from components.project import Project
from components.wiring import wired

MB_PER_GB = 1_000


class OffsiteBackups(Arguments):
    """The schedule of copies outside of Railway, and how long they are kept: ``railyard backup due`` reads it."""

    every: Literal["daily", "weekly", "monthly"] = "daily"
    """Interval between two backups."""
    keep_days: Annotated[int, Field(ge=1, le=3_650)] = 30
    """Days for which a backup is kept. The newest one always is."""
    recovery_minutes: Annotated[int, Field(ge=1, le=10_080)] | None = None
    """Minutes in which a restore has to be done (RTO): a rehearsal that takes longer is a problem. Default: none."""


class VolumeSettings(Arguments):
    """Settings of a volume."""

    mount_path: MountPath
    """Absolute path at which the service sees the volume."""
    size_gb: VolumeGb | None = None
    """Capacity in GB. Grows in place, never shrinks. Default: what the Railway plan gives."""
    backups: Backups = ()
    """Its backup schedules."""
    outside: OffsiteBackups | None = None
    """Schedule of the copies of its files to the stack's backup bucket. Default: never."""
    usage_alerts: UsageAlerts = ()
    """Percentages of its capacity at which Railway alerts, such as 80. Default: those that Railway itself sets."""


@dataclass(frozen=True, kw_only=True)
class VolumeArgs(VolumeInputs):
    """Arguments of a volume: its settings, and what it belongs to."""

    project: Project | ExistingProject
    """Project of the service."""
    service: ServiceReference
    """The service that mounts it: its resource, or Railway's id of it."""


class Volume(pulumi.ComponentResource):
    """A disk mounted into one service, and its backups."""

    volume_id: pulumi.Output[str]
    """Railway's id of the volume."""

    def __init__(self, name: str, args: VolumeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        checked_args = checked(name, wired(name, args, VolumeArgs), VolumeSettings)
        args = checked_args.args
        super().__init__("railyard:components:Volume", name, None, opts)
        volume = railway.Volume(
            f"{name}-disk",
            project_id=args.project.project_id,
            environment_id=args.project.environment_id,
            service_id=service_id_of(args.service),
            mount_path=args.mount_path,
            size_mb=derived(_megabytes, args.size_gb),
            backup_schedules=derived(_schedules, args.backups),
            usage_alerts=derived(_some, args.usage_alerts),
            opts=pulumi.ResourceOptions(parent=self, protect=True, depends_on=checked_args.depends_on),
        )
        self.volume_id = volume.volume_id
        self.register_outputs({"volumeId": self.volume_id})


def _megabytes(size_gb: int | None) -> int | None:
    return None if size_gb is None else size_gb * MB_PER_GB


def _schedules(backups: Sequence[str]) -> list[str] | None:
    return [kind.upper() for kind in backups] or None


def _some(percentages: Sequence[int]) -> list[int] | None:
    return list(percentages) or None
