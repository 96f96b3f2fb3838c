"""The simulated Railway's GraphQL API: one request in, one response out, whatever carries them.

Owns the transport rules (headers, limits, status codes, the form of errors) and the execution by graphql-core against
``schema.graphql``. Has no business rule: those stand in the modules of the nouns.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final, cast

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
    execute_sync,  # pyright: ignore[reportUnknownVariableType]  (its middleware types are open)
    get_named_type,
    get_operation_ast,
    parse,
    validate,
)
from graphql.execution.values import get_variable_values

from railway_sandbox.clock import EPOCH, timestamp
from railway_sandbox.http_messages import Request, Response, UnreadableBodyError
from railway_sandbox.identifiers import short_of
from railway_sandbox.railway import limits, operations
from railway_sandbox.railway.access import Arguments, Caller, caller_of
from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.railway.errors import NotSimulated, Refused, invalid
from railway_sandbox.railway.records import part

SCHEMA_PATH = Path(__file__).with_name("schema.graphql")
DOCUMENTS = 512
"""Number of validated documents that are cached: clients send few different ones, and often."""


@dataclass(frozen=True)
class _GraphQLRequest:
    document: DocumentNode
    operation: OperationDefinitionNode
    variables: dict[str, Any]
    operation_name: str | None

    @property
    def public(self) -> bool:
        """Tell whether it asks for nothing but the schema."""
        roots = self.operation.selection_set.selections
        return all(isinstance(root, FieldNode) and root.name.value.startswith("__") for root in roots)

    @property
    def path(self) -> list[str | int] | None:
        """Return the path of the answer to the first operation; None for one in a fragment."""
        first = self.operation.selection_set.selections[0]
        if not isinstance(first, FieldNode):
            return None
        return [first.alias.value if first.alias else first.name.value]

    @property
    def changes(self) -> bool:
        return self.operation.operation is OperationType.MUTATION


@cache
def schema() -> GraphQLSchema:
    """Return the part of Railway's schema that is simulated."""
    built = build_schema(SCHEMA_PATH.read_text())
    for name in ("parse_value", "coerce_input_value"):  # of graphql-core 3.2, and of 3.3
        setattr(built.type_map["DateTime"], name, _date)
    return built


def _date(value: Any) -> datetime:
    """Return the moment of an argument of type ``DateTime``. Raises ``GraphQLError``."""
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise GraphQLError(f"DateTime cannot represent an invalid date-time-string {value}.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def respond(cloud: RailwayCloud, request: Request) -> Response:
    """Answer one request. Raises ``NotSimulated`` when the sandbox, not the request, falls short."""
    with cloud.lock:
        operations.catch_up(cloud)
        if limits.edge(cloud, has_query_string=bool(request.query)).limited:
            return Response(status=429, headers={"Content-Type": "text/plain"}, body=b"error code: 1015")
        caller = caller_of(cloud, request.bearer_token(), request.headers.get("project-access-token"))
        verdict = limits.plan(cloud, caller.token.id if caller else "anonymous")
        headers = _limit_headers(cloud, verdict)
        if verdict.limited:
            return _error_response(cloud, 429, "Rate limit exceeded", "RATE_LIMITED", headers)
        operation = _read(cloud, request, headers)
        if isinstance(operation, Response):
            return operation
        return _response(cloud, caller, operation, headers)


def _limit_headers(cloud: RailwayCloud, verdict: limits.RateLimit) -> dict[str, str]:
    headers = {
        "Content-Type": "application/json",
        "Date": format_datetime(EPOCH + timedelta(seconds=cloud.now()), usegmt=True),
        "X-RateLimit-Limit": str(verdict.limit),
        "X-RateLimit-Remaining": str(verdict.remaining),
        "X-RateLimit-Reset": str(math.ceil(EPOCH.timestamp() + verdict.resets_at)),
    }
    if verdict.retry_after_s:
        headers["Retry-After"] = str(verdict.retry_after_s)
    return headers


def _error_response(cloud: RailwayCloud, status: int, message: str, code: str, headers: Mapping[str, str]) -> Response:
    return _errors_response(cloud, status, [message], code, headers)


def _errors_response(
    cloud: RailwayCloud, status: int, messages: Sequence[str], code: str, headers: Mapping[str, str]
) -> Response:
    errors = [{"message": each, "extensions": {"code": code}, "traceId": _trace(cloud)} for each in messages]
    return Response.of_json(status, {"errors": errors}, headers)


def _with_double_quotes(message: str) -> str:
    """Return a message of graphql-core with the double quotes of graphql-js, which Railway runs."""
    return re.sub(r"'([^']*)'", r'"\1"', message)


def _trace(cloud: RailwayCloud) -> str:
    return short_of(f"{cloud.now()}/{cloud.mutated}", 19)


@lru_cache(DOCUMENTS)
def parsed(text: str) -> tuple[DocumentNode, list[str]]:
    """Return a document and the mistakes that the schema finds in it. Raises ``GraphQLSyntaxError``."""
    document = parse(text)
    return document, [_with_double_quotes(mistake.message) for mistake in validate(schema(), document)]


def _read(cloud: RailwayCloud, request: Request, headers: Mapping[str, str]) -> _GraphQLRequest | Response:
    """Return the request as GraphQL, or the answer to one that is none."""
    try:
        posted = request.json_object()
        text = posted["query"]
        variables = dict(part(posted, "variables").items())
        name: str | None = posted.get("operationName")
        document, mistakes = parsed(text)
    except (UnreadableBodyError, KeyError, TypeError, AttributeError):
        return _error_response(cloud, 400, "The request body has no GraphQL query.", "BAD_REQUEST", headers)
    except GraphQLSyntaxError as error:
        return _error_response(cloud, 400, _with_double_quotes(error.message), "GRAPHQL_PARSE_FAILED", headers)
    if mistakes:
        return _errors_response(cloud, 400, mistakes, "GRAPHQL_VALIDATION_FAILED", headers)
    operation = get_operation_ast(document, name)
    if operation is None:
        return _error_response(
            cloud, 400, "The operation to run is not clear.", "OPERATION_RESOLUTION_FAILURE", headers
        )
    values = get_variable_values(schema(), operation.variable_definitions or [], variables)
    if isinstance(values, list):
        return _errors_response(
            cloud, 400, [_with_double_quotes(each.message) for each in values], "BAD_USER_INPUT", headers
        )
    return _GraphQLRequest(document, operation, variables, name)


def _response(
    cloud: RailwayCloud, caller: Caller | None, operation: _GraphQLRequest, headers: Mapping[str, str]
) -> Response:
    if caller is None and not operation.public:
        answer = ExecutionResult(None, [GraphQLError("Not Authorized", path=operation.path)])
    else:
        answer = _execute(caller, operation)
    if operation.changes:
        cloud.touch()
    body: dict[str, Any] = {"data": answer.data}
    if answer.errors:
        body["errors"] = [_error(cloud, error) for error in answer.errors]
    return Response.of_json(200, body, headers)


def _execute(caller: Caller | None, operation: _GraphQLRequest) -> ExecutionResult:
    answer = execute_sync(
        schema(),
        operation.document,
        context_value=caller,
        variable_values=operation.variables,
        operation_name=operation.operation_name,
        field_resolver=resolve,
    )
    for error in answer.errors or []:
        if not isinstance(error.original_error, Refused | None):
            raise error.original_error  # a gap or a defect of the sandbox: never dressed up as Railway's answer
    return answer


def _error(cloud: RailwayCloud, error: GraphQLError) -> dict[str, Any]:
    formatted = cast("dict[str, Any]", error.formatted)
    return {**formatted, "extensions": {"code": "INTERNAL_SERVER_ERROR"}, "traceId": _trace(cloud)}


@cache
def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda match: f"_{match[1].lower()}", name)


def resolve(parent: Any, info: GraphQLResolveInfo[Caller], **arguments: Any) -> Any:
    value = _value(parent, info, arguments)
    if type(value) not in _WRITTEN_OTHERWISE:
        return value
    kind = get_named_type(info.return_type).name  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
    if kind.endswith("Connection") and isinstance(value, list):
        return _connection(cast("list[Any]", value), arguments)
    return timestamp(value) if kind == "DateTime" else value


_WRITTEN_OTHERWISE: Final = (list, float, int)
"""Types of what may be a connection, or a moment, in the schema."""
_ROOTS: Final = {"Query": operations.QUERIES, "Mutation": operations.MUTATIONS}
_MISSING: Final = object()


def _value(parent: Any, info: GraphQLResolveInfo[Caller], arguments: Arguments) -> Any:
    owner, name = info.parent_type.name, info.field_name
    root = _ROOTS.get(owner)
    if root is not None:
        if name not in root:
            raise NotSimulated(f"The sandbox does not simulate Railway's {owner.lower()} {name!r}.")
        return root[name](info.context, arguments)
    reader = operations.FIELDS.get(f"{owner}.{name}")
    if reader is not None:
        return reader(info.context, parent, arguments)
    if isinstance(parent, dict):
        if name in parent:
            return parent[name]  # pyright: ignore[reportUnknownVariableType]
    elif (value := getattr(parent, _snake(name), _MISSING)) is not _MISSING:
        return value
    raise NotSimulated(f"The sandbox does not simulate {name!r} of Railway's {owner!r}.")


def _connection(nodes: list[Any], arguments: Arguments) -> dict[str, Any]:
    """Return the page of ``nodes`` that ``first``, ``after``, ``last`` and ``before`` ask for, as Relay's connection.

    Railway's own page sizes are not published: without ``first`` or ``last`` the whole list is one page.
    """
    if min(arguments.get("first") or 0, arguments.get("last") or 0) < 0:
        raise invalid("first and last must not be negative")
    start = _position(arguments.get("after"), -1) + 1
    end = min(_position(arguments.get("before"), len(nodes)), len(nodes))
    if arguments.get("first") is not None:
        end = min(end, start + arguments["first"])
    if arguments.get("last") is not None:
        start = max(start, end - arguments["last"])
    edges = [{"cursor": str(position), "node": nodes[position]} for position in range(start, end)]
    return {
        "edges": edges,
        "pageInfo": {
            "startCursor": edges[0]["cursor"] if edges else None,
            "endCursor": edges[-1]["cursor"] if edges else None,
            "hasNextPage": end < len(nodes),
            "hasPreviousPage": start > 0,
        },
    }


def _position(cursor: str | None, default: int) -> int:
    if cursor is None:
        return default
    if not cursor.isdecimal():
        raise invalid("cursor")
    return int(cursor)
