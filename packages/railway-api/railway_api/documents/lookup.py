"""Queries that only functions and commands ask: where Railway runs services, what projects use and are about to use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from railway_api.operation import Operation, query

if TYPE_CHECKING:
    from railway_api.answers import AggregatedUsage, EstimatedUsage, MetricsResult, Region

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
USAGE: Operation[list[AggregatedUsage]] = query(
    "usage",
    {
        "measurements": "[MetricMeasurement!]!",
        "projectId": "String",
        "groupBy": "[MetricTag!]",
        "startDate": "DateTime",
        "endDate": "DateTime",
    },
    "{ measurement value tags { environmentId serviceId } }",
)

METRICS: Operation[list[MetricsResult]] = query(
    "metrics",
    {
        "environmentId": "String",
        "groupBy": "[MetricTag!]",
        "measurements": "[MetricMeasurement!]!",
        "startDate": "DateTime!",
        "sampleRateSeconds": "Int",
    },
    "{ measurement tags { serviceId } values { ts value } }",
)
