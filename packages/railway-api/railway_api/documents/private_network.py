"""Operations on the private network of an environment and the names in it."""

from __future__ import annotations

from railway_api.operation import mutation, query

PRIVATE_NETWORKS = query("privateNetworks", {"environmentId": "String!"}, "{ publicId name deletedAt }")
PRIVATE_NETWORK_ENDPOINT = query(
    "privateNetworkEndpoint",
    {"environmentId": "String!", "privateNetworkId": "String!", "serviceId": "String!"},
    "{ publicId dnsName newDnsName syncStatus deletedAt }",
)
PRIVATE_NETWORK_ENDPOINT_RENAME = mutation(
    "privateNetworkEndpointRename",
    {"dnsName": "String!", "id": "String!", "privateNetworkId": "String!"},
    repeatable=True,
)

OPERATIONS = (PRIVATE_NETWORKS, PRIVATE_NETWORK_ENDPOINT, PRIVATE_NETWORK_ENDPOINT_RENAME)
