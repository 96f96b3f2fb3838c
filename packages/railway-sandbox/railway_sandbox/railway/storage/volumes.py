"""Volumes and their instances.

Owns the operations on volumes; what a patch does to them stands in ``config.volumes``, their backups in
``volume_backups``.
"""

from __future__ import annotations

from railway_sandbox.identifiers import short_of
from railway_sandbox.railway import limits, regions
from railway_sandbox.railway.access import Arguments, Caller, FieldResolvers, Operations
from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.railway.config.rules import replicas_of
from railway_sandbox.railway.config.view import default_region, service_config
from railway_sandbox.railway.config.volumes import disk_of, mounts_after
from railway_sandbox.railway.deployments import deployments
from railway_sandbox.railway.errors import NotSimulated, Refused, invalid, not_found, upgrade
from railway_sandbox.railway.records import Environment, Project, Service, Volume, VolumeInstance, Workflow

LONGEST_LAG_S = 90
SHORTEST_LAG_S = 30
DELETING_S = 10.0
TOMBSTONE_S = 48 * 3600.0
"""Seconds for which a deleted volume stays listed, and could be restored."""
WRITTEN_MB = 100.0
"""MB that a service writes at its start."""


def of_project(cloud: RailwayCloud, project_id: str) -> list[Volume]:
    """Return the volumes of a project that are not deleted, also those that no list shows yet."""
    return [each for each in cloud.state.volumes.values() if each.project_id == project_id and each.deleted_at is None]


def _names(cloud: RailwayCloud, project_id: str) -> set[str]:
    return {volume.name for volume in of_project(cloud, project_id)}


def make(cloud: RailwayCloud, project: Project, name: str | None) -> Volume:
    """Make the identity of a volume, which no environment has yet; a name that is taken gets an addition.

    Raises ``Refused`` where the project has as many volumes as the plan allows.
    """
    limit = cloud.plan.max_volumes_per_project
    if limit is not None and len(of_project(cloud, project.id)) >= limit:
        raise upgrade(f"Your plan is limited to {limit} volumes per project.")
    new_id, now = cloud.new_id(), cloud.now()
    lag = SHORTEST_LAG_S + int(short_of(new_id), 16) % (LONGEST_LAG_S - SHORTEST_LAG_S + 1)
    name = name or f"volume-{short_of(new_id, 4)}"
    name = name if name not in _names(cloud, project.id) else f"{name}-{short_of(new_id, 4)}"
    volume = Volume(id=new_id, project_id=project.id, name=name, created_at=now, listed_at=now + lag)
    cloud.state.volumes[new_id] = volume
    return volume


def _create(caller: Caller, arguments: Arguments) -> Volume:
    inputs = arguments["input"]
    cloud, now = caller.cloud, caller.now
    project = caller.project(inputs["projectId"])
    if not inputs["mountPath"].startswith("/"):
        raise invalid("mountPath")
    if inputs.get("region") is not None and not regions.known(inputs["region"]):
        raise invalid("region")
    service = caller.service(inputs["serviceId"]) if inputs.get("serviceId") else None
    places = _places(caller, project, service, inputs)
    with limits.creating(cloud, "volume"):
        for environment, mounting in places:
            if mounting is not None:
                _check_mountable(cloud, environment, mounting)
        volume = make(cloud, project, f"{service.name}-volume" if service else None)
    for environment, mounting in places:
        disk = VolumeInstance(
            id=cloud.new_id(),
            volume_id=volume.id,
            environment_id=environment.id,
            service_id=mounting and mounting.id,
            mount_path=inputs["mountPath"],
            size_mb=cloud.plan.default_volume_mb,
            created_at=now,
            region=inputs.get("region") or default_region(cloud, environment),
        )
        cloud.state.volume_instances[disk.id] = disk
        _deploy_again(cloud, environment, disk.service_id)
    return volume


def _places(
    caller: Caller, project: Project, service: Service | None, inputs: Arguments
) -> list[tuple[Environment, Service | None]]:
    """Return where a volume gets an instance, each with the service that mounts it there.

    As Railway's schema says: nowhere with null, in every environment when nothing is said.
    """
    if "environmentId" not in inputs:
        every = caller.cloud.environments_of(project.id)
        return [(e, service if service and caller.cloud.find_instance(e.id, service.id) else None) for e in every]
    if inputs["environmentId"] is None:
        return []
    return [(caller.environment_in(project, inputs["environmentId"]), service)]


def _check_mountable(cloud: RailwayCloud, environment: Environment, service: Service) -> None:
    if cloud.find_instance(environment.id, service.id) is None:
        raise not_found("ServiceInstance")
    if mounts_after(cloud, environment, service.id, {}):
        raise Refused("A volume is already in use by this service: only one volume per service is supported")
    if replicas_of(service_config(environment, service.id)) > 1:
        raise Refused("Services with a volume cannot have more than one replica")


def _deploy_again(cloud: RailwayCloud, environment: Environment, service_id: str | None) -> None:
    """Run a service that was deployed before with its new mounts."""
    former = service_id and deployments.last_run(cloud, environment.id, service_id)
    if service_id and former:
        source = deployments.source_of(former)
        deployments.start(
            cloud, environment, service_id, cloud.now(), source=source, reason="redeploy", builds="repo" in source
        )


def _volume(caller: Caller, id: str) -> Volume:
    volume = caller.cloud.state.volumes.get(id)
    if volume is None or volume.deleted_at is not None:
        raise not_found("Volume")
    caller.project(volume.project_id)
    return volume


def _update(caller: Caller, arguments: Arguments) -> Volume:
    volume = _volume(caller, arguments["volumeId"])
    if (name := arguments["input"].get("name")) is not None:
        rename(caller.cloud, volume, name)
    return volume


def rename(cloud: RailwayCloud, volume: Volume, name: str) -> None:
    """Rename a volume. Raises ``Refused`` for a blank name, and for that of another volume of the project."""
    if not name.strip():
        raise invalid("name")
    if name != volume.name and name in _names(cloud, volume.project_id):
        raise Refused(f"A volume named {name} already exists in this project")
    volume.name = name


def _update_instance(caller: Caller, arguments: Arguments) -> bool:
    volume = _volume(caller, arguments["volumeId"])
    inputs = arguments["input"]
    if inputs.get("state") is not None:
        raise NotSimulated("The sandbox does not simulate setting the state of a volume instance.")
    everywhere = arguments.get("environmentId") is None
    environments = (
        caller.cloud.environments_of(volume.project_id)
        if everywhere
        else [caller.environment(arguments["environmentId"])]
    )
    disks = [(e, disk) for e in environments if (disk := disk_of(caller.cloud, e.id, volume.id))]
    if not disks:
        raise not_found("VolumeInstance")
    # Without serviceId the volume is disconnected, also when only the path was to change.
    service_id, path = inputs.get("serviceId"), inputs.get("mountPath")
    if path and not path.startswith("/"):
        raise invalid("mountPath")
    for environment, disk in disks:
        if service_id is not None and service_id != disk.service_id:
            _check_mountable(caller.cloud, environment, caller.service(service_id))
    for environment, disk in disks:
        _change_instance(caller, environment, disk, service_id, path or disk.mount_path)
    return True


def _change_instance(
    caller: Caller, environment: Environment, disk: VolumeInstance, service_id: str | None, path: str
) -> None:
    before = (disk.service_id, disk.mount_path)
    disk.service_id, disk.mount_path = service_id, path
    if before != (disk.service_id, disk.mount_path):
        for touched in {before[0], service_id}:
            _deploy_again(caller.cloud, environment, touched)


def _delete(caller: Caller, arguments: Arguments) -> bool:
    volume = _volume(caller, arguments["volumeId"])
    volume.deleted_at = caller.now
    for environment in caller.cloud.environments_of(volume.project_id):
        if disk := disk_of(caller.cloud, environment.id, volume.id):
            service_id, disk.service_id = disk.service_id, None
            disk.deleted_at = caller.now
            _deploy_again(caller.cloud, environment, service_id)
    return True


def instance_of(caller: Caller, id: str) -> VolumeInstance:
    """Return the volume instance, which the caller has to reach."""
    disk = caller.cloud.state.volume_instances.get(id)
    if disk is None or _is_forgotten(caller.cloud, disk.deleted_at):
        raise not_found("VolumeInstance")
    caller.environment(disk.environment_id, live=False)
    return disk


def _is_forgotten(cloud: RailwayCloud, deleted_at: float | None) -> bool:
    return deleted_at is not None and cloud.now() >= deleted_at + TOMBSTONE_S


def _is_listed(cloud: RailwayCloud, volume: Volume) -> bool:
    return volume.listed_at <= cloud.now() and not _is_forgotten(cloud, volume.deleted_at)


def _of_project(caller: Caller, project: Project, _arguments: Arguments) -> list[Volume]:
    volumes = [v for v in caller.cloud.state.volumes.values() if v.project_id == project.id]
    return [volume for volume in volumes if _is_listed(caller.cloud, volume)]


def _of_environment(caller: Caller, environment: Environment, _arguments: Arguments) -> list[VolumeInstance]:
    state = caller.cloud.state
    disks = [disk for disk in state.volume_instances.values() if disk.environment_id == environment.id]
    return [disk for disk in disks if _is_listed(caller.cloud, state.volumes[disk.volume_id])]


def _of_volume(caller: Caller, volume: Volume, _arguments: Arguments) -> list[VolumeInstance]:
    # This way, unlike the lists, a new instance is seen at once.
    disks = [disk for disk in caller.cloud.state.volume_instances.values() if disk.volume_id == volume.id]
    return [disk for disk in disks if not _is_forgotten(caller.cloud, disk.deleted_at)]


def _state(caller: Caller, disk: VolumeInstance, _arguments: Arguments) -> str:
    if disk.deleted_at is not None:
        return "DELETING" if caller.now < disk.deleted_at + DELETING_S else "DELETED"
    if any(work.restores and not work.done for work in workflows_of(caller.cloud, disk)):
        return "RESTORING"
    return "MIGRATING" if caller.now < disk.migrating_until else "READY"


def workflows_of(cloud: RailwayCloud, disk: VolumeInstance) -> list[Workflow]:
    """Return the workflows on the backups of a disk, running and finished."""
    return [work for work in cloud.state.workflows.values() if work.volume_instance_id == disk.id]


def used_mb(disk: VolumeInstance) -> float:
    """Return how much is on a disk."""
    if disk.used_mb is not None:
        return disk.used_mb
    return WRITTEN_MB if disk.written else 0.0


def _service(caller: Caller, disk: VolumeInstance, _arguments: Arguments) -> Service:
    service = caller.cloud.state.services.get(disk.service_id or "")
    if service is None:
        raise NotSimulated("Railway's schema promises a service of every volume instance; this one is disconnected.")
    return service


QUERIES: Operations = {
    "volumeInstance": lambda caller, arguments: instance_of(caller, arguments["id"]),
}
MUTATIONS: Operations = {
    "volumeCreate": _create,
    "volumeUpdate": _update,
    "volumeInstanceUpdate": _update_instance,
    "volumeDelete": _delete,
}
FIELDS: FieldResolvers = {
    "Project.volumes": _of_project,
    "Environment.volumeInstances": _of_environment,
    "Volume.volumeInstances": _of_volume,
    "Volume.project": lambda caller, volume, _arguments: caller.cloud.state.projects[volume.project_id],
    "VolumeInstance.currentSizeMB": lambda _caller, disk, _arguments: used_mb(disk),
    "VolumeInstance.environment": lambda caller, disk, _: caller.cloud.state.environments[disk.environment_id],
    "VolumeInstance.isPendingDeletion": lambda _caller, disk, _arguments: disk.deleted_at is not None,
    "VolumeInstance.service": _service,
    "VolumeInstance.sizeMB": lambda _caller, disk, _arguments: disk.size_mb,
    "VolumeInstance.state": _state,
    "VolumeInstance.volume": lambda caller, disk, _arguments: caller.cloud.state.volumes[disk.volume_id],
}
