# Generated from the declarations of the provider. Do not edit: change those, and generate again.
"""The resource Volume of Railway."""

from collections.abc import Sequence
from typing import Any, Self, cast

import pulumi

from .enums import BackupSchedule

_TOKEN = "railway:index:Volume"


@pulumi.input_type
class _VolumeInputs:
    project_id: pulumi.Input[str] = pulumi.property("projectId")
    environment_id: pulumi.Input[str] = pulumi.property("environmentId")
    service_id: pulumi.Input[str] = pulumi.property("serviceId")
    mount_path: pulumi.Input[str] = pulumi.property("mountPath")
    name: pulumi.Input[str | None] = pulumi.property("name", default=None)
    size_mb: pulumi.Input[int | None] = pulumi.property("sizeMb", default=None)
    backup_schedules: pulumi.Input[Sequence[pulumi.Input[BackupSchedule | str]] | None] = pulumi.property(
        "backupSchedules", default=None
    )
    usage_alerts: pulumi.Input[Sequence[pulumi.Input[int]] | None] = pulumi.property("usageAlerts", default=None)


class Volume(pulumi.CustomResource):
    """A disk of a service. Its id is <project id>/<environment id>/<volume id>."""

    project_id: pulumi.Output[str] = pulumi.property("projectId")
    """Railway's id of the project (API: projectId)."""
    environment_id: pulumi.Output[str] = pulumi.property("environmentId")
    """Railway's id of the environment in that project (API: environmentId)."""
    service_id: pulumi.Output[str] = pulumi.property("serviceId")
    """Railway's id of the service that mounts it; one volume per service; moved in place (API: serviceId)."""
    mount_path: pulumi.Output[str] = pulumi.property("mountPath")
    """Absolute path in the container (API: mountPath)."""
    name: pulumi.Output[str | None] = pulumi.property("name")
    """Name, unique in the project (API: name). Default: Railway makes one."""
    size_mb: pulumi.Output[int | None] = pulumi.property("sizeMb")
    """Capacity in MB, at least: one that is larger is no drift, since none shrinks. Grows in place; asking for less
    replaces the volume and loses its data. Default: what the plan gives (API: sizeMB).
    """
    backup_schedules: pulumi.Output[Sequence[BackupSchedule] | None] = pulumi.property("backupSchedules")
    """Backup schedules; Railway keeps daily ones 6 days, weekly ones a month, monthly ones three. Default: none (API:
    backupSchedules).
    """
    usage_alerts: pulumi.Output[Sequence[int] | None] = pulumi.property("usageAlerts")
    """Percentages of its capacity at which Railway alerts, such as 80 and 95. Default: those that Railway has for it,
    and none once they were taken away here (API: alerts.usage).
    """
    volume_id: pulumi.Output[str] = pulumi.property("volumeId")
    """Railway's id of the volume (API: Volume.id)."""
    volume_instance_id: pulumi.Output[str] = pulumi.property("volumeInstanceId")
    """Railway's id of the volume in this environment, which backups go by (API: VolumeInstance.id)."""

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        project_id: pulumi.Input[str],
        environment_id: pulumi.Input[str],
        service_id: pulumi.Input[str],
        mount_path: pulumi.Input[str],
        name: pulumi.Input[str | None] = None,
        size_mb: pulumi.Input[int | None] = None,
        backup_schedules: pulumi.Input[Sequence[pulumi.Input[BackupSchedule | str]] | None] = None,
        usage_alerts: pulumi.Input[Sequence[pulumi.Input[int]] | None] = None,
    ) -> None:
        """Declare the resource.

        :param resource_name: Its name in the program.
        :param opts: Options of the resource.
        :param project_id: Railway's id of the project (API: projectId). A change makes a new resource.
        :param environment_id: Railway's id of the environment in that project (API: environmentId). A change makes a
          new resource.
        :param service_id: Railway's id of the service that mounts it; one volume per service; moved in place (API:
          serviceId).
        :param mount_path: Absolute path in the container (API: mountPath).
        :param name: Name, unique in the project (API: name). Default: Railway makes one.
        :param size_mb: Capacity in MB, at least: one that is larger is no drift, since none shrinks. Grows in place;
          asking for less replaces the volume and loses its data. Default: what the plan gives (API: sizeMB).
        :param backup_schedules: Backup schedules; Railway keeps daily ones 6 days, weekly ones a month, monthly ones
          three. Default: none (API: backupSchedules).
        :param usage_alerts: Percentages of its capacity at which Railway alerts, such as 80 and 95. Default: those that
          Railway has for it, and none once they were taken away here (API: alerts.usage).
        """
        # As in SDKs that Pulumi generates: outputs are keys without values, and no parameters.
        values = _VolumeInputs.__new__(_VolumeInputs)
        values.__dict__.update(
            dict.fromkeys(Volume.__annotations__),
            project_id=project_id,
            environment_id=environment_id,
            service_id=service_id,
            mount_path=mount_path,
            name=name,
            size_mb=size_mb,
            backup_schedules=backup_schedules,
            usage_alerts=usage_alerts,
        )
        super().__init__(_TOKEN, resource_name, cast("Any", values), opts)

    @classmethod
    def get(
        cls,
        resource_name: str,
        id: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> Self:
        """Look up an existing Volume by its id: it is read, and never changed by the program."""
        values = _VolumeInputs.__new__(_VolumeInputs)
        values.__dict__.update(dict.fromkeys(Volume.__annotations__))
        merged = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=id))
        resource = cls.__new__(cls)
        pulumi.CustomResource.__init__(resource, _TOKEN, resource_name, cast("Any", values), merged)
        return resource
