"""Reading what a service's variables come to, references resolved."""

from __future__ import annotations

from railway_api.operation import query

SERVICE_VARIABLES = query("variables", {"projectId": "String!", "environmentId": "String!", "serviceId": "String"}, "")

OPERATIONS = (SERVICE_VARIABLES,)
