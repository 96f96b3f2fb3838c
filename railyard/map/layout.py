"""A layered layout: where the boxes of one system stand, and which way its arrows take.

Owns columns, order and coordinates. Deterministic: the same topology gives the same picture, to the pixel. Boxes never
overlap, and an arrow that passes a column goes between its boxes, since it has a place of its own there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from railyard.map.topology import Edge, Kind, Node, Reason, System

TITLE_CHARACTER: Final = 7.9
CHARACTER: Final = 7.25
LABEL_CHARACTER: Final = 6.1
"""Width of a character of the monospaced font in the three sizes, in pixels."""
PADDING: Final = 12
LINE: Final = 17
LONGEST: Final = 34
"""Characters of a line; longer ones are cut, and whole in the tooltip."""
COLUMN_GAP: Final = 56
ROW_GAP: Final = 18
LANE: Final = 10
"""Height that an arrow takes in a column that it passes."""
_SWEEPS: Final = 8


@dataclass(kw_only=True)
class Box:
    """A placed node, or the place of an arrow that passes a column (no node)."""

    node: Node | None
    column: int
    width: float
    height: float
    lines: tuple[str, ...] = ()
    x: float = 0.0
    y: float = 0.0

    @property
    def middle(self) -> float:
        """Return the height of its middle."""
        return self.y + self.height / 2


@dataclass(frozen=True, kw_only=True)
class Route:
    """An arrow and the boxes that it passes, from its source to its target."""

    edge: Edge
    boxes: tuple[Box, ...]


@dataclass(kw_only=True)
class Layout:
    """One system, placed with its upper left corner at 0, 0."""

    boxes: list[Box] = field(default_factory=list[Box])
    routes: list[Route] = field(default_factory=list[Route])
    width: float = 0.0
    height: float = 0.0
    railway: tuple[float, float] = (0.0, 0.0)
    """From where to where Railway's project reaches, from left to right."""


def cut(text: str) -> str:
    """Return a text as long as a line may be."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def place(system: System, more: Mapping[str, Sequence[str]] | None = None) -> Layout:
    """Return the layout of a system; ``more`` are further lines of nodes, by their ids."""
    more = more or {}
    columns = _columns(system)
    boxes = {node.id: _box(node, columns[node.id], more.get(node.id, ())) for node in system.nodes}
    layout = Layout(boxes=[])
    table: list[list[Box]] = [[] for _ in range(max(columns.values(), default=-1) + 1)]
    for box in boxes.values():
        table[box.column].append(box)
    links: list[tuple[Box, Box]] = []
    for edge in system.edges:
        source, target = boxes[edge.source], boxes[edge.target]
        route = [source]
        for column in range(source.column + 1, target.column):
            lane = Box(node=None, column=column, width=0.0, height=LANE)
            table[column].append(lane)
            route.append(lane)
        route.append(target)
        layout.routes.append(Route(edge=edge, boxes=tuple(route)))
        links += [(one, other) for one, other in pairwise(route) if one.column != other.column]
    _order(table, links)
    _coordinates(table, links)
    layout.boxes = [box for column in table for box in column]
    layout.width = max((box.x + box.width for box in layout.boxes), default=0.0)
    layout.height = max((box.y + box.height for box in layout.boxes), default=0.0)
    inside = [box for box in layout.boxes if box.node and box.node.kind in (Kind.SERVICE, Kind.STORE, Kind.VOLUME)]
    if inside:
        layout.railway = (min(box.x for box in inside), max(box.x + box.width for box in inside))
    return layout


def _box(node: Node, column: int, more: Sequence[str]) -> Box:
    lines = tuple(cut(line) for line in (*node.lines, *more))
    longest = max(
        len(node.label) * LABEL_CHARACTER + 70,  # room for the mark beside it
        len(cut(node.title)) * TITLE_CHARACTER,
        *(len(line) * CHARACTER for line in lines),
    )
    rows = 1 + bool(node.label) + len(lines)
    return Box(node=node, column=column, width=longest + 2 * PADDING, height=rows * LINE + PADDING, lines=lines)


def _columns(system: System) -> dict[str, int]:
    """Return the column of each node, without columns that nothing stands in."""
    services = [node.id for node in system.nodes if node.kind is Kind.SERVICE]
    needs = [edge for edge in system.edges if edge.reason is Reason.USES]
    depth = dict.fromkeys(services, 0)
    for _ in services:  # as often as the longest chain may be
        for edge in needs:
            if (
                edge.source in depth
                and edge.target in depth
                and depth[edge.target] <= depth[edge.source] < len(services)
            ):
                depth[edge.target] = depth[edge.source] + 1
    stores = 2 + max(depth.values(), default=0) + 1
    rank: dict[str, int] = {}
    owners = {edge.target: edge.source for edge in system.edges if edge.reason is Reason.STORES}
    store_ids = {node.id for node in system.nodes if node.kind is Kind.STORE}
    for node in system.nodes:
        rank[node.id] = {
            Kind.INTERNET: 0,
            Kind.NAME: 1,
            Kind.SERVICE: 2 + depth.get(node.id, 0),
            Kind.STORE: stores,
            Kind.VOLUME: stores + (owners.get(node.id) in store_ids),
            Kind.BUCKET: stores + 2,
            Kind.OUTSIDE: stores + 2,
        }[node.kind]
    used = sorted(set(rank.values()))
    return {node: used.index(value) for node, value in rank.items()}


def _order(table: list[list[Box]], links: Sequence[tuple[Box, Box]]) -> None:
    """Bring the boxes of each column in the order, of those that are tried, in which the fewest arrows cross."""
    best, fewest = [list(column) for column in table], _crossings(table, links)
    for sweep in range(_SWEEPS):
        forward = sweep % 2 == 0
        for column in table if forward else reversed(table):
            at = _positions(table)

            def weight(box: Box, at: Mapping[int, float] = at, forward: bool = forward) -> float:
                near = [one if forward else other for one, other in links if (other if forward else one) is box]
                return sum(at[id(each)] for each in near) / len(near) if near else at[id(box)]

            column.sort(key=weight)
        crossings = _crossings(table, links)
        if crossings < fewest:
            best, fewest = [list(column) for column in table], crossings
    for column, ordered in zip(table, best, strict=True):
        column[:] = ordered


def _positions(table: Sequence[Sequence[Box]]) -> dict[int, float]:
    """Return where in its column each box stands, from 0 to 1."""
    return {id(box): (at + 0.5) / len(column) for column in table for at, box in enumerate(column)}


def _crossings(table: Sequence[Sequence[Box]], links: Sequence[tuple[Box, Box]]) -> int:
    """Return how many pairs of arrows cross."""
    at = _positions(table)
    ends = [(one.column, at[id(one)], at[id(other)]) for one, other in links]
    return sum(
        a[0] == b[0] and (a[1] - b[1]) * (a[2] - b[2]) < 0 for number, a in enumerate(ends) for b in ends[number + 1 :]
    )


def _coordinates(table: list[list[Box]], links: Sequence[tuple[Box, Box]]) -> None:
    x = 0.0
    for column in table:
        width = max((box.width for box in column), default=0.0)
        y = 0.0
        for box in column:
            box.x, box.y = x, y
            box.width = width
            y += box.height + ROW_GAP
        x += width + COLUMN_GAP
    for sweep in range(_SWEEPS):
        for column in table if sweep % 2 else reversed(table):
            _settle(column, links)
    top = min((box.y for column in table for box in column), default=0.0)
    for box in (box for column in table for box in column):
        box.y = round(box.y - top, 1)


def _settle(column: Sequence[Box], links: Sequence[tuple[Box, Box]]) -> None:
    """Move each box towards the middle of those that it is joined with, and keep order and distance."""
    targets: list[float] = []
    for box in column:
        near = [other if one is box else one for one, other in links if box is one or box is other]
        middle = sum(each.middle for each in near) / len(near) if near else box.middle
        targets.append(middle - box.height / 2)
    y = float("-inf")
    for box, want in zip(column, targets, strict=True):
        box.y = max(want, y)
        y = box.y + box.height + ROW_GAP
    shift = sum(want - box.y for box, want in zip(column, targets, strict=True)) / max(len(column), 1)
    for box in column:
        box.y += shift
