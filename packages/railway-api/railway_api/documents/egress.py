"""Operations on static outbound addresses. They have no ids: there is one set per service instance."""

from __future__ import annotations

from railway_api.operation import mutation, query

_GATEWAY = "{ ipv4 region zone }"

EGRESS_GATEWAYS = query("egressGateways", {"environmentId": "String!", "serviceId": "String!"}, _GATEWAY)
EGRESS_GATEWAY_CREATE = mutation("egressGatewayAssociationCreate", {"input": "EgressGatewayCreateInput!"}, _GATEWAY)
EGRESS_GATEWAYS_CLEAR = mutation(
    "egressGatewayAssociationsClear", {"input": "EgressGatewayServiceTargetInput!"}, repeatable=True
)

OPERATIONS = (EGRESS_GATEWAYS, EGRESS_GATEWAY_CREATE, EGRESS_GATEWAYS_CLEAR)
