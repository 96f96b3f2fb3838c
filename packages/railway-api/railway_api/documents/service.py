"""Operations on services (the identity, not its settings: those travel in the environment's configuration)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from railway_api.operation import Operation, mutation, query

if TYPE_CHECKING:
    from railway_api.answers import Service


SERVICE_FIELDS = "id name icon deletedAt tracingEnabled autoInstrumentationEnabled"
_FIELDS = f"{{ {SERVICE_FIELDS} projectId }}"

SERVICE_CREATE: Operation[Service] = mutation("serviceCreate", {"input": "ServiceCreateInput!"}, _FIELDS)
SERVICE_UPDATE: Operation[Service] = mutation(
    "serviceUpdate", {"id": "String!", "input": "ServiceUpdateInput!"}, _FIELDS, repeatable=True
)
SERVICE_DELETE: Operation[bool] = mutation(
    "serviceDelete", {"id": "String!", "environmentId": "String"}, repeatable=True
)


SERVICE_VARIABLES: Operation[dict[str, str]] = query(
    "variables", {"projectId": "String!", "environmentId": "String!", "serviceId": "String"}, ""
)
