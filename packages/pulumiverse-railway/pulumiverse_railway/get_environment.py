# Generated from the declarations of the provider. Do not edit: change those, and generate again.
"""The function get_environment of Railway."""

from typing import cast

import pulumi

_TOKEN = "railway:index:getEnvironment"


@pulumi.output_type
class GetEnvironmentResult:
    """An environment as it is."""

    project_id: str = pulumi.property("projectId")
    """Railway's id of its project (API: Project.id)."""
    project_name: str = pulumi.property("projectName")
    """Name of its project (API: Project.name)."""
    environment_id: str = pulumi.property("environmentId")
    """Railway's id of the environment (API: Environment.id)."""
    name: str = pulumi.property("name")
    """Its name (API: Environment.name)."""


def get_environment(
    *,
    project_id: str,
    environment_id: str | None = None,
    name: str | None = None,
    opts: pulumi.InvokeOptions | None = None,
) -> GetEnvironmentResult:
    """Look up an environment of a project by its id or its name.

    :param project_id: Railway's id of the project.
    :param environment_id: Railway's id of the environment. Exclusive with name.
    :param name: Name of the environment. Exclusive with environment_id.
    :param opts: Options of the call, such as its provider.
    """
    arguments: dict[str, object] = {
        "projectId": project_id,
        "environmentId": environment_id,
        "name": name,
    }
    result = pulumi.runtime.invoke(_TOKEN, arguments, opts, GetEnvironmentResult)
    return cast("GetEnvironmentResult", result.value)


def get_environment_output(
    *,
    project_id: pulumi.Input[str],
    environment_id: pulumi.Input[str | None] = None,
    name: pulumi.Input[str | None] = None,
    opts: pulumi.InvokeOptions | pulumi.InvokeOutputOptions | None = None,
) -> pulumi.Output[GetEnvironmentResult]:
    """Look up an environment of a project by its id or its name.

    Takes outputs of resources, and calls when these are known.

    :param project_id: Railway's id of the project.
    :param environment_id: Railway's id of the environment. Exclusive with name.
    :param name: Name of the environment. Exclusive with environment_id.
    :param opts: Options of the call, such as its provider.
    """
    arguments: dict[str, object] = {
        "projectId": project_id,
        "environmentId": environment_id,
        "name": name,
    }
    return pulumi.runtime.invoke_output(_TOKEN, arguments, opts, GetEnvironmentResult)
