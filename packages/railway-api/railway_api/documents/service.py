"""Operations on services (the identity, not its settings: those travel in the environment's configuration)."""

from __future__ import annotations

from railway_api.operation import mutation

_FIELDS = "{ id name icon projectId deletedAt }"

SERVICE_CREATE = mutation("serviceCreate", {"input": "ServiceCreateInput!"}, _FIELDS)
SERVICE_UPDATE = mutation("serviceUpdate", {"id": "String!", "input": "ServiceUpdateInput!"}, _FIELDS, repeatable=True)
SERVICE_DELETE = mutation("serviceDelete", {"id": "String!", "environmentId": "String"}, repeatable=True)

OPERATIONS = (SERVICE_CREATE, SERVICE_UPDATE, SERVICE_DELETE)
