"""Reading what a service's variables come to, references resolved."""

from __future__ import annotations

from railway_api.operation import Operation, query

SERVICE_VARIABLES: Operation[dict[str, str]] = query(
    "variables", {"projectId": "String!", "environmentId": "String!", "serviceId": "String"}, ""
)

OPERATIONS = (SERVICE_VARIABLES,)
