"""Looks up a project that something else manages, by its id or its name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pulumi_provider.declaration import Context, Function, Inputs, Problem, Property
from pulumiverse_railway.provider.functions.choices import exactly_one
from pulumiverse_railway.provider.resources.shared.scopes import railway
from railway_api.client import Client
from railway_api.documents.project import PROJECT, PROJECTS
from railway_api.errors import NotFound
from railway_api.failure import Failure
from railway_api.relay import nodes

if TYPE_CHECKING:
    from railway_api.answers import Project


@dataclass(frozen=True, kw_only=True)
class GetProjectInputs(Inputs):
    """The project that is meant."""

    project_id: Annotated[str | None, Property("Railway's id of the project. Exclusive with name.")] = None
    name: Annotated[
        str | None, Property("Name of the project; the only one of that name. Exclusive with projectId.")
    ] = None
    workspace_id: Annotated[
        str | None,
        Property("Railway's id of the workspace to look for the name in. Default: all that the token reaches."),
    ] = None


@dataclass(frozen=True, kw_only=True)
class GetProjectResult(Inputs):
    """A project as it is."""

    project_id: Annotated[str, Property("Railway's id of the project (API: Project.id).")]
    name: Annotated[str, Property("Its name (API: Project.name).")]
    description: Annotated[str | None, Property("Its description (API: Project.description).")] = None
    workspace_id: Annotated[str | None, Property("Railway's id of its workspace (API: Project.workspaceId).")] = None
    environment_id: Annotated[
        str | None,
        Property("Railway's id of its oldest environment that is not ephemeral (API: primaryEnvironmentId)."),
    ] = None
    environments: Annotated[dict[str, str], Property("Railway's ids of its environments by their names.")]


class GetProject(Function[GetProjectInputs, GetProjectResult]):
    """Look up a project by its id or its name."""

    token = "railway:index:getProject"
    inputs_type, result_type = GetProjectInputs, GetProjectResult

    def check(self, inputs: Mapping[str, Any]) -> list[Problem]:
        """Demand exactly one of id and name."""
        if inputs["name"] is None and inputs["project_id"] is not None and inputs["workspace_id"] is not None:
            return [Problem(path="workspaceId", reason="belongs to a name; leave it out, an id is unique")]
        return exactly_one(inputs, "project_id", "name")

    async def call(self, context: Context, inputs: GetProjectInputs) -> GetProjectResult:
        """Return the one project that is meant."""
        client = railway(context)
        if inputs.project_id is not None:
            project = await project_of(client, inputs.project_id)
        else:
            project = await _named(client, inputs.name or "", inputs.workspace_id)
        return GetProjectResult(
            project_id=project["id"],
            name=project["name"],
            description=project["description"] or None,
            workspace_id=project["workspaceId"],
            environment_id=project["primaryEnvironmentId"],
            environments=environments_of(project),
        )


async def project_of(client: Client, id: str) -> Project:
    """Return the living project with an id."""
    try:
        project = await client.call(PROJECT, id=id)
    except NotFound:
        project = None
    if project is None or project["deletedAt"]:
        raise Failure(f"there is no project {id}: its id is in the address of the project in the dashboard")
    return project


def environments_of(project: Project) -> dict[str, str]:
    """Return ids of the living environments of a project by name."""
    return {each["name"]: each["id"] for each in nodes(project["environments"]) if not each["deletedAt"]}


async def _named(client: Client, name: str, workspace_id: str | None) -> Project:
    listed = await client.list_all(PROJECTS, workspaceId=workspace_id)
    living = [project for project in listed if not project["deletedAt"]]
    same = [project for project in living if project["name"] == name]
    if not same:
        names = ", ".join(sorted(project["name"] for project in living)) or "none"
        raise Failure(f"there is no project named {name!r}; the token reaches: {names}")
    if len(same) > 1:
        ids = ", ".join(project["id"] for project in same)
        raise Failure(f"there are {len(same)} projects named {name!r}: give the projectId of one of them, {ids}")
    return same[0]
