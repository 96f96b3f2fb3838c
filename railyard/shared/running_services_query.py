"""What the systems of a stack run at this moment, as Railway says it.

Owns the few requests (one for all projects, one for each environment) and the view on their answers. Which services
there should be is known from the settings (``stacks.services``), never from a state: a person may be asked about a
stack whose state is elsewhere. What a service should run is its configuration on Railway, which is what the last ``up``
left there; ``promote`` and ``diff`` compare settings. Writes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from railway_api.client import Client
from railway_api.documents.project import PROJECT, PROJECT_TOKEN, PROJECTS
from railway_api.documents.running import RUNNING
from railway_api.errors import NotFound
from railway_api.snapshot import Snapshot, nodes, table
from railyard.shared.console import CallError, OperationError
from railyard.shared.running_services import Deployed, Disk, RunningDomain, RunningService, RunningSystem, Source
from railyard.shared.stack import Stack
from stacks.services import DeclaredService, services
from stacks.system import SystemSettings

PAGE: Final = 500
_NO_PROXY: Final = ("UNSPECIFIED", "")


def chosen_systems(stack: Stack, names: Sequence[str]) -> dict[str, SystemSettings]:
    """The systems of a stack that a command is about: those named, or all; raises ``CallError``."""
    known = stack.settings.systems
    for name in names:
        if name not in known:
            raise CallError(f"{stack.name} has no system {name!r}: name one of {', '.join(known)}")
    return {name: settings for name, settings in known.items() if not names or name in names}


async def running_systems(client: Client, stack: Stack, names: Sequence[str] = ()) -> list[RunningSystem]:
    """What the systems run, in the order of the settings; raises ``OperationError`` and the provider's ``Failure``."""
    wanted = chosen_systems(stack, names)
    projects = await _projects(client)
    return list(await asyncio.gather(*(_system(client, name, each, projects) for name, each in wanted.items())))


async def _projects(client: Client) -> list[Mapping[str, Any]]:
    """The living projects that the token reaches: a page of 500 in one request."""
    if client.transport.token.kind == "project":
        token = await client.call(PROJECT_TOKEN)
        return [await client.call(PROJECT, id=token["projectId"])]
    found: list[Mapping[str, Any]] = []
    after: str | None = None
    while True:
        page = await client.call(PROJECTS, workspaceId=None, first=PAGE, after=after)
        found += [project for project in nodes(page) if not project["deletedAt"]]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


async def _system(
    client: Client, name: str, settings: SystemSettings, projects: Sequence[Mapping[str, Any]]
) -> RunningSystem:
    declared = {service.name: service for service in services(settings)}
    absent = tuple(RunningService(name=each, declared=service) for each, service in declared.items())
    project = _project(settings, projects)
    if project is None:
        return RunningSystem(name=name, project_name=settings.project.name, services=absent)
    environment_id = _environment(settings, project)
    if environment_id is None:
        return RunningSystem(name=name, project_name=settings.project.name, project_id=project["id"], services=absent)
    where = {"projectId": project["id"], "environmentId": environment_id}
    try:
        data = await client.transport.read(RUNNING, **where)
        snapshot = Snapshot(data)
    except NotFound:
        return RunningSystem(name=name, project_name=settings.project.name, services=absent)
    return RunningSystem(
        name=name,
        project_name=settings.project.name,
        project_id=project["id"],
        environment_id=environment_id,
        plan=data["project"]["subscriptionType"],
        services=_services(snapshot, declared),
    )


def _project(settings: SystemSettings, projects: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    wanted = settings.project
    same = [
        project
        for project in projects
        if project["name"] == wanted.name and wanted.workspace_id in (None, project["workspaceId"])
    ]
    if len(same) > 1:
        ids = ", ".join(f"{project['id']} (workspace {project['workspaceId']})" for project in same)
        raise OperationError(
            f"the token reaches {len(same)} projects named {wanted.name!r}, {ids}: "
            "give the project a workspaceId in the settings, or delete the one that nobody needs"
        )
    return same[0] if same else None


def _environment(settings: SystemSettings, project: Mapping[str, Any]) -> str | None:
    living = [found for found in nodes(project["environments"]) if not found["deletedAt"]]
    return next((found["id"] for found in living if found["name"] == settings.project.environment), None)


def _services(snapshot: Snapshot, declared: Mapping[str, DeclaredService]) -> tuple[RunningService, ...]:
    """Those that the settings have in their order, then those that somebody added by hand."""
    here = {found["name"]: key for key, found in snapshot.services.items() if snapshot.has_instance(key)}
    names = [*declared, *sorted(name for name in here if name not in declared)]
    return tuple(_service(snapshot, name, declared.get(name), here.get(name)) for name in names)


def _service(snapshot: Snapshot, name: str, declared: DeclaredService | None, service_id: str | None) -> RunningService:
    if service_id is None:
        return RunningService(name=name, declared=declared)
    config = snapshot.service_config(service_id)
    instance = snapshot.instances.get(service_id, {})
    source = table(config.get("source"))
    active = [deployed(found) for found in instance.get("activeDeployments") or ()]
    latest = instance.get("latestDeployment")
    return RunningService(
        name=name,
        declared=declared,
        service_id=service_id,
        asked=Source(
            image=source.get("image"),
            repo=source.get("repo"),
            branch=source.get("branch") or ("main" if source.get("repo") else None),
            commit=source.get("commitSha"),
        ),
        latest=deployed(latest) if latest else None,
        serving=max((each for each in active if each.serves), key=lambda each: each.created_at, default=None),
        replicas=_replicas(config, latest),
        domains=_domains(snapshot, service_id, declared),
        disks=_disks(snapshot, service_id),
        config_file=instance.get("railwayConfigFile") or config.get("configFile"),
    )


def _replicas(config: Mapping[str, Any], latest: Mapping[str, Any] | None) -> dict[str, int]:
    """Of the configuration, which leaves out one replica in one region: then of the newest deployment's manifest."""
    for manifest in (config, table(table((latest or {}).get("meta")).get("serviceManifest"))):
        regions = table(table(manifest.get("deploy")).get("multiRegionConfig"))
        if regions:
            return {region: int(table(entry).get("numReplicas") or 1) for region, entry in regions.items() if entry}
    return {}


def deployed(found: Mapping[str, Any]) -> Deployed:
    """A deployment of an answer that has its id, status, createdAt, deploymentStopped and meta."""
    meta = table(found.get("meta"))
    return Deployed(
        id=found["id"],
        status=found["status"],
        created_at=found["createdAt"],
        image=meta.get("image"),
        digest=meta.get("imageDigest"),
        repo=meta.get("repo"),
        branch=meta.get("branch"),
        commit=meta.get("commitHash"),
        overrides=tuple(sorted(table(meta.get("propertyFileMapping")))),
        config_file=meta.get("configFile"),
        stopped=bool(found.get("deploymentStopped")),
    )


def _domains(snapshot: Snapshot, service_id: str, declared: DeclaredService | None) -> tuple[RunningDomain, ...]:
    proxied = {domain.hostname for domain in declared.domains if domain.proxied} if declared else set[str]()
    own = [
        _custom(found, proxied=found["domain"] in proxied) for found in snapshot.domains(service_id, "customDomains")
    ]
    given = [
        RunningDomain(name=found["domain"], custom=False) for found in snapshot.domains(service_id, "serviceDomains")
    ]
    return tuple(own + given)


def _custom(found: Mapping[str, Any], *, proxied: bool) -> RunningDomain:
    status = found["status"]
    return RunningDomain(
        name=found["domain"],
        custom=True,
        proxied=proxied,
        verified=bool(status["verified"]),
        certificate=str(status["certificateStatus"]).removeprefix("CERTIFICATE_STATUS_TYPE_"),
        error=status["certificateErrorMessage"],
        behind_proxy=str(status["cdnProvider"] or "").removeprefix("DETECTED_CDN_PROVIDER_") not in _NO_PROXY,
        target=next((record["requiredValue"] for record in status["dnsRecords"] if _routes(record)), None),
        wrong_records=tuple(
            f"{str(record['recordType']).removeprefix('DNS_RECORD_TYPE_')} record {record['fqdn']} must be "
            f"{record['requiredValue']}, is {record['currentValue'] or 'nothing'}"
            for record in status["dnsRecords"]
            if not str(record["status"]).endswith("_PROPAGATED")
        ),
    )


def _routes(record: Mapping[str, Any]) -> bool:
    return str(record["purpose"]).endswith("_TRAFFIC_ROUTE")


def _disks(snapshot: Snapshot, service_id: str) -> tuple[Disk, ...]:
    return tuple(
        Disk(
            volume_id=volume_id,
            instance_id=found["id"],
            name=snapshot.volume_names.get(volume_id, volume_id),
            mount_path=found["mountPath"],
            size_mb=int(found["sizeMB"]),
            used_mb=float(found["currentSizeMB"]),
            state=str(found["state"]),
        )
        for volume_id, found in snapshot.volumes.items()
        if found["serviceId"] == service_id
    )
