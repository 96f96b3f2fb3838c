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
    """The handler to which a request goes."""

    api: Api
    operation: str
    reads: bool
    """It changes nothing, so that nothing has to be stored before it is answered."""
    graphql: dict[str, Any] | None = None


def route(request: Request) -> Route | None:
    """Return the route of a request; ``None`` for a path that nobody serves.

    A proxy request for any other host than Spaces is a program that tries to leave the sandbox: api ``proxy``.
    """
    reads = request.method in ("GET", "HEAD", "OPTIONS")
    if spaces.is_spaces(request.host) and request.method != "CONNECT":
        return Route(api="spaces", operation=spaces.operation(request), reads=reads)
    if request.host == RAILWAY_HOST and request.method != "CONNECT":
        return _railway(request) if request.path == RAILWAY_PATH else None
    if request.method == "CONNECT" or request.host not in ("127.0.0.1", "localhost"):
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
    """Return the route of a request that came over TLS: a visitor's, for the simulated Internet."""
    return Route(api="edge", operation=f"{request.method} https://{request.host}{request.path}", reads=True)


def _below(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(f"{prefix}/")


def _railway(request: Request) -> Route:
    try:
        body = request.json_object()
    except UnreadableBodyError:
        return Route(api="railway", operation="unreadable", reads=True)
    operation = operation_name(str(body.get("query", "")), _text(body.get("operationName")))
    return Route(api="railway", operation=operation, reads=not operation.startswith("mutation"), graphql=body)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


@lru_cache(512)
def operation_name(query: str, name: str | None = None) -> str:
    """Return kind and root fields of the operation that runs, such as ``mutation volumeCreate``."""
    try:
        definitions = parse(query, no_location=True).definitions
    except GraphQLSyntaxError:
        return "unreadable"
    for node in definitions:
        if isinstance(node, OperationDefinitionNode) and (not name or (node.name and node.name.value == name)):
            fields = [field.name.value for field in node.selection_set.selections if isinstance(field, FieldNode)]
            return f"{node.operation.value} {', '.join(fields)}"
    return "unreadable"
