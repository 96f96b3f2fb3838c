"""Estimates what projects will use in this billing period, and what that costs at Railway's list prices.

Knows neither what a plan includes nor discounts. The prices are those of ``railway_api.prices``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pulumi_provider.declaration import Context, Function, Inputs, Nested, Problem, Property
from pulumiverse_railway.provider.functions.choices import exactly_one
from pulumiverse_railway.provider.resources.shared.scopes import railway
from railway_api.documents.lookup import ESTIMATED_USAGE
from railway_api.prices import USD_PER_UNIT


@dataclass(frozen=True, kw_only=True)
class ProjectUsage(Nested):
    """The usage of one project that Railway expects in this billing period."""

    project_id: Annotated[str, Property("Railway's id of the project (API: projectId).")]
    usage: Annotated[
        dict[str, float],
        Property(
            "Estimated usage by measurement: CPU_USAGE in vCPU-minutes, MEMORY_USAGE_GB, DISK_USAGE_GB and "
            "BACKUP_USAGE_GB in GB-minutes, NETWORK_TX_GB in GB (API: estimatedValue)."
        ),
    ]
    cost_usd: Annotated[dict[str, float], Property("Cost of it at list prices, in US dollars.")]
    total_usd: Annotated[float, Property("All of it, in US dollars.")]


@dataclass(frozen=True, kw_only=True)
class GetEstimatedUsageInputs(Inputs):
    """The project or the workspace whose usage is meant."""

    project_id: Annotated[str | None, Property("Railway's id of a project. Exclusive with workspaceId.")] = None
    workspace_id: Annotated[
        str | None, Property("Railway's id of a workspace, for all projects in it. Exclusive with projectId.")
    ] = None


@dataclass(frozen=True, kw_only=True)
class GetEstimatedUsageResult(Inputs):
    """The usage that Railway expects in this billing period."""

    projects: Annotated[list[ProjectUsage], Property("Usage of each project.")]
    total_usd: Annotated[
        float, Property("Cost of all of it at list prices, in US dollars, before what the plan includes.")
    ]


class GetEstimatedUsage(Function[GetEstimatedUsageInputs, GetEstimatedUsageResult]):
    """Estimate what a project, or all of a workspace, will use and cost in this billing period."""

    token = "railway:index:getEstimatedUsage"
    inputs_type, result_type = GetEstimatedUsageInputs, GetEstimatedUsageResult

    def check(self, inputs: Mapping[str, Any]) -> list[Problem]:
        """Demand exactly one of project and workspace."""
        return exactly_one(inputs, "project_id", "workspace_id")

    async def call(self, context: Context, inputs: GetEstimatedUsageInputs) -> GetEstimatedUsageResult:
        """Return the estimate of Railway, with prices."""
        answer = await railway(context).call(
            ESTIMATED_USAGE,
            measurements=list(USD_PER_UNIT),
            projectId=inputs.project_id,
            workspaceId=inputs.workspace_id,
        )
        usage: dict[str, dict[str, float]] = {inputs.project_id: {}} if inputs.project_id else {}
        for each in answer:
            usage.setdefault(each["projectId"], {})[each["measurement"]] = each["estimatedValue"]
        projects = [_priced(project_id, amounts) for project_id, amounts in sorted(usage.items())]
        total = round(sum(project.total_usd for project in projects), 2)
        return GetEstimatedUsageResult(projects=projects, total_usd=total)


def _priced(project_id: str, usage: Mapping[str, float]) -> ProjectUsage:
    costs = {name: amount * USD_PER_UNIT[name] for name, amount in usage.items() if name in USD_PER_UNIT}
    return ProjectUsage(
        project_id=project_id,
        usage=dict(usage),
        cost_usd={name: round(cost, 2) for name, cost in costs.items()},
        total_usd=round(sum(costs.values()), 2),
    )
