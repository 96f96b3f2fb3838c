"""Operations on TCP proxies. A configuration creates one too, which deploys its service again; it never deletes one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from railway_api.operation import Operation, mutation, query

if TYPE_CHECKING:
    from railway_api.answers import TCPProxy

TCP_PROXIES: Operation[list[TCPProxy]] = query(
    "tcpProxies",
    {"environmentId": "String!", "serviceId": "String!"},
    "{ id applicationPort domain proxyPort deletedAt }",
)
TCP_PROXY_CREATE: Operation[TCPProxy] = mutation(
    "tcpProxyCreate", {"input": "TCPProxyCreateInput!"}, "{ id applicationPort domain proxyPort deletedAt }", alone=True
)
TCP_PROXY_DELETE: Operation[bool] = mutation("tcpProxyDelete", {"id": "String!"}, repeatable=True)

OPERATIONS = (TCP_PROXIES, TCP_PROXY_CREATE, TCP_PROXY_DELETE)
