"""A Railway volume with its backup schedule.

Owns the disk alone; what mounts it is a service. A volume holds data, so it is protected: Pulumi refuses to delete it
until somebody lifts the protection.
"""

from __future__ import annotations

from typing import Annotated, Literal

import pulumi
from pydantic import Field

import pulumiverse_railway as railway
from components.arguments import Arguments, Backups, MountPath, UsageAlerts, VolumeGb
from components.project import Project

MB_PER_GB = 1_000


class OutsideBackups(Arguments):
    """The schedule of copies outside of Railway, and how long they are kept: ``railyard backup due`` goes by it."""

    every: Literal["daily", "weekly", "monthly"] = "daily"
    """How often one is made."""
    keep_days: Annotated[int, Field(ge=1, le=3_650)] = 30
    """How many days one is kept. The newest always is."""
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
    outside: OutsideBackups | None = None
    """When its files are copied to the stack's backup bucket. Default: never."""
    usage_alerts: UsageAlerts = ()
    """Percentages of its capacity at which Railway alerts, such as 80. Default: those that Railway itself sets."""


class Volume(pulumi.ComponentResource):
    """A disk mounted into one service, and its backups."""

    volume_id: pulumi.Output[str]
    """Railway's id of the volume."""

    def __init__(
        self,
        name: str,
        args: VolumeSettings,
        *,
        project: Project,
        service: railway.Service,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("railyard:components:Volume", name, None, opts)
        volume = railway.Volume(
            f"{name}-disk",
            project_id=project.project_id,
            environment_id=project.environment_id,
            service_id=service.service_id,
            mount_path=args.mount_path,
            size_mb=None if args.size_gb is None else args.size_gb * MB_PER_GB,
            backup_schedules=[kind.upper() for kind in args.backups] or None,
            usage_alerts=list(args.usage_alerts) or None,
            opts=pulumi.ResourceOptions(parent=self, protect=True),
        )
        self.volume_id = volume.volume_id
        self.register_outputs({"volumeId": self.volume_id})
