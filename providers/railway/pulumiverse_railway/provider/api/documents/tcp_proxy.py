"""Operations on TCP proxies. One is created through the configuration, but never deleted there."""

from __future__ import annotations

from pulumiverse_railway.provider.api.operation import mutation, query

TCP_PROXIES = query(
    "tcpProxies",
    {"environmentId": "String!", "serviceId": "String!"},
    "{ id applicationPort domain proxyPort deletedAt }",
)
TCP_PROXY_DELETE = mutation("tcpProxyDelete", {"id": "String!"}, repeatable=True)

OPERATIONS = (TCP_PROXIES, TCP_PROXY_DELETE)
