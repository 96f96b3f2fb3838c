"""Routes of a REST API: method and path, and the handler of each.

Shared by the simulated Cloudflare and DigitalOcean; Spaces refuses in the same way. Knows no API.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from railway_sandbox.http_messages import Request, Response

Cloud = TypeVar("Cloud")


class RefusedError(Exception):
    """A request that an API refuses: the HTTP status, the API's own code for the reason, and its text."""

    def __init__(self, status: int, code: int | str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


class NoRouteError(Exception):
    """No route has the path of a request."""


class MethodNotAllowedError(Exception):
    """The path of a request has other methods only."""


@dataclass(frozen=True)
class Call(Generic[Cloud]):
    """A request to one route, with the cloud that answers it."""

    cloud: Cloud
    request: Request
    ids: Sequence[str]
    """The ids in the path, in their order."""

    @property
    def id(self) -> str:
        """Return the last id in the path."""
        return self.ids[-1]

    @property
    def body(self) -> dict[str, Any]:
        """Return the JSON object in the body. Raises ``UnreadableBodyError``."""
        return self.request.json_object()


Handler = Callable[[Call[Cloud]], Response]


@dataclass(frozen=True)
class Route(Generic[Cloud]):
    """A method and a path, in which each ``ID`` matches an id."""

    method: str
    path: str
    handler: Handler[Cloud]

    def ids(self, path: str) -> Sequence[str] | None:
        """Return the ids in ``path``; None when it is another path."""
        match = re.fullmatch(self.path.replace("ID", r"([\w-]+)"), path)
        return match.groups() if match else None


def dispatch(routes: Sequence[Route[Cloud]], cloud: Cloud, request: Request, path: str) -> Response:
    """Return the response of the route with this path and the request's method.

    Raises ``NoRouteError`` or ``MethodNotAllowedError`` where there is none.
    """
    matching = [(route, ids) for route in routes if (ids := route.ids(path)) is not None]
    for route, ids in matching:
        if route.method == request.method:
            return route.handler(Call(cloud, request, ids))
    raise MethodNotAllowedError if matching else NoRouteError


def page_of(items: Sequence[object], number: int, size: int) -> list[object]:
    """Return the items of the page with this number, counted from 1."""
    return list(items[(number - 1) * size : number * size])
