"""Faults on demand: an answer that fails, gets lost or hangs, before or after the work was done.

Owns which request is hit. The server asks for each request, and acts.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from railway_sandbox.exchange import LOST, Reply

Api = Literal["railway", "cloudflare", "digitalocean", "spaces", "proxy", "dns", "edge"]
Moment = Literal["before", "after"]

CAN_BE_REPEATED: Final[Mapping[Api, Mapping[str, str]]] = {
    "cloudflare": {"Retry-After-Ms": "1"},
    "digitalocean": {"Retry-After": "0"},
    "railway": {"Retry-After": "1"},
}
"""Headers that make a client repeat without its long waits: simulated time does not shorten them."""

FINAL: Final[Mapping[Api, Mapping[str, str]]] = {"cloudflare": {"x-should-retry": "false"}}
"""Headers that keep a client from repeating."""

_NONE: Final[Mapping[str, str]] = {}


@dataclass(kw_only=True)
class Fault:
    """One thing that goes wrong, ``count`` times."""

    api: Api
    operation: re.Pattern[str]
    status: int | None
    drop: bool
    hang_s: float
    when: Moment
    final: bool
    count: int

    def reply(self) -> Reply | None:
        """What the client gets instead of its answer; ``None`` when that comes, only late."""
        if self.drop:
            return LOST
        if self.status is None:
            return None
        return _BODIES[self.api](self.status, self._headers(self.status))

    def _headers(self, status: int) -> Mapping[str, str]:
        if status not in (408, 409, 429) and status < 500:
            return _NONE
        return FINAL.get(self.api, _NONE) if self.final else CAN_BE_REPEATED.get(self.api, _NONE)


class Faults:
    """The faults that wait for their request."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._counting = threading.Lock()

    def add(self, fault: Fault) -> None:
        if fault.status is None and not fault.drop and not fault.hang_s:
            raise ValueError("a fault needs a status, drop=True or hang_s")
        self._waiting.append(fault)

    def take(self, api: Api, operation: str, when: Moment) -> Fault | None:
        """The first waiting fault that hits this request; it is used up by one."""
        with self._counting:
            for fault in self._waiting:
                if fault.count > 0 and fault.api == api and fault.when == when and fault.operation.search(operation):
                    fault.count -= 1
                    return fault
        return None


def _cloudflare(status: int, headers: Mapping[str, str]) -> Reply:
    problem = {"code": 10_000 + status, "message": f"simulated failure {status}"}
    return Reply.of_json(status, {"success": False, "errors": [problem], "messages": [], "result": None}, headers)


def _digitalocean(status: int, headers: Mapping[str, str]) -> Reply:
    return Reply.of_json(status, {"id": "simulated_failure", "message": f"simulated failure {status}"}, headers)


def _railway(status: int, headers: Mapping[str, str]) -> Reply:
    return Reply.of_json(status, {"errors": [{"message": f"simulated failure {status}"}]}, headers)


def _spaces(status: int, headers: Mapping[str, str]) -> Reply:
    code = {429: "TooManyRequests", 503: "ServiceUnavailable"}.get(status, "InternalError")
    text = f"<Error><Code>{code}</Code><Message>simulated failure {status}</Message></Error>"
    return Reply(status=status, headers={"Content-Type": "application/xml", **headers}, body=text.encode())


_BODIES: Final = {
    "cloudflare": _cloudflare,
    "digitalocean": _digitalocean,
    "railway": _railway,
    "spaces": _spaces,
    "proxy": _railway,
    "dns": _railway,
    "edge": _railway,
}
