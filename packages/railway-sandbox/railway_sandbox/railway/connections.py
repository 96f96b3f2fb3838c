"""Relay connections: pages of a list.

Owns cursors and page information. Railway's own page sizes are not published; without ``first`` or ``last`` the whole
list is one page here.
"""

from __future__ import annotations

from typing import Any

from railway_sandbox.railway.access import Arguments
from railway_sandbox.railway.errors import invalid


def _position(cursor: str | None, default: int) -> int:
    if cursor is None:
        return default
    if not cursor.isdigit():
        raise invalid("cursor")
    return int(cursor)


def connection(nodes: list[Any], arguments: Arguments) -> dict[str, Any]:
    """Return the page of ``nodes`` that ``first``, ``after``, ``last`` and ``before`` ask for."""
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
