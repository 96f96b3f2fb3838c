"""Operations on static outbound addresses. They have no ids: there is one set per service instance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from railway_api.operation import Operation, mutation, query

if TYPE_CHECKING:
    from railway_api.answers import EgressGateway

_GATEWAY = "{ ipv4 region zone }"

EGRESS_GATEWAYS: Operation[list[EgressGateway]] = query(
    "egressGateways", {"environmentId": "String!", "serviceId": "String!"}, _GATEWAY
)
EGRESS_GATEWAY_CREATE: Operation[list[EgressGateway]] = mutation(
    "egressGatewayAssociationCreate", {"input": "EgressGatewayCreateInput!"}, _GATEWAY
)
EGRESS_GATEWAYS_CLEAR: Operation[bool] = mutation(
    "egressGatewayAssociationsClear", {"input": "EgressGatewayServiceTargetInput!"}, repeatable=True
)

OPERATIONS = (EGRESS_GATEWAYS, EGRESS_GATEWAY_CREATE, EGRESS_GATEWAYS_CLEAR)
