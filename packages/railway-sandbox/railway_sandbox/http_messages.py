"""One HTTP request and one response, as plain values.

The server, the simulated APIs and an in-process caller exchange these. They know neither sockets nor clouds, so that
the same ``respond`` functions serve a loopback port and a test.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import parse_qsl


class UnreadableBodyError(Exception):
    """The body of a request is not the JSON object that its operation needs."""


def _no_headers() -> dict[str, str]:
    return {}


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request of a client."""

    method: str
    host: str = ""
    """The host of the absolute address or of the Host header, without port."""
    path: str
    """As sent, still percent-encoded."""
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=_no_headers)
    """Names in lower case."""
    body: bytes = b""

    def parameters(self) -> dict[str, str]:
        """Return the query as a dictionary; of a repeated name the last value counts."""
        return dict(parse_qsl(self.query, keep_blank_values=True))

    def number(self, name: str, default: int) -> int:
        """Return a parameter that counts from 1; ``default`` where it is missing or no number."""
        text = self.parameters().get(name, "")
        return max(1, int(text)) if text.isdecimal() else default

    def json_object(self) -> dict[str, Any]:
        """Return the body as a JSON object; an empty body is an empty one. Raises ``UnreadableBodyError``."""
        if not self.body.strip():
            return {}
        try:
            value: Any = json.loads(self.body)
        except ValueError as problem:
            raise UnreadableBodyError(f"the body is not JSON: {problem}") from problem
        if not isinstance(value, dict):
            raise UnreadableBodyError("the body must be a JSON object")
        return cast("dict[str, Any]", value)

    def bearer_token(self) -> str:
        """Return the token of ``Authorization: Bearer …``; empty when there is none."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""


@dataclass(frozen=True, kw_only=True)
class Response:
    """A response to a client."""

    status: int
    headers: Mapping[str, str] = field(default_factory=_no_headers)
    body: bytes = b""
    lost: bool = False
    """The server did its work, or not, and the connection breaks before an answer arrives."""

    @staticmethod
    def of_json(status: int, value: object, headers: Mapping[str, str] | None = None) -> Response:
        """Return a response with a JSON body; ``None`` as value means no body at all."""
        kind = {} if value is None else {"Content-Type": "application/json"}
        body = b"" if value is None else json.dumps(value).encode()
        return Response(status=status, headers={**kind, **(headers or {})}, body=body)

    @property
    def text(self) -> str:
        """Return the body as text."""
        return self.body.decode()

    @property
    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)


LOST = Response(status=0, lost=True)
"""No answer: the connection closes."""
