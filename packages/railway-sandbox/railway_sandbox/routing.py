"""The simulated API that a request is for, its name in the log and in faults, and whether it may change things.

Owns the paths of the one server. Knows no state.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graphql import GraphQLSyntaxError, OperationDefinitionNode, parse
from graphql.language import FieldNode

from railway_sandbox.addresses import DNS_PATH, RAILWAY_HOST, RAILWAY_PATH
from railway_sandbox.cloudflare import wire as cloudflare
from railway_sandbox.digitalocean import wire as digitalocean
from railway_sandbox.faults import Api
from railway_sandbox.http_messages import Request, UnreadableBodyError
from railway_sandbox.spaces import wire as spaces


@dataclass(frozen=True, kw_only=True)
class Route:
    """The simulated API that answers a request, and the name of the operation."""

    api: Api
    operation: str
    reads: bool
    """True if it changes nothing, so that it is answered without a write to the disk."""
    graphql: dict[str, Any] | None = None


def is_local(host: str) -> bool:
    """Tell whether a request is for the server itself, and not for a host that a client reaches through it."""
    return host in ("127.0.0.1", "localhost")


def route(request: Request) -> Route | None:
    """Return the route of a request; ``None`` for a path that is not served.

    A proxy request for another host than those of Spaces and Railway tries to leave the sandbox: api ``proxy``.
    """
    reads = request.method in ("GET", "HEAD", "OPTIONS")
    if spaces.is_spaces(request.host) and request.method != "CONNECT":
        return Route(api="spaces", operation=spaces.operation(request), reads=reads)
    if request.host == RAILWAY_HOST and request.method != "CONNECT":
        return _railway(request) if request.path == RAILWAY_PATH else None
    if request.method == "CONNECT" or not is_local(request.host):
        return Route(api="proxy", operation=f"{request.method} {request.host}{request.path}", reads=True)
    return _of_address(request, reads=reads)


def _of_address(request: Request, *, reads: bool) -> Route | None:
    if request.path == RAILWAY_PATH:
        return _railway(request)
    if _below(request.path, cloudflare.PREFIX):
        name = f"{request.method} {request.path.removeprefix(cloudflare.PREFIX)}"
        return Route(api="cloudflare", operation=name, reads=reads)
    if request.path == DNS_PATH:
        parameters = request.parameters()
        return Route(api="dns", operation=f"{parameters.get('name')} {parameters.get('type', 'A')}", reads=True)
    if _below(request.path, digitalocean.PREFIX):
        return Route(api="digitalocean", operation=f"{request.method} {request.path}", reads=reads)
    return None


def visit(request: Request) -> Route:
    """Return the route of a request over TLS: one of a visitor of the simulated Internet."""
    return Route(api="edge", operation=f"{request.method} https://{request.host}{request.path}", reads=True)


def _below(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(f"{prefix}/")


def _railway(request: Request) -> Route:
    try:
        body = request.json_object()
    except UnreadableBodyError:
        return Route(api="railway", operation="unreadable", reads=True)
    name = body.get("operationName")
    operation = operation_name(str(body.get("query", "")), name if isinstance(name, str) else None)
    return Route(api="railway", operation=operation, reads=not operation.startswith("mutation"), graphql=body)


@lru_cache(512)
def operation_name(query: str, name: str | None = None) -> str:
    """Return kind and root fields of the operation that runs, such as ``mutation volumeCreate``.

    It is the first operation of the document, or the one of that ``name``; "unreadable" where there is none.
    """
    try:
        definitions = parse(query, no_location=True).definitions
    except GraphQLSyntaxError:
        return "unreadable"
    for node in definitions:
        if isinstance(node, OperationDefinitionNode) and (not name or (node.name and node.name.value == name)):
            fields = [field.name.value for field in node.selection_set.selections if isinstance(field, FieldNode)]
            return f"{node.operation.value} {', '.join(fields)}"
    return "unreadable"
