"""GraphQL operations that only the live suite sends; all others are the provider's own.

``OPERATIONS`` lists them, so that a test can hold each against the schema.
"""

from __future__ import annotations

from railway_api.operation import mutation, query

_ENVIRONMENT = {"id": "String!", "projectId": "String"}

CONFIG = query("environment", _ENVIRONMENT, "{ config(decryptVariables: true) }")
MASKED_CONFIG = query("environment", _ENVIRONMENT, "{ config(decryptVariables: false) }")
PATCHES = query(
    "environmentPatches",
    {"environmentId": "String!", "first": "Int"},
    "{ edges { node { id status message lastAppliedError } } }",
)
STAGE = mutation("environmentStageChanges", {"environmentId": "String!", "input": "EnvironmentConfig!"}, "{ id }")
WORKFLOW = query("workflowStatus", {"workflowId": "String!"}, "{ status error }")
TYPE = query("__type", {"name": "String!"}, "{ fields(includeDeprecated: true) { name args { name } } }")
VARIABLES = query(
    "variables",
    {"projectId": "String!", "environmentId": "String!", "serviceId": "String", "unrendered": "Boolean"},
)
LIMIT_OVERRIDE = query("serviceInstanceLimitOverride", {"environmentId": "String!", "serviceId": "String!"})
WORKSPACE_LIMIT = query("workspace", {"workspaceId": "String!"}, "{ apiTokenRateLimit { remainingPoints resetsAt } }")
ME = query("me", {}, "{ id apiTokenRateLimit { remainingPoints resetsAt } }")
PROJECT_EXPIRY = query("project", {"id": "String!"}, "{ id deletedAt expiredAt }")

OPERATIONS = (
    CONFIG,
    MASKED_CONFIG,
    PATCHES,
    STAGE,
    WORKFLOW,
    TYPE,
    VARIABLES,
    LIMIT_OVERRIDE,
    WORKSPACE_LIMIT,
    ME,
    PROJECT_EXPIRY,
)
