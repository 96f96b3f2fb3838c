"""Faults on demand: a response that fails, gets lost or hangs, before or after the request was executed.

Chooses the requests that fail, and builds the error response of each API. The server asks for each request.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any, Final, Literal
from xml.sax.saxutils import escape

from railway_sandbox.http_messages import LOST, Response

Api = Literal["railway", "cloudflare", "digitalocean", "spaces", "proxy", "dns", "edge", "ssh"]
Timing = Literal["before", "after"]

CAN_BE_REPEATED: Final[Mapping[Api, Mapping[str, str]]] = {
    "cloudflare": {"Retry-After-Ms": "1"},
    "digitalocean": {"Retry-After": "0"},
}
"""Headers that make a client repeat without its long waits: simulated time does not shorten them."""

FINAL: Final[Mapping[Api, Mapping[str, str]]] = {"cloudflare": {"x-should-retry": "false"}}
"""Headers that keep a client from repeating."""

_NONE: Final[Mapping[str, str]] = {}


@dataclass(kw_only=True)
class Fault:
    """One fault, and the requests that it applies to."""

    api: Api
    operation: str
    """A regular expression for what the request log calls it."""
    status: int | None
    message: str | None = None
    drop: bool = False
    hang_s: float = 0.0
    retry_after_s: int | None = None
    """The simulated seconds of Railway's Retry-After header."""
    when: Timing = "before"
    final: bool = False
    count: int | None = 1
    """Number of requests that fail; None: every one until ``clear``."""

    def response(self) -> Response | None:
        """Return what the client gets instead of its answer; ``None`` when that comes, only late."""
        if self.drop:
            return LOST
        if self.status is None:
            return None
        return _BODIES[self.api](self.status, self.message, self._headers(self.status))

    def _headers(self, status: int) -> Mapping[str, str]:
        if status not in (408, 409, 429) and status < 500:
            return _NONE
        if self.api == "railway" and self.retry_after_s is not None:
            return {"Retry-After": str(self.retry_after_s)}
        return FINAL.get(self.api, _NONE) if self.final else CAN_BE_REPEATED.get(self.api, _NONE)


class Faults:
    """The faults that wait for their request."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._counting = threading.Lock()

    def add(self, fault: Fault) -> None:
        """Let a fault wait for its request. Raises ``ValueError`` for one that is not valid."""
        try:
            re.compile(fault.operation)
        except re.error as problem:
            raise ValueError(f"operation {fault.operation!r} is not a valid regular expression: {problem}") from problem
        if fault.status is None and not fault.drop and not fault.hang_s:
            raise ValueError("a fault needs a status, drop=True or hang_s")
        self._waiting.append(fault)

    def dump(self) -> list[dict[str, Any]]:
        """Return the waiting faults as JSON values."""
        return [asdict(fault) for fault in self._waiting if fault.count != 0]

    def load(self, waiting: Iterable[Mapping[str, Any]]) -> None:
        """Replace the waiting faults with what ``dump`` returned."""
        self._waiting = [Fault(**fault) for fault in waiting]

    def clear(self) -> None:
        """Remove all waiting faults."""
        self._waiting.clear()

    def take(self, api: Api, operation: str, when: Timing) -> Fault | None:
        """Return the first waiting fault that hits this request; it is used up by one."""
        with self._counting:
            for fault in self._waiting:
                if (
                    fault.count != 0
                    and fault.api == api
                    and fault.when == when
                    and re.search(fault.operation, operation)
                ):
                    if fault.count is not None:
                        fault.count -= 1
                    return fault
        return None


def _cloudflare(status: int, message: str | None, headers: Mapping[str, str]) -> Response:
    problem = {"code": 10_000 + status, "message": message or f"simulated failure {status}"}
    return Response.of_json(status, {"success": False, "errors": [problem], "messages": [], "result": None}, headers)


def _digitalocean(status: int, message: str | None, headers: Mapping[str, str]) -> Response:
    text = message or f"simulated failure {status}"
    return Response.of_json(status, {"id": "simulated_failure", "message": text}, headers)


def _railway(status: int, message: str | None, headers: Mapping[str, str]) -> Response:
    """Answer 200 with a GraphQL error without path and code, Railway's opaque one; else with a gateway's page."""
    if status == HTTPStatus.OK:
        error = {"message": message or "Problem processing request", "traceId": "0000000000000000000"}
        return Response.of_json(status, {"data": None, "errors": [error]}, headers)
    text = message or f"<html><body><h1>{status}</h1></body></html>"
    return Response(status=status, headers={"Content-Type": "text/html", **headers}, body=text.encode())


def _spaces(status: int, message: str | None, headers: Mapping[str, str]) -> Response:
    code = {429: "TooManyRequests", 503: "ServiceUnavailable"}.get(status, "InternalError")
    text = f"<Error><Code>{code}</Code><Message>{escape(message or f'simulated failure {status}')}</Message></Error>"
    return Response(status=status, headers={"Content-Type": "application/xml", **headers}, body=text.encode())


_BODIES: Final = {
    "cloudflare": _cloudflare,
    "digitalocean": _digitalocean,
    "railway": _railway,
    "spaces": _spaces,
    "proxy": _railway,
    "dns": _railway,
    "edge": _railway,
    "ssh": _railway,
}
