"""The simulated Railway's GraphQL API: one request in, one response out, whatever carries them.

Owns the transport rules (headers, limits, status codes, the form of errors) and the execution by graphql-core against
``schema.graphql``. Has no business rule: those stand in the modules of the nouns.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from typing import Any, cast

from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    build_schema,
    execute,  # pyright: ignore[reportUnknownVariableType]  (its middleware types are open)
    get_named_type,
    get_operation_ast,
    parse,
    validate,
)
from graphql.execution.values import get_variable_values

from railway_sandbox.clock import EPOCH, timestamp
from railway_sandbox.railway import operations, rates
from railway_sandbox.railway.access import Arguments, Caller, caller_of
from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.railway.connections import connection
from railway_sandbox.railway.errors import NotSimulated, Refused
from railway_sandbox.railway.ids import short_of
from railway_sandbox.railway.state import Fault, part

SCHEMA_PATH = Path(__file__).with_name("schema.graphql")


@dataclass(frozen=True)
class Request:
    """A POST to ``/graphql/v2``; ``query_string`` is what follows the question mark of its address."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    query_string: str = ""


@dataclass(frozen=True)
class Response:
    """The answer; with ``dropped`` the server closes the connection instead of sending it."""

    status: int
    body: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    dropped: bool = False
    operations: tuple[str, ...] = ()
    """The operations of the request, for a log."""

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class _Asked:
    document: DocumentNode
    operation: OperationDefinitionNode
    names: tuple[str, ...]
    variables: dict[str, Any]
    operation_name: str | None

    @property
    def first_key(self) -> str:
        """The name under which the answer to the first operation stands."""
        first = next(part for part in self.operation.selection_set.selections if isinstance(part, FieldNode))
        return first.alias.value if first.alias else first.name.value

    @property
    def changes(self) -> bool:
        return self.operation.operation is OperationType.MUTATION


@cache
def schema() -> GraphQLSchema:
    """The part of Railway's schema that is simulated."""
    return build_schema(SCHEMA_PATH.read_text())


def respond(cloud: RailwayCloud, request: Request) -> Response:
    """Answer one request. Raises ``NotSimulated`` when the sandbox, not the request, falls short."""
    with cloud.lock:
        operations.catch_up(cloud)
        if rates.edge(cloud, has_query_string=bool(request.query_string)).limited:
            return Response(429, "error code: 1015", {"Content-Type": "text/plain"})
        headers = {name.lower(): value for name, value in request.headers.items()}
        bearer = headers.get("authorization", "")
        bearer = bearer[7:].strip() if bearer.lower().startswith("bearer ") else None
        caller = caller_of(cloud, bearer, headers.get("project-access-token"))
        verdict = rates.plan(cloud, caller.token.id if caller else "anonymous")
        limits = _limit_headers(cloud, verdict)
        if verdict.limited:
            return _failed(cloud, 429, "Rate limit exceeded", "RATE_LIMITED", limits)
        asked = _read(cloud, request.body, limits)
        if isinstance(asked, Response):
            return asked
        return _answer(cloud, caller, asked, limits)


def _limit_headers(cloud: RailwayCloud, verdict: rates.Verdict) -> dict[str, str]:
    found = {
        "Content-Type": "application/json",
        "Date": format_datetime(EPOCH + timedelta(seconds=cloud.now()), usegmt=True),
        "X-RateLimit-Limit": str(verdict.limit),
        "X-RateLimit-Remaining": str(verdict.remaining),
        "X-RateLimit-Reset": str(math.ceil(EPOCH.timestamp() + verdict.resets_at)),
    }
    if verdict.retry_after_s:
        found["Retry-After"] = str(verdict.retry_after_s)
    return found


def _failed(cloud: RailwayCloud, status: int, message: str, code: str, headers: Mapping[str, str]) -> Response:
    error = {"message": message, "extensions": {"code": code}, "traceId": _trace(cloud)}
    return Response(status, json.dumps({"errors": [error]}), headers)


def _trace(cloud: RailwayCloud) -> str:
    return short_of(f"{cloud.now()}/{cloud.mutated}", 19)


def _read(cloud: RailwayCloud, body: bytes, headers: Mapping[str, str]) -> _Asked | Response:
    """The request as GraphQL, or the answer to one that is none."""
    try:
        posted: Any = json.loads(body)
        text = posted["query"]
        variables: dict[str, Any] = part(posted, "variables")
        name: str | None = posted.get("operationName")
        document = parse(text)
    except (ValueError, KeyError, TypeError, AttributeError):
        return _failed(cloud, 400, "The request body has no GraphQL query.", "BAD_REQUEST", headers)
    except GraphQLSyntaxError as error:
        return _failed(cloud, 400, error.message, "GRAPHQL_PARSE_FAILED", headers)
    findings = validate(schema(), document)
    if findings:
        return _failed(cloud, 400, findings[0].message, "GRAPHQL_VALIDATION_FAILED", headers)
    operation = get_operation_ast(document, name)
    if operation is None:
        return _failed(cloud, 400, "The operation to run is not clear.", "OPERATION_RESOLUTION_FAILURE", headers)
    values = get_variable_values(schema(), operation.variable_definitions or [], variables)
    if isinstance(values, list):
        return _failed(cloud, 400, values[0].message, "BAD_USER_INPUT", headers)
    names = tuple(part.name.value for part in operation.selection_set.selections if isinstance(part, FieldNode))
    return _Asked(document, operation, names, variables, name)


def _answer(cloud: RailwayCloud, caller: Caller | None, asked: _Asked, headers: Mapping[str, str]) -> Response:
    fault = cloud.faults.take(asked.names)
    if fault is not None and fault.when == "before":
        return _faulty(cloud, fault, asked, headers)
    public = all(name.startswith("__") for name in asked.names)
    if caller is None and not public:
        answer = ExecutionResult(None, [GraphQLError("Not Authorized", path=[asked.first_key])])
    else:
        answer = _execute(caller, asked)
    if asked.changes:
        cloud.touch()
    if fault is not None:
        return _faulty(cloud, fault, asked, headers)
    body: dict[str, Any] = {"data": answer.data}
    if answer.errors:
        body["errors"] = [_error(cloud, error) for error in answer.errors]
    return Response(200, json.dumps(body), headers, operations=asked.names)


def _execute(caller: Caller | None, asked: _Asked) -> ExecutionResult:
    answer = execute(
        schema(),
        asked.document,
        context_value=caller,
        variable_values=asked.variables,
        operation_name=asked.operation_name,
        field_resolver=_resolve,
    )
    if not isinstance(answer, ExecutionResult):
        raise NotSimulated("The sandbox's operations must answer at once.")
    for error in answer.errors or []:
        if not isinstance(error.original_error, Refused | None):
            raise error.original_error  # a gap or a defect of the sandbox: never dressed up as Railway's answer
    return answer


def _faulty(cloud: RailwayCloud, fault: Fault, asked: _Asked, headers: Mapping[str, str]) -> Response:
    if fault.when == "lost":
        return Response(0, "", dropped=True, operations=asked.names)
    if fault.status == 200:
        # The opaque error of Railway: no path and no code.
        message = fault.message or "Problem processing request"
        body = {"data": None, "errors": [{"message": message, "traceId": _trace(cloud)}]}
        return Response(200, json.dumps(body), headers, operations=asked.names)
    text = fault.message or f"<html><body><h1>{fault.status}</h1></body></html>"
    return Response(fault.status, text, {"Content-Type": "text/html"}, operations=asked.names)


def _error(cloud: RailwayCloud, error: GraphQLError) -> dict[str, Any]:
    formatted = cast("dict[str, Any]", error.formatted)
    return {**formatted, "extensions": {"code": "INTERNAL_SERVER_ERROR"}, "traceId": _trace(cloud)}


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda match: f"_{match[1].lower()}", name)


def _resolve(parent: Any, info: GraphQLResolveInfo[Caller], **arguments: Any) -> Any:
    value = _value(parent, info, arguments)
    kind = get_named_type(info.return_type).name  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
    if kind.endswith("Connection") and isinstance(value, list):
        return connection(cast("list[Any]", value), arguments)
    if kind == "DateTime" and isinstance(value, float | int):
        return timestamp(value)
    return value


def _value(parent: Any, info: GraphQLResolveInfo[Caller], arguments: Arguments) -> Any:
    owner, name = info.parent_type.name, info.field_name
    root = {"Query": operations.QUERIES, "Mutation": operations.MUTATIONS}.get(owner)
    if root is not None:
        if name not in root:
            raise NotSimulated(f"The sandbox does not simulate Railway's {owner.lower()} {name!r}.")
        return root[name](info.context, arguments)
    reader = operations.FIELDS.get(f"{owner}.{name}")
    if reader is not None:
        return reader(info.context, parent, arguments)
    if isinstance(parent, Mapping):
        if name in parent:
            return parent[name]  # pyright: ignore[reportUnknownVariableType]
    elif hasattr(parent, _snake(name)):
        return getattr(parent, _snake(name))
    raise NotSimulated(f"The sandbox does not simulate {name!r} of Railway's {owner!r}.")
