"""Operations on how a service is reached and reaches others, but for domains: TCP proxies, private network, static
outbound addresses, and the cache of Railway's edge.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from railway_api.operation import Operation, mutation, query

if TYPE_CHECKING:
    from railway_api.answers import (
        EdgeConfig,
        EgressGateway,
        PrivateNetwork,
        PrivateNetworkEndpoint,
        ServiceInstance,
        TCPProxy,
    )


_OF_SERVICE = {"environmentId": "String!", "serviceId": "String!"}
_PROXY = "{ id applicationPort domain proxyPort deletedAt }"

# A configuration creates a proxy too, which deploys its service again; it never deletes one.
TCP_PROXIES: Operation[list[TCPProxy]] = query("tcpProxies", _OF_SERVICE, _PROXY)
TCP_PROXY_CREATE: Operation[TCPProxy] = mutation(
    "tcpProxyCreate", {"input": "TCPProxyCreateInput!"}, _PROXY, alone=True
)
TCP_PROXY_DELETE: Operation[bool] = mutation("tcpProxyDelete", {"id": "String!"}, repeatable=True)


PRIVATE_NETWORKS: Operation[list[PrivateNetwork]] = query(
    "privateNetworks", {"environmentId": "String!"}, "{ publicId name deletedAt }"
)
PRIVATE_NETWORK_ENDPOINT: Operation[PrivateNetworkEndpoint | None] = query(
    "privateNetworkEndpoint",
    {**_OF_SERVICE, "privateNetworkId": "String!"},
    "{ publicId dnsName newDnsName syncStatus deletedAt }",
    nullable=True,
)
PRIVATE_NETWORK_ENDPOINT_RENAME: Operation[bool] = mutation(
    "privateNetworkEndpointRename",
    {"dnsName": "String!", "id": "String!", "privateNetworkId": "String!"},
    repeatable=True,
)


_GATEWAY = "{ ipv4 region zone }"

# Static outbound addresses have no ids: there is one set per service instance.
EGRESS_GATEWAYS: Operation[list[EgressGateway]] = query("egressGateways", _OF_SERVICE, _GATEWAY)
EGRESS_GATEWAY_CREATE: Operation[list[EgressGateway]] = mutation(
    "egressGatewayAssociationCreate", {"input": "EgressGatewayCreateInput!"}, _GATEWAY
)
EGRESS_GATEWAYS_CLEAR: Operation[bool] = mutation(
    "egressGatewayAssociationsClear", {"input": "EgressGatewayServiceTargetInput!"}, repeatable=True
)


_EDGE = "{ enabled caching { mode defaultTtlSeconds htmlCaching purgeOnDeploy staleWhileRevalidate { enabled } } }"

SERVICE_EDGE: Operation[ServiceInstance] = query("serviceInstance", _OF_SERVICE, f"{{ edgeConfig {_EDGE} }}")
SERVICE_CDN_ENABLE: Operation[EdgeConfig] = mutation(
    "enableServiceCdn", {"input": "EnableServiceCdnInput!"}, _EDGE, repeatable=True
)
SERVICE_CDN_DISABLE: Operation[bool] = mutation(
    "disableServiceCdn", {"input": "DisableServiceCdnInput!"}, repeatable=True
)
SERVICE_EDGE_UPDATE: Operation[EdgeConfig] = mutation(
    "updateServiceEdgeConfig", {"input": "UpdateServiceEdgeConfigInput!"}, _EDGE, repeatable=True
)
