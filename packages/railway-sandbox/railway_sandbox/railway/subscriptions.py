"""Subscriptions over WebSocket, in the protocol ``graphql-transport-ws`` that Railway serves.

Owns the messages of the protocol, and when a subscription has news: new lines of a log, another status of a
deployment. Simulated time brings them, so they are looked for several times in a real second.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from graphql import (
    ExecutionResult,
    FieldNode,
    GraphQLError,
    OperationType,
    execute,  # pyright: ignore[reportUnknownVariableType]  (its middleware types are open)
    get_operation_ast,
)
from graphql.execution.values import get_argument_values, get_variable_values

from railway_sandbox.railway import operations, wire
from railway_sandbox.railway.access import Caller, caller_of
from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.railway.errors import Refused
from railway_sandbox.railway.records import part
from railway_sandbox.websocket import WebSocket

PAUSE_S: Final = 0.1
"""Pause between two checks for updates, in real seconds."""
NOT_AUTHORIZED: Final = 4403


class _ProtocolError(Exception):
    """A message that the protocol forbids: the connection is closed with ``code``."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class _Subscription:
    """One subscription of a caller. Raises ``GraphQLError`` for a payload that is not a valid one."""

    def __init__(self, caller: Caller, payload: Mapping[str, Any]) -> None:
        document, mistakes = wire.parsed(str(payload.get("query")))
        operation = get_operation_ast(document, payload.get("operationName"))
        if mistakes or operation is None or operation.operation is not OperationType.SUBSCRIPTION:
            raise GraphQLError(mistakes[0] if mistakes else "No subscription in the document.")
        variables, node = part(payload, "variables"), operation.selection_set.selections[0]
        if not isinstance(variables, dict) or not isinstance(node, FieldNode):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise GraphQLError("A subscription has one field, and an object of variables.")
        values = get_variable_values(wire.schema(), operation.variable_definitions or [], variables)
        if isinstance(values, list):
            raise values[0]
        self._caller, self._document, self._payload = caller, document, payload
        self._node = node
        root = wire.schema().subscription_type
        assert root is not None
        self._arguments = get_argument_values(root.fields[self._node.name.value], self._node, values)
        self._last_value: Any = None

    def news(self) -> dict[str, Any] | None:
        """Return the next answer; None while there is nothing new."""
        with self._caller.cloud.lock:
            operations.catch_up(self._caller.cloud)
            name = self._node.name.value
            try:
                value, self._last_value = operations.SUBSCRIPTIONS[name](
                    self._caller, self._arguments, self._last_value
                )
            except Refused as refusal:
                return {"data": None, "errors": [{"message": str(refusal), "path": [name]}]}
            if value is None:
                return None
            answer = execute(
                wire.schema(),
                self._document,
                root_value={name: value},
                context_value=self._caller,
                variable_values=part(self._payload, "variables"),
                operation_name=self._payload.get("operationName"),
                field_resolver=wire.resolve,
            )
        assert isinstance(answer, ExecutionResult)
        return cast("dict[str, Any]", answer.formatted)


def serve(cloud: RailwayCloud, headers: Mapping[str, str], socket: WebSocket, note: Callable[[str], None]) -> None:
    """Talk with a client until it goes; ``note`` gets the document of each subscription."""
    token = headers.get("authorization", "").partition(" ")[2].strip()
    with cloud.lock:
        caller = caller_of(cloud, token, headers.get("project-access-token"))
    if caller is None:
        socket.close(NOT_AUTHORIZED, "Forbidden")
        return
    _Conversation(caller, socket, note).hold()


class _Conversation:
    def __init__(self, caller: Caller, socket: WebSocket, note: Callable[[str], None]) -> None:
        self._caller, self._socket, self._note = caller, socket, note
        self._open: dict[str, _Subscription] = {}
        self._acknowledged = False

    def hold(self) -> None:
        """Answer messages and send news, until the client goes or breaks the protocol."""
        try:
            while True:
                if self._socket.has_news(PAUSE_S):
                    text = self._socket.receive()
                    if text is None:
                        return
                    if text:
                        self._answer(_message(text))
                self._send_news()
        except _ProtocolError as error:
            self._socket.close(error.code, str(error))
        except (OSError, ValueError):
            return

    def _answer(self, message: Mapping[str, Any]) -> None:
        kind, key = message.get("type"), str(message.get("id"))
        if kind == "connection_init":
            self._acknowledged = True
            self._send("connection_ack")
        elif kind == "ping":
            self._send("pong")
        elif kind == "complete":
            self._open.pop(key, None)
        elif kind == "subscribe":
            if not self._acknowledged:
                raise _ProtocolError(4401, "Unauthorized")
            payload = _object(message.get("payload"))
            self._note(str(payload.get("query")))
            try:
                self._open[key] = _Subscription(self._caller, payload)
            except GraphQLError as mistake:
                self._send("error", id=key, payload=[{"message": mistake.message}])

    def _send_news(self) -> None:
        for key, subscription in list(self._open.items()):
            news = subscription.news()
            if news is None:
                continue
            self._send("next", id=key, payload=news)
            if news.get("errors"):
                del self._open[key]
                self._send("complete", id=key)

    def _send(self, kind: str, **more: Any) -> None:
        self._socket.send(json.dumps({"type": kind, **more}))


def _message(text: str) -> Mapping[str, Any]:
    try:
        return _object(json.loads(text))
    except ValueError:
        raise _ProtocolError(4400, "Invalid message received") from None


def _object(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _ProtocolError(4400, "Invalid message received")
    return cast("dict[str, Any]", value)
