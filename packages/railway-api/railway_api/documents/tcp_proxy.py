"""Operations on TCP proxies. A configuration creates one too, which deploys its service again; it never deletes one."""

from __future__ import annotations

from railway_api.operation import mutation, query

TCP_PROXIES = query(
    "tcpProxies",
    {"environmentId": "String!", "serviceId": "String!"},
    "{ id applicationPort domain proxyPort deletedAt }",
)
TCP_PROXY_CREATE = mutation(
    "tcpProxyCreate", {"input": "TCPProxyCreateInput!"}, "{ id applicationPort domain proxyPort deletedAt }", alone=True
)
TCP_PROXY_DELETE = mutation("tcpProxyDelete", {"id": "String!"}, repeatable=True)

OPERATIONS = (TCP_PROXIES, TCP_PROXY_CREATE, TCP_PROXY_DELETE)
