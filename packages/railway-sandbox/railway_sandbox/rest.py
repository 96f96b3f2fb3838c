"""Routes of a REST API: method and path, and the handler of each.

Shared by the simulated Cloudflare and DigitalOcean. Knows no API.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from railway_sandbox.http_messages import Request, Response

Cloud = TypeVar("Cloud")


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
    """A method and a path, in which ``ID`` stands for an id."""

    method: str
    path: str
    handler: Handler[Cloud]

    def ids(self, path: str) -> Sequence[str] | None:
        """Return the ids in ``path``; None when it is another path."""
        match = re.fullmatch(self.path.replace("ID", r"([\w-]+)"), path)
        return match.groups() if match else None


def dispatch(routes: Sequence[Route[Cloud]], cloud: Cloud, request: Request, path: str) -> Response | None:
    """Return the response of the route with this path and the request's method.

    Returns None when no route has the path. Raises ``LookupError`` when the path has other methods only.
    """
    matching = [(route, ids) for route in routes if (ids := route.ids(path)) is not None]
    for route, ids in matching:
        if route.method == request.method:
            return route.handler(Call(cloud, request, ids))
    if matching:
        raise LookupError(request.method)
    return None


def page_of(items: Sequence[object], number: int, size: int) -> list[object]:
    """Return the items of the page with this number, counted from 1."""
    return list(items[(number - 1) * size : number * size])
