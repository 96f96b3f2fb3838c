"""Queries that only functions ask: where Railway runs services, and what projects are about to use."""

from __future__ import annotations

from railway_api.operation import query

REGIONS = query(
    "regions",
    {"projectId": "String"},
    "{ name location country deploymentConstraints { deprecationInfo { isDeprecated replacementRegion } } }",
)
ESTIMATED_USAGE = query(
    "estimatedUsage",
    {"measurements": "[MetricMeasurement!]!", "projectId": "String", "workspaceId": "String"},
    "{ projectId measurement estimatedValue }",
)

OPERATIONS = (REGIONS, ESTIMATED_USAGE)
