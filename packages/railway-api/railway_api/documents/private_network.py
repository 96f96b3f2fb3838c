"""Operations on the private network of an environment and the names in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from railway_api.operation import Operation, mutation, query

if TYPE_CHECKING:
    from railway_api.answers import PrivateNetwork, PrivateNetworkEndpoint

PRIVATE_NETWORKS: Operation[list[PrivateNetwork]] = query(
    "privateNetworks", {"environmentId": "String!"}, "{ publicId name deletedAt }"
)
PRIVATE_NETWORK_ENDPOINT: Operation[PrivateNetworkEndpoint | None] = query(
    "privateNetworkEndpoint",
    {"environmentId": "String!", "privateNetworkId": "String!", "serviceId": "String!"},
    "{ publicId dnsName newDnsName syncStatus deletedAt }",
    nullable=True,
)
PRIVATE_NETWORK_ENDPOINT_RENAME: Operation[bool] = mutation(
    "privateNetworkEndpointRename",
    {"dnsName": "String!", "id": "String!", "privateNetworkId": "String!"},
    repeatable=True,
)

OPERATIONS = (PRIVATE_NETWORKS, PRIVATE_NETWORK_ENDPOINT, PRIVATE_NETWORK_ENDPOINT_RENAME)
