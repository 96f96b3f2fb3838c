# Generated from the declarations of the provider. Do not edit: change those, and generate again.
"""The function get_regions of Railway."""

from collections.abc import Sequence
from typing import cast

import pulumi

from .outputs import Region

_TOKEN = "railway:index:getRegions"


@pulumi.output_type
class GetRegionsResult:
    """The regions of Railway."""

    names: Sequence[str] = pulumi.property("names")
    """Names of those that are not deprecated."""
    regions: Sequence[Region] = pulumi.property("regions")
    """All of them."""


def get_regions(
    *,
    project_id: str | None = None,
    opts: pulumi.InvokeOptions | None = None,
) -> GetRegionsResult:
    """List the regions in which services can run.

    :param project_id: Railway's id of a project, for the regions of its workspace too. Default: none.
    :param opts: Options of the call, such as its provider.
    """
    arguments: dict[str, object] = {
        "projectId": project_id,
    }
    result = pulumi.runtime.invoke(_TOKEN, arguments, opts, GetRegionsResult)
    return cast("GetRegionsResult", result.value)


def get_regions_output(
    *,
    project_id: pulumi.Input[str | None] = None,
    opts: pulumi.InvokeOptions | pulumi.InvokeOutputOptions | None = None,
) -> pulumi.Output[GetRegionsResult]:
    """List the regions in which services can run.

    Takes outputs of resources, and calls when these are known.

    :param project_id: Railway's id of a project, for the regions of its workspace too. Default: none.
    :param opts: Options of the call, such as its provider.
    """
    arguments: dict[str, object] = {
        "projectId": project_id,
    }
    return pulumi.runtime.invoke_output(_TOKEN, arguments, opts, GetRegionsResult)
