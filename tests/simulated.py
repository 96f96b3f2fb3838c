"""A sandbox as tests serve it: pointed at by an address, with a list of what its Railway was asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from railway_sandbox.addresses import RAILWAY_PATH
from railway_sandbox.http_messages import Request, Response
from railway_sandbox.routing import operation_name
from railway_sandbox.server import Sandbox


@dataclass
class Address:
    """Where the simulated Railway answers; of each request its operations, query, variables, status, query string."""

    sandbox: Sandbox
    url: str = ""
    """The value for RAILWAY_API_URL."""
    requests: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def __str__(self) -> str:
        return self.url

    def noted(self, request: Request, response: Response) -> Response:
        """Keep what was asked, and return the answer."""
        self.requests.append(_note(request, response))
        return response

    def fail(
        self, operation: str, *, when: str = "before", status: int = 503, message: str | None = None, count: int = 1
    ) -> None:
        """Let the next ``count`` requests that hold ``operation`` (``*``: any) go wrong.

        ``before`` refuses the request; ``after`` lets it take effect and then answers with the error; ``lost`` lets it
        take effect and then breaks the connection.
        """
        fail(self.sandbox, operation, when=when, status=status, message=message, count=count)


def fail(
    sandbox: Sandbox,
    operation: str,
    *,
    when: str = "before",
    status: int = 503,
    message: str | None = None,
    count: int = 1,
) -> None:
    """Let requests of the simulated Railway go wrong; see ``Address.fail``."""
    sandbox.fail(
        "railway",
        "." if operation == "*" else rf"\b{operation}\b",
        status=None if when == "lost" else status,
        message=message,
        drop=when == "lost",
        when="before" if when == "before" else "after",
        count=count,
    )


@contextmanager
def serve(sandbox: Sandbox, answer: Callable[[Request], Response] | None = None) -> Generator[Address]:
    """Serve ``sandbox`` on loopback until the block ends; ``answer`` may delay or spoil what its ``handle`` answers."""
    address = Address(sandbox)

    def noted(request: Request) -> Response:
        response = (answer or sandbox.handle)(request)
        return address.noted(request, response) if request.path == RAILWAY_PATH else response

    with sandbox.serve(answer=noted) as base:
        address.url = f"{base}{RAILWAY_PATH}"
        yield address


def _note(request: Request, response: Response) -> dict[str, Any]:
    try:
        posted: dict[str, Any] = json.loads(request.body)
    except ValueError:
        posted = {}
    named = operation_name(str(posted.get("query")), posted.get("operationName")).partition(" ")[2]
    return {
        "operations": named.split(", ") if named else [],
        "query": posted.get("query"),
        "variables": posted.get("variables") or {},
        "status": response.status,
        "query_string": request.query,
    }
