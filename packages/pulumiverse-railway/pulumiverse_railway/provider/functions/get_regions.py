"""Lists where Railway runs services."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pulumi_provider.declaration import Context, Function, Inputs, Nested, Property
from pulumiverse_railway.provider.resources.shared.scopes import railway
from railway_api.documents.lookup import REGIONS

if TYPE_CHECKING:
    from railway_api.answers import Region as AnsweredRegion


@dataclass(frozen=True, kw_only=True)
class Region(Nested):
    """A place where Railway runs services (API: Region)."""

    name: Annotated[str, Property("Name that other resources take as region, such as us-west2 (API: name).")]
    location: Annotated[str, Property("Its place, such as California (API: location).")]
    country: Annotated[str, Property("Its country, such as US (API: country).")]
    replaced_by: Annotated[
        str | None, Property("The region to use instead, if this one is deprecated (API: replacementRegion).")
    ] = None


@dataclass(frozen=True, kw_only=True)
class GetRegionsInputs(Inputs):
    """For which project regions are asked."""

    project_id: Annotated[
        str | None, Property("Railway's id of a project, for the regions of its workspace too. Default: none.")
    ] = None


@dataclass(frozen=True, kw_only=True)
class GetRegionsResult(Inputs):
    """The regions of Railway."""

    names: Annotated[list[str], Property("Names of those that are not deprecated.")]
    regions: Annotated[list[Region], Property("All of them.")]


class GetRegions(Function[GetRegionsInputs, GetRegionsResult]):
    """List the regions in which services can run."""

    token = "railway:index:getRegions"
    inputs_type, result_type = GetRegionsInputs, GetRegionsResult

    async def call(self, context: Context, inputs: GetRegionsInputs) -> GetRegionsResult:
        """Return all regions, in Railway's order."""
        answer = await railway(context).call(REGIONS, projectId=inputs.project_id)
        regions = [_region(each) for each in answer]
        return GetRegionsResult(names=[region.name for region in regions if not region.replaced_by], regions=regions)


def _region(region: AnsweredRegion) -> Region:
    constraints = region["deploymentConstraints"]
    deprecation = constraints["deprecationInfo"] if constraints else None
    return Region(
        name=region["name"],
        location=region["location"],
        country=region["country"],
        replaced_by=deprecation["replacementRegion"] if deprecation and deprecation["isDeprecated"] else None,
    )
