"""The query for what the systems of a stack run at this moment.

Owns the few requests (one for all projects, one for each environment or, of systems that a command is not about, one
for many) and the view on their answers. Which services there should be is known from the settings
(``stacks.services``), never from a state, which may be elsewhere. What a service should run is its configuration on
Railway, which is what the last ``up`` left there; ``promote`` and ``diff`` compare settings. Writes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any, Final, TypeVar, cast

from railway_api.answers import (
    AllDomains,
    CustomDomain,
    Deployment,
    DeploymentInEnvironmentRunning,
    DNSRecords,
    Environment,
    EnvironmentRunning,
    EnvironmentSnapshot,
    Project,
    ServiceInstanceInEnvironmentRunning,
)
from railway_api.client import Client
from railway_api.deployment_spec import commit_of
from railway_api.documents.deployment import DEPLOYMENTS
from railway_api.documents.domain import NO_PROXY
from railway_api.documents.running import AMONG_OTHERS, RUNNING
from railway_api.errors import NotFound, RailwayError
from railway_api.json_objects import table
from railway_api.relay import nodes
from railway_api.rollback import LISTED
from railway_api.scalars import ServiceConfig
from railway_api.snapshot import Snapshot
from railyard.accounts.railway_client import Railway, projects_in_reach
from railyard.accounts.running_services import (
    CALLED_OFF,
    NOT_ATTEMPTED,
    Deployed,
    Disk,
    RunningDomain,
    RunningService,
    RunningSystem,
    Source,
)
from railyard.shared.console import OperationError
from railyard.shared.stack import Stack
from stacks.services import DeclaredService, services
from stacks.system import SystemSettings

Item = TypeVar("Item")
Projects = Mapping[str, Sequence[Project]]
"""System → the living projects that its token reaches."""
_IN_ONE_REQUEST: Final = 50
"""Environments that one request reads."""


async def running_systems(
    railway: Railway, stack: Stack, names: Sequence[str] = (), projects: Projects | None = None
) -> list[RunningSystem]:
    """Return what the systems run, in the settings' order; raises ``OperationError`` and the provider's ``Failure``.

    ``projects`` are those of ``living_projects``, where the caller has them.
    """
    chosen = stack.chosen(names)
    living = await living_projects(railway, chosen) if projects is None else projects
    systems = await asyncio.gather(
        *(_system(railway.of(name), name, each, living[name]) for name, each in chosen.items())
    )
    return [replace(each, services=_without(each, _of_neighbours(stack, each.name))) for each in systems]


def _of_neighbours(stack: Stack, name: str) -> set[str]:
    """Return the services of other systems in the same project."""
    every = stack.settings.systems
    beside = [each for key, each in every.items() if key != name and each.project.name == every[name].project.name]
    return {service.name for each in beside for service in services(each)}


def _without(system: RunningSystem, names: Collection[str]) -> tuple[RunningService, ...]:
    return tuple(each for each in system.services if each.declared is not None or each.name not in names)


async def other_systems(
    railway: Railway, stack: Stack, names: Sequence[str], projects: Projects
) -> list[RunningSystem]:
    """Return what systems run that a command is not about, of those that are there: many in one request."""
    chosen_systems = stack.chosen(names)
    systems: list[RunningSystem] = []
    for client, names_of_client in _by_client(railway, chosen_systems).items():
        places = {name: _place(chosen_systems[name], projects[name]) for name in names_of_client}
        systems += await _others(client, stack, {name: place for name, place in places.items() if place})
    return sorted(systems, key=lambda each: list(chosen_systems).index(each.name))


async def _others(client: Client, stack: Stack, environments: Mapping[str, Mapping[str, str]]) -> list[RunningSystem]:
    systems: list[RunningSystem] = []
    for group in _groups(list(environments.items())):
        calls = [
            {"id": environment["environmentId"], "projectId": environment["projectId"]} for _, environment in group
        ]
        answers = await client.transport.call_all(AMONG_OTHERS, calls)
        for (name, environment), answer in zip(group, answers, strict=True):
            if isinstance(answer, NotFound):
                continue
            if isinstance(answer, RailwayError):
                raise answer
            settings = stack.settings.systems[name]
            running = _services(_alone(answer), {each.name: each for each in services(settings)})
            system = RunningSystem(
                name=name,
                project_name=settings.project.name,
                project_id=environment["projectId"],
                environment_id=environment["environmentId"],
                services=await _attempted(client, running, environment),
            )
            systems.append(replace(system, services=_without(system, _of_neighbours(stack, name))))
    return systems


def _groups(every: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for at in range(0, len(every), _IN_ONE_REQUEST):
        yield every[at : at + _IN_ONE_REQUEST]


def _alone(environment: Environment) -> _EnvironmentAnswer:
    """Return an environment that was read without its project, of which it says what is needed."""
    instances = nodes(environment["serviceInstances"])
    volumes = [volume["volume"] for volume in nodes(environment["volumeInstances"])]
    of_project = {
        "deletedAt": None,
        "environments": _page([{"id": environment["id"], "name": environment["name"], "deletedAt": None}]),
        "services": _page(
            [{"id": each["serviceId"], "name": each["serviceName"], "deletedAt": None} for each in instances]
        ),
        "volumes": _page(volumes),
    }
    data: Any = {"project": of_project, "environment": environment}
    return _EnvironmentAnswer(Snapshot(data), data)


def _page(items: Sequence[object]) -> dict[str, object]:
    return {"edges": [{"node": each} for each in items], "pageInfo": {"hasNextPage": False}}


def _place(settings: SystemSettings, projects: Sequence[Project]) -> dict[str, str] | None:
    project = _project(settings, projects)
    environment_id = _environment(settings, project) if project else None
    return {"projectId": project["id"], "environmentId": environment_id} if project and environment_id else None


async def living_projects(railway: Railway, names: Iterable[str]) -> dict[str, Sequence[Project]]:
    """Return the living projects that the token of each system reaches: a page of 500 in one request."""
    clients = _by_client(railway, names)
    projects = await asyncio.gather(*map(projects_in_reach, clients))
    return {name: each for each, systems in zip(projects, clients.values(), strict=True) for name in systems}


def _by_client(railway: Railway, names: Iterable[str]) -> dict[Client, list[str]]:
    """Return which systems each client is for."""
    clients: dict[Client, list[str]] = {}
    for name in names:
        clients.setdefault(railway.of(name), []).append(name)
    return clients


async def _system(client: Client, name: str, settings: SystemSettings, projects: Sequence[Project]) -> RunningSystem:
    declared = {service.name: service for service in services(settings)}
    absent = RunningSystem(
        name=name,
        project_name=settings.project.name,
        services=tuple(RunningService(name=each, declared=service) for each, service in declared.items()),
    )
    project = _project(settings, projects)
    if project is None:
        return absent
    environment_id = _environment(settings, project)
    if environment_id is None:
        return replace(absent, project_id=project["id"])
    where = {"projectId": project["id"], "environmentId": environment_id}
    try:
        data = await client.transport.read(RUNNING, **where)
        # Of what a snapshot may be asked for, this has all that is asked for here.
        snapshot = Snapshot(cast("EnvironmentSnapshot", data))
    except NotFound:
        return absent
    running = _services(_EnvironmentAnswer(snapshot, data), declared)
    return replace(
        absent,
        project_id=project["id"],
        environment_id=environment_id,
        plan=data["project"]["subscriptionType"],
        services=await _attempted(client, running, where),
    )


async def _attempted(
    client: Client, services: tuple[RunningService, ...], where: Mapping[str, str]
) -> tuple[RunningService, ...]:
    """Set aside newest deployments that changed nothing: those before them are asked for, in one request for all.

    Of a row of pushes that were not attempted only the newest is noted: they may be more than one request lists.
    """
    skipped = [each for each in services if each.service_id and each.latest and _changed_nothing(each.latest, each)]
    if not skipped:
        return services
    filters = {**where, "status": {"notIn": sorted(NOT_ATTEMPTED)}}
    calls = [{"input": {**filters, "serviceId": each.service_id}, "first": LISTED} for each in skipped]
    attempted: dict[str, RunningService] = {}
    for each, answer in zip(skipped, await client.transport.call_all(DEPLOYMENTS, calls), strict=True):
        if isinstance(answer, RailwayError):
            raise answer
        newest_first = sorted((deployed(node) for node in nodes(answer)), key=lambda one: one.created_at, reverse=True)
        listed = [each.latest, *(one for one in newest_first if one.id != each.latest.id)] if each.latest else []
        recorded = tuple(takewhile(lambda one, each=each: _changed_nothing(one, each), listed))
        latest = listed[len(recorded)] if len(recorded) < len(listed) else each.serving
        attempted[each.name] = replace(each, latest=latest, recorded=recorded)
    return tuple(attempted.get(each.name, each) for each in services)


def _changed_nothing(newest: Deployed, service: RunningService) -> bool:
    called_off = newest.status in CALLED_OFF and service.serving is not None and service.serving.id != newest.id
    return newest.status in NOT_ATTEMPTED or called_off


def _project(settings: SystemSettings, projects: Sequence[Project]) -> Project | None:
    project_settings = settings.project
    same = [
        project
        for project in projects
        if project["name"] == project_settings.name and project_settings.workspace_id in (None, project["workspaceId"])
    ]
    if len(same) > 1:
        ids = ", ".join(f"{project['id']} (workspace {project['workspaceId']})" for project in same)
        raise OperationError(
            f"the token reaches {len(same)} projects named {project_settings.name!r}, {ids}: "
            "give the project a workspaceId in the settings, or delete the one that is not needed"
        )
    return same[0] if same else None


def _environment(settings: SystemSettings, project: Project) -> str | None:
    living = [each for each in nodes(project["environments"]) if not each["deletedAt"]]
    return next((each["id"] for each in living if each["name"] == settings.project.environment), None)


@dataclass(frozen=True)
class _EnvironmentAnswer:
    """One environment."""

    snapshot: Snapshot
    data: EnvironmentRunning
    """Answer from which the snapshot is made."""

    def instance(self, service_id: str) -> ServiceInstanceInEnvironmentRunning | None:
        """Return the service instance, if it is alive."""
        every = nodes(self.data["environment"]["serviceInstances"])
        return next((each for each in every if each["serviceId"] == service_id and not each["deletedAt"]), None)


def _services(answer: _EnvironmentAnswer, declared: Mapping[str, DeclaredService]) -> tuple[RunningService, ...]:
    """Return the services of the settings, in their order, then those that were added by hand."""
    snapshot = answer.snapshot
    ids = {service["name"]: key for key, service in snapshot.services.items() if snapshot.has_instance(key)}
    names = [*declared, *sorted(name for name in ids if name not in declared)]
    return tuple(_service(answer, name, declared.get(name), ids.get(name)) for name in names)


def _service(
    answer: _EnvironmentAnswer, name: str, declared: DeclaredService | None, service_id: str | None
) -> RunningService:
    if service_id is None:
        return RunningService(name=name, declared=declared)
    config, source = answer.snapshot.service_config(service_id), answer.snapshot.source(service_id)
    instance = answer.instance(service_id)
    active = [deployed(each) for each in instance["activeDeployments"]] if instance else []
    latest = instance["latestDeployment"] if instance else None
    return RunningService(
        name=name,
        declared=declared,
        service_id=service_id,
        instance_id=instance["id"] if instance else None,
        configured=Source(
            image=source.get("image"),
            repo=source.get("repo"),
            branch=source.get("branch") or ("main" if source.get("repo") else None),
            commit=source.get("commitSha"),
        ),
        latest=deployed(latest) if latest else None,
        serving=max((each for each in active if each.serves), key=lambda each: each.created_at, default=None),
        replicas=_replicas(config, latest),
        domains=_domains(instance["domains"], declared) if instance else (),
        disks=_disks(answer, service_id),
        config_file=(instance["railwayConfigFile"] if instance else None) or config.get("configFile"),
    )


def _replicas(config: ServiceConfig, latest: DeploymentInEnvironmentRunning | None) -> dict[str, int]:
    """Return what the configuration shows, else what the newest deployment's manifest does."""
    meta = (latest["meta"] if latest else None) or {}
    for deploy in (config.get("deploy"), (meta.get("serviceManifest") or {}).get("deploy")):
        regions = (deploy or {}).get("multiRegionConfig")
        if regions:
            counts = {region: entry.get("numReplicas") for region, entry in regions.items() if entry}
            return {region: count for region, count in counts.items() if count is not None}
    return {}


def deployed(deployment: Deployment | DeploymentInEnvironmentRunning) -> Deployed:
    """Return a deployment of an answer, with what it runs."""
    meta = deployment["meta"] or {}
    return Deployed(
        id=deployment["id"],
        status=deployment["status"],
        created_at=deployment["createdAt"],
        image=meta.get("image"),
        digest=meta.get("imageDigest"),
        repo=meta.get("repo"),
        branch=meta.get("branch"),
        commit=commit_of(meta),
        overrides=tuple(sorted(meta.get("propertyFileMapping") or ())),
        config_file=meta.get("configFile"),
        manifest=table(meta.get("serviceManifest")),
        stopped=deployment["deploymentStopped"],
    )


def _domains(domains: AllDomains, declared: DeclaredService | None) -> tuple[RunningDomain, ...]:
    proxied = {domain.hostname for domain in declared.domains if domain.proxied} if declared else set[str]()
    custom = [each for each in domains["customDomains"] if not each["deletedAt"]]
    own = [_custom(each, proxied=each["domain"] in proxied) for each in custom]
    generated = [each for each in domains["serviceDomains"] if not each["deletedAt"]]
    return (*own, *(RunningDomain(name=each["domain"], custom=False) for each in generated))


def _custom(domain: CustomDomain, *, proxied: bool) -> RunningDomain:
    status = domain["status"]
    return RunningDomain(
        name=domain["domain"],
        custom=True,
        proxied=proxied,
        verified=status["verified"],
        certificate=status["certificateStatus"].removeprefix("CERTIFICATE_STATUS_TYPE_"),
        error=status["certificateErrorMessage"],
        behind_proxy=status["cdnProvider"] not in NO_PROXY,
        target=next((record["requiredValue"] for record in status["dnsRecords"] if _routes(record)), None),
        wrong_records=tuple(
            f"{record['recordType'].removeprefix('DNS_RECORD_TYPE_')} record {record['fqdn']} must be "
            f"{record['requiredValue']}, is {record['currentValue'] or 'nothing'}"
            for record in status["dnsRecords"]
            if not record["status"].endswith("_PROPAGATED")
        ),
    )


def _routes(record: DNSRecords) -> bool:
    return record["purpose"].endswith("_TRAFFIC_ROUTE")


def _disks(answer: _EnvironmentAnswer, service_id: str) -> tuple[Disk, ...]:
    snapshot = answer.snapshot
    return tuple(
        Disk(
            volume_id=volume["volumeId"],
            instance_id=volume["id"],
            name=snapshot.volume_names.get(volume["volumeId"], volume["volumeId"]),
            mount_path=volume["mountPath"],
            size_mb=volume["sizeMB"],
            used_mb=volume["currentSizeMB"],
            state=str(volume["state"]),
        )
        for volume in nodes(answer.data["environment"]["volumeInstances"])
        if volume["volumeId"] in snapshot.volumes and volume["serviceId"] == service_id
    )
