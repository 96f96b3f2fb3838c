"""Operations that make, list and delete environments, and the one that tells which variables are sealed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from railway_api.operation import Operation, mutation, query

if TYPE_CHECKING:
    from railway_api.answers import EnvironmentInEnvironment, EnvironmentInEnvironments
    from railway_api.connections import Page

_FIELDS = "id name isEphemeral deletedAt sourceEnvironment { id }"

ENVIRONMENTS: Operation[Page[EnvironmentInEnvironments]] = query(
    "environments",
    {"projectId": "String!", "first": "Int", "after": "String"},
    f"{{ edges {{ node {{ {_FIELDS} }} }} pageInfo {{ hasNextPage endCursor }} }}",
)
ENVIRONMENT_CREATE: Operation[EnvironmentInEnvironments] = mutation(
    "environmentCreate",
    {"input": "EnvironmentCreateInput!"},
    f"{{ {_FIELDS} }}",
    # Railway counts how many come within half a minute.
    alone=True,
)
ENVIRONMENT_DELETE: Operation[bool] = mutation("environmentDelete", {"id": "String!"}, repeatable=True)
ENVIRONMENT_VARIABLES: Operation[EnvironmentInEnvironment] = query(
    "environment",
    {"id": "String!", "projectId": "String"},
    # Of a shared variable Railway cannot give the object "service", only its (absent) id.
    "{ variables(first: 1000) { edges { node { name serviceId isSealed } } pageInfo { hasNextPage } } }",
)

OPERATIONS = (ENVIRONMENTS, ENVIRONMENT_CREATE, ENVIRONMENT_DELETE, ENVIRONMENT_VARIABLES)
