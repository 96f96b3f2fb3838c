"""Projects: created, renamed, deleted, listed.

Owns the project itself and the lists that hang on it.
"""

from __future__ import annotations

from railway_sandbox.identifiers import short_of
from railway_sandbox.railway import limits
from railway_sandbox.railway.access import Arguments, Caller, FieldResolvers, Operations
from railway_sandbox.railway.account.account import plan_limit
from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.railway.environments import environments
from railway_sandbox.railway.errors import Refused
from railway_sandbox.railway.records import Environment, Project, Service, Workspace
from railway_sandbox.railway.services import services
from railway_sandbox.railway.storage import volumes

TEMPORARY_S = 24 * 3600.0
"""Lifetime of a project without a workspace, in seconds."""
SCHEDULED_S = 48 * 3600.0
"""Seconds within which a scheduled deletion can be cancelled."""


def _check_name(name: str) -> None:
    if not name.strip():
        raise Refused("Invalid project name")


def _create(caller: Caller, arguments: Arguments) -> Project:
    inputs = arguments["input"]
    caller.require("account", "workspace")
    cloud, now = caller.cloud, caller.now
    workspace_id = inputs.get("workspaceId")
    if workspace_id is None and caller.token.kind == "workspace":
        workspace_id = caller.token.workspace_id
    if workspace_id is not None:
        caller.workspace(workspace_id)
    name = inputs.get("name")
    if name is not None:
        _check_name(name)
    with limits.creating(cloud, "project"):
        new_id = cloud.new_id()
        project = Project(
            id=new_id,
            name=name if name is not None else f"sandbox-{short_of(new_id)}",
            created_at=now,
            updated_at=now,
            workspace_id=workspace_id,
            description=inputs.get("description"),
            is_public=bool(inputs.get("isPublic")),
            pr_deploys=bool(inputs.get("prDeploys")),
            expired_at=None if workspace_id is not None else now + TEMPORARY_S,
        )
        cloud.state.projects[project.id] = project
    first = environments.make(cloud, project, inputs.get("defaultEnvironmentName") or "production", now)
    project.base_environment_id = first.id
    if inputs.get("repo"):
        repo = inputs["repo"]
        source = {"repo": repo["fullRepoName"], "branch": repo["branch"]}
        services.make(cloud, project, [first], repo["fullRepoName"].rpartition("/")[2], source=source)
    return project


def _update(caller: Caller, arguments: Arguments) -> Project:
    project = caller.project(arguments["id"])
    inputs = arguments["input"]
    if inputs.get("name") is not None:
        _check_name(inputs["name"])
        project.name = inputs["name"]
    if "description" in inputs:
        project.description = inputs["description"]
    if inputs.get("baseEnvironmentId") is not None:
        project.base_environment_id = caller.environment_in(project, inputs["baseEnvironmentId"]).id
    switches = {
        "isPublic": "is_public",
        "prDeploys": "pr_deploys",
        "botPrEnvironments": "bot_pr_environments",
        "focusedPrEnvironments": "focused_pr_environments",
        "tracingEnabled": "tracing_enabled",
    }
    for key, attribute in switches.items():
        if inputs.get(key) is not None:
            setattr(project, attribute, inputs[key])
    if "tracingSampleRate" in inputs:
        rate = inputs["tracingSampleRate"]
        if rate is not None and not 0 <= rate <= 1:
            raise Refused("tracingSampleRate must be between 0 and 1")
        project.tracing_sample_rate = rate
    project.updated_at = caller.now
    return project


def delete(cloud: RailwayCloud, project: Project, at: float) -> None:
    """Delete a project with everything in it."""
    for environment in cloud.environments_of(project.id):
        environments.remove(cloud, environment, at)
    for service in cloud.services_of(project.id):
        service.deleted_at = at
    for volume in volumes.of_project(cloud, project.id):
        volume.deleted_at = at
    project.deleted_at = at
    cloud.touch()


def _delete(caller: Caller, arguments: Arguments) -> bool:
    caller.require("account", "workspace")
    delete(caller.cloud, caller.project(arguments["id"]), caller.now)
    return True


def _schedule_delete(caller: Caller, arguments: Arguments) -> bool:
    caller.require("account", "workspace")
    project, at = caller.project(arguments["id"]), caller.now + SCHEDULED_S
    project.expired_at = at if project.expired_at is None else min(project.expired_at, at)
    return True


def _cancel_scheduled_delete(caller: Caller, arguments: Arguments) -> bool:
    caller.require("account", "workspace")
    project = caller.project(arguments["id"])
    project.expired_at = None if project.workspace_id is not None else project.created_at + TEMPORARY_S
    return True


def expire(cloud: RailwayCloud) -> None:
    """Delete the projects whose time has run out."""
    for project in cloud.state.projects.values():
        expired = project.expired_at
        if expired is not None and project.deleted_at is None and expired <= cloud.now():
            delete(cloud, project, expired)


def _project(caller: Caller, arguments: Arguments) -> Project:
    return caller.project(arguments["id"], live=False)


def _projects(caller: Caller, arguments: Arguments) -> list[Project]:
    caller.require("account", "workspace")
    workspace_id = arguments.get("workspaceId")
    if workspace_id is not None:
        caller.workspace(workspace_id)
    projects = [
        project
        for project in caller.cloud.state.projects.values()
        if caller.may_reach(project)
        and workspace_id in (None, project.workspace_id)
        and (project.deleted_at is None or arguments.get("includeDeleted"))
    ]
    order = arguments.get("orderBy")
    if order == "NAME_ASC":
        return sorted(projects, key=lambda project: project.name)
    moment = "created_at" if order == "CREATED_AT_DESC" else "updated_at"
    return sorted(projects, key=lambda project: getattr(project, moment), reverse=True)


def _of_workspace(caller: Caller, workspace: Workspace, _arguments: Arguments) -> list[Project]:
    return _projects(caller, {"workspaceId": workspace.id})


def _count(caller: Caller, workspace: Workspace, arguments: Arguments) -> int:
    return len(_projects(caller, {"workspaceId": workspace.id, "includeDeleted": arguments.get("includeDeleted")}))


def _environments(caller: Caller, project: Project, arguments: Arguments) -> list[Environment]:
    return environments.listed(caller, project, arguments)


def _services(caller: Caller, project: Project, _arguments: Arguments) -> list[Service]:
    return caller.cloud.services_of(project.id)


def _primary(caller: Caller, project: Project, _arguments: Arguments) -> str | None:
    lasting = [e.id for e in caller.cloud.environments_of(project.id) if not e.is_ephemeral]
    return lasting[0] if lasting else None


def _base(caller: Caller, project: Project, _arguments: Arguments) -> Environment | None:
    return caller.cloud.state.environments.get(project.base_environment_id or "")


def _workspace(caller: Caller, project: Project, _arguments: Arguments) -> Workspace | None:
    return caller.cloud.state.workspaces.get(project.workspace_id or "")


QUERIES: Operations = {"project": _project, "projects": _projects}
MUTATIONS: Operations = {
    "projectCreate": _create,
    "projectUpdate": _update,
    "projectDelete": _delete,
    "projectScheduleDelete": _schedule_delete,
    "projectScheduleDeleteCancel": _cancel_scheduled_delete,
}
FIELDS: FieldResolvers = {
    "Project.baseEnvironment": _base,
    "Project.environments": _environments,
    "Project.isTempProject": lambda _caller, project, _arguments: project.workspace_id is None,
    "Project.primaryEnvironmentId": _primary,
    "Project.services": _services,
    "Project.subscriptionPlanLimit": lambda caller, _project, _arguments: plan_limit(caller),
    "Project.subscriptionType": lambda caller, _project, _arguments: caller.cloud.state.plan,
    "Project.workspace": _workspace,
    "Workspace.projects": _of_workspace,
    "Workspace.projectCount": _count,
}
