# Generated from the declarations of the provider. Do not edit: change those, and generate again.
"""The function get_project of Railway."""

from collections.abc import Mapping
from typing import cast

import pulumi

_TOKEN = "railway:index:getProject"


@pulumi.output_type
class GetProjectResult:
    """A project as it is."""

    project_id: str = pulumi.property("projectId")
    """Railway's id of the project (API: Project.id)."""
    name: str = pulumi.property("name")
    """Its name (API: Project.name)."""
    description: str | None = pulumi.property("description")
    """Its description (API: Project.description)."""
    workspace_id: str | None = pulumi.property("workspaceId")
    """Railway's id of its workspace (API: Project.workspaceId)."""
    environment_id: str | None = pulumi.property("environmentId")
    """Railway's id of its oldest environment that is not ephemeral (API: primaryEnvironmentId)."""
    environments: Mapping[str, str] = pulumi.property("environments")
    """Railway's ids of its environments by their names."""


def get_project(
    *,
    project_id: str | None = None,
    name: str | None = None,
    workspace_id: str | None = None,
    opts: pulumi.InvokeOptions | None = None,
) -> GetProjectResult:
    """Look up a project by its id or its name.

    :param project_id: Railway's id of the project. Exclusive with name.
    :param name: Name of the project; the only one of that name. Exclusive with project_id.
    :param workspace_id: Railway's id of the workspace to look for the name in. Default: all that the token reaches.
    :param opts: Options of the call, such as its provider.
    """
    arguments: dict[str, object] = {
        "projectId": project_id,
        "name": name,
        "workspaceId": workspace_id,
    }
    result = pulumi.runtime.invoke(_TOKEN, arguments, opts, GetProjectResult)
    return cast("GetProjectResult", result.value)


def get_project_output(
    *,
    project_id: pulumi.Input[str | None] = None,
    name: pulumi.Input[str | None] = None,
    workspace_id: pulumi.Input[str | None] = None,
    opts: pulumi.InvokeOptions | pulumi.InvokeOutputOptions | None = None,
) -> pulumi.Output[GetProjectResult]:
    """Look up a project by its id or its name.

    Takes outputs of resources, and calls when these are known.

    :param project_id: Railway's id of the project. Exclusive with name.
    :param name: Name of the project; the only one of that name. Exclusive with project_id.
    :param workspace_id: Railway's id of the workspace to look for the name in. Default: all that the token reaches.
    :param opts: Options of the call, such as its provider.
    """
    arguments: dict[str, object] = {
        "projectId": project_id,
        "name": name,
        "workspaceId": workspace_id,
    }
    return pulumi.runtime.invoke_output(_TOKEN, arguments, opts, GetProjectResult)
