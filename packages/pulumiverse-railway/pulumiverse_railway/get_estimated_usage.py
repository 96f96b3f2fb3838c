# Generated from the declarations of the provider. Do not edit: change those, and generate again.
"""The function get_estimated_usage of Railway."""

from collections.abc import Sequence
from typing import cast

import pulumi

from .outputs import ProjectUsage

_TOKEN = "railway:index:getEstimatedUsage"


@pulumi.output_type
class GetEstimatedUsageResult:
    """The usage that Railway expects in this billing period."""

    projects: Sequence[ProjectUsage] = pulumi.property("projects")
    """Usage of each project."""
    total_usd: float = pulumi.property("totalUsd")
    """Cost of all of it at list prices, in US dollars, before what the plan includes."""


def get_estimated_usage(
    *,
    project_id: str | None = None,
    workspace_id: str | None = None,
    opts: pulumi.InvokeOptions | None = None,
) -> GetEstimatedUsageResult:
    """Estimate what a project, or all of a workspace, will use and cost in this billing period.

    :param project_id: Railway's id of a project. Exclusive with workspace_id.
    :param workspace_id: Railway's id of a workspace, for all projects in it. Exclusive with project_id.
    :param opts: Options of the call, such as its provider.
    """
    arguments: dict[str, object] = {
        "projectId": project_id,
        "workspaceId": workspace_id,
    }
    result = pulumi.runtime.invoke(_TOKEN, arguments, opts, GetEstimatedUsageResult)
    return cast("GetEstimatedUsageResult", result.value)


def get_estimated_usage_output(
    *,
    project_id: pulumi.Input[str | None] = None,
    workspace_id: pulumi.Input[str | None] = None,
    opts: pulumi.InvokeOptions | pulumi.InvokeOutputOptions | None = None,
) -> pulumi.Output[GetEstimatedUsageResult]:
    """Estimate what a project, or all of a workspace, will use and cost in this billing period.

    Takes outputs of resources, and calls when these are known.

    :param project_id: Railway's id of a project. Exclusive with workspace_id.
    :param workspace_id: Railway's id of a workspace, for all projects in it. Exclusive with project_id.
    :param opts: Options of the call, such as its provider.
    """
    arguments: dict[str, object] = {
        "projectId": project_id,
        "workspaceId": workspace_id,
    }
    return pulumi.runtime.invoke_output(_TOKEN, arguments, opts, GetEstimatedUsageResult)
