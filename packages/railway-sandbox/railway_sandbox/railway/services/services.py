"""Services: created, renamed, connected to a source, deleted.

Owns the identity of a service and the reach of these operations: unless the environment that is named is a fork, they
work in every environment of the project that is no fork.
"""

from __future__ import annotations

import re

from railway_sandbox.identifiers import short_of
from railway_sandbox.railway.access import Arguments, Caller, FieldResolvers, Operations
from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.railway.config.merge import merged_service
from railway_sandbox.railway.config.rules import check_plan, check_service
from railway_sandbox.railway.config.view import service_config
from railway_sandbox.railway.deployments import deployments, instances
from railway_sandbox.railway.errors import Refused, invalid, not_authorized
from railway_sandbox.railway.records import (
    Config,
    DeploymentTrigger,
    Environment,
    Project,
    Service,
    ServiceInstance,
    part,
)
from railway_sandbox.railway.services.variables import named_values

LONGEST_LABEL = 63


def label_of(name: str) -> str:
    """Return a name as a DNS label."""
    return re.sub(r"-+", "-", re.sub(r"[^a-z0-9]", "-", name.lower())).strip("-")


def is_label(name: str) -> bool:
    """Tell whether a name is a valid DNS label."""
    return re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", name) is not None


def reach(caller: Caller, project: Project, arguments: Arguments) -> list[Environment]:
    """Return the environments in which an operation with this ``environmentId`` takes effect.

    That fork alone, or every environment of the project that is not a fork.
    """
    every = [e for e in caller.cloud.environments_of(project.id) if e.source_environment_id is None]
    if arguments.get("environmentId") is None:
        return every
    environment = caller.environment_in(project, arguments["environmentId"])
    return [environment] if environment.source_environment_id is not None else every


def make(
    cloud: RailwayCloud,
    project: Project,
    environments: list[Environment],
    name: str,
    *,
    source: Config | None = None,
    variables: Config | None = None,
    credentials: Config | None = None,
) -> Service:
    """Make a service with an instance in each of these environments; with a source it is deployed at once."""
    now = cloud.now()
    entry: Config = {"source": source or {}, "variables": variables or {}}
    if credentials:
        entry["deploy"] = {"registryCredentials": credentials}
    configs = [
        (environment, merged_service(instances.first_config(cloud, environment), entry, returning=False))
        for environment in environments
    ]
    for _, config in configs:
        check_service(config, mounts=0)
        check_plan(cloud, config)
    service = Service(
        id=cloud.new_id(),
        project_id=project.id,
        name=name,
        created_at=now,
        updated_at=now,
        dns_label=label_of(name),
    )
    cloud.state.services[service.id] = service
    for environment, config in configs:
        instances.create(cloud, environment, service.id, now, config)
        instances.follow_source(cloud, environment, service.id)
        if source:
            deployments.start(cloud, environment, service.id, now)
    return service


def check_name(cloud: RailwayCloud, project: Project, name: str) -> None:
    """Refuse a name that gives no private name, and one that another service of the project has."""
    if not label_of(name) or len(label_of(name)) > LONGEST_LABEL:
        raise invalid("name")
    every = cloud.state.services.values()
    if any(
        service.name == name and service.project_id == project.id and service.deleted_at is None for service in every
    ):
        raise Refused(f'A service named "{name}" already exists in this project')


def rename(cloud: RailwayCloud, service: Service, name: str) -> None:
    """Rename a service; its private name stays. Raises ``Refused`` for a name that ``check_name`` refuses."""
    if name != service.name:
        check_name(cloud, cloud.state.projects[service.project_id], name)
    service.name = name


def _create(caller: Caller, arguments: Arguments) -> Service:
    inputs = arguments["input"]
    project = caller.project(inputs["projectId"])
    source = {key: value for key, value in part(inputs, "source").items() if value}
    if source.get("image") and source.get("repo"):
        raise invalid("source")
    if inputs.get("branch") and source.get("repo"):
        source["branch"] = inputs["branch"]
    name = inputs.get("name")
    if name is None:
        name = f"service-{short_of(caller.cloud.new_id(), 4)}"
    check_name(caller.cloud, project, name)
    nowhere = "environmentId" in inputs and inputs["environmentId"] is None
    service = make(
        caller.cloud,
        project,
        [] if nowhere else reach(caller, project, inputs),
        name,
        source=source,
        variables={key: {"value": value} for key, value in named_values(inputs.get("variables") or {}).items()},
        credentials=inputs.get("registryCredentials"),
    )
    service.icon = inputs.get("icon")
    service.template_id = inputs.get("templateId")
    service.template_service_id = inputs.get("templateServiceId")
    return service


def _update(caller: Caller, arguments: Arguments) -> Service:
    service = caller.service(arguments["id"])
    inputs = arguments["input"]
    if inputs.get("name") is not None:
        rename(caller.cloud, service, inputs["name"])
    if "icon" in inputs:
        service.icon = inputs["icon"]
    if "tracingEnabled" in inputs:
        service.tracing_enabled = inputs["tracingEnabled"]
    if inputs.get("autoInstrumentationEnabled") is not None:
        service.auto_instrumentation_enabled = inputs["autoInstrumentationEnabled"]
    service.updated_at = caller.now
    return service


def _delete(caller: Caller, arguments: Arguments) -> bool:
    cloud = caller.cloud
    service = caller.service(arguments["id"])
    project = cloud.state.projects[service.project_id]
    for environment in reach(caller, project, arguments):
        instances.remove(cloud, environment, service.id, caller.now)
    if not any(cloud.find_instance(e.id, service.id) for e in cloud.environments_of(project.id)):
        service.deleted_at = caller.now
    return True


def _connect(caller: Caller, arguments: Arguments) -> Service:
    if caller.token.kind == "project":
        raise not_authorized()
    service = caller.service(arguments["id"])
    inputs = arguments["input"]
    source = {key: inputs[key] for key in ("image", "repo", "branch") if inputs.get(key)}
    if bool(source.get("image")) == bool(source.get("repo")):
        raise invalid("source")
    if source.get("repo") and not source.get("branch"):
        return service  # Railway answers as if it had done it
    changed: list[tuple[Environment, Config]] = []
    for environment in caller.cloud.environments_of(service.project_id):
        if caller.cloud.find_instance(environment.id, service.id) is not None:
            config = merged_service(service_config(environment, service.id), {"source": source}, returning=False)
            check_service(config, mounts=0)
            changed.append((environment, config))
    for environment, config in changed:
        environment.services[service.id] = config
        instances.follow_source(caller.cloud, environment, service.id)
        deployments.start(caller.cloud, environment, service.id, caller.now)
    service.updated_at = caller.now
    return service


def _disconnect(caller: Caller, arguments: Arguments) -> Service:
    if caller.token.kind == "project":
        raise not_authorized()
    service = caller.service(arguments["id"])
    for environment in caller.cloud.environments_of(service.project_id):
        if caller.cloud.find_instance(environment.id, service.id) is not None:
            config = service_config(environment, service.id)
            environment.services[service.id] = {name: config[name] for name in config if name != "source"}
            instances.follow_source(caller.cloud, environment, service.id)
    service.updated_at = caller.now
    return service


def _service(caller: Caller, arguments: Arguments) -> Service:
    return caller.service(arguments["id"], live=False)


def _project(caller: Caller, service: Service, _arguments: Arguments) -> Project:
    return caller.cloud.state.projects[service.project_id]


def _instances(caller: Caller, service: Service, _arguments: Arguments) -> list[ServiceInstance]:
    return [
        instance
        for environment in caller.cloud.environments_of(service.project_id)
        for instance in caller.cloud.instances(environment.id)
        if instance.service_id == service.id and instances.ready(caller.cloud, instance)
    ]


def _triggers(caller: Caller, service: Service, _arguments: Arguments) -> list[DeploymentTrigger]:
    return [t for t in caller.cloud.state.triggers.values() if t.service_id == service.id]


QUERIES: Operations = {"service": _service}
MUTATIONS: Operations = {
    "serviceCreate": _create,
    "serviceUpdate": _update,
    "serviceDelete": _delete,
    "serviceConnect": _connect,
    "serviceDisconnect": _disconnect,
}
FIELDS: FieldResolvers = {
    "Service.project": _project,
    "Service.repoTriggers": _triggers,
    "Service.serviceInstances": _instances,
}
