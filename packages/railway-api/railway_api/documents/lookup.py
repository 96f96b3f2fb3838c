"""Queries that only functions ask: where Railway runs services, and what projects are about to use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from railway_api.operation import Operation, query

if TYPE_CHECKING:
    from railway_api.answers import EstimatedUsage, Region

REGIONS: Operation[list[Region]] = query(
    "regions",
    {"projectId": "String"},
    "{ name location country deploymentConstraints { deprecationInfo { isDeprecated replacementRegion } } }",
)
ESTIMATED_USAGE: Operation[list[EstimatedUsage]] = query(
    "estimatedUsage",
    {"measurements": "[MetricMeasurement!]!", "projectId": "String", "workspaceId": "String"},
    "{ projectId measurement estimatedValue }",
)

OPERATIONS = (REGIONS, ESTIMATED_USAGE)
