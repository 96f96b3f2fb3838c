"""Types of lists in Railway's answers: Relay connections, some of them by the page.

The generated types of answers are written with these.
"""

from __future__ import annotations

from typing import Generic, TypedDict, TypeVar

Node = TypeVar("Node")


class Edge(TypedDict, Generic[Node]):
    """Hold one node of a list."""

    node: Node


class Connection(TypedDict, Generic[Node]):
    """Hold a list."""

    edges: list[Edge[Node]]


class HasMore(TypedDict):
    """Tell whether a list goes on."""

    hasNextPage: bool


class Cursor(HasMore):
    """Tell whether a list goes on, and where."""

    endCursor: str | None


class FirstPage(Connection[Node], Generic[Node]):
    """Hold the beginning of a list that should be all of it, and whether it is."""

    pageInfo: HasMore


class Page(Connection[Node], Generic[Node]):
    """Hold a part of a list, and where it goes on."""

    pageInfo: Cursor


def nodes(connection: Connection[Node] | None) -> list[Node]:
    """Return the nodes of a connection."""
    return [edge["node"] for edge in connection["edges"]] if connection else []
