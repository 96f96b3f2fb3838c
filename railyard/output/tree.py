"""The tree of what has happened so far: systems, components and resources in order of first appearance.

Owns the record of one operation and the counting. A replacement arrives as up to three steps of one URN; here it is
one. Does not print.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from pulumi_operations.events import Operation, Result, Step, StepKind
from railyard.shared.urns import short_type

SIGNS: Final[dict[StepKind, str]] = {
    StepKind.CREATE: "+",
    StepKind.UPDATE: "~",
    StepKind.REFRESH: "~",
    StepKind.REPLACE: "+-",
    StepKind.DELETE: "-",
    StepKind.SAME: "=",
    StepKind.IMPORT: "+",
}
"""Sign of an operation as in Pulumi's own output; ``=`` for an unchanged resource."""
_FOLDED: Final[dict[StepKind, StepKind]] = {
    StepKind.CREATE_REPLACEMENT: StepKind.REPLACE,
    StepKind.DELETE_REPLACED: StepKind.REPLACE,
    StepKind.IMPORT_REPLACEMENT: StepKind.REPLACE,
}
_TO_COME: Final[dict[StepKind, str]] = {
    StepKind.CREATE: "to create",
    StepKind.UPDATE: "to update",
    StepKind.REPLACE: "to replace",
    StepKind.DELETE: "to delete",
    StepKind.IMPORT: "to import",
    StepKind.REFRESH: "to refresh",
    StepKind.SAME: "unchanged",
}
DONE: Final[dict[StepKind, str]] = {
    StepKind.CREATE: "created",
    StepKind.UPDATE: "updated",
    StepKind.REPLACE: "replaced",
    StepKind.DELETE: "deleted",
    StepKind.IMPORT: "imported",
    StepKind.REFRESH: "refreshed",
    StepKind.SAME: "unchanged",
}
"""Verb of a finished operation."""
_FOUND: Final = {**DONE, StepKind.UPDATE: "changed outside", StepKind.DELETE: "gone"}


def folded(kind: StepKind) -> StepKind:
    """Return the kind that people see: the parts of a replacement are a replacement."""
    return _FOLDED.get(kind, kind)


def words(operation: Operation) -> dict[StepKind, str]:
    """Return how ``operation`` speaks of its steps: of the future, of what it found, or of what it did."""
    return {Operation.PREVIEW: _TO_COME, Operation.REFRESH: _FOUND}.get(operation, DONE)


def type_name(step: Step) -> str:
    """Return the type as people know it: ``railway:Service``; of components the last part, ``Service``."""
    return short_type(step.type) if step.custom else step.type.rpartition(":")[2]


@dataclass(kw_only=True)
class Row:
    """One resource, with the last that is known of it."""

    step: Step
    kind: StepKind
    duration_s: float = 0.0
    error: str = ""
    done: bool = False
    children: list[Row] = field(default_factory=list["Row"])

    def changed(self) -> bool:
        """Tell whether there is something to show of it or below it."""
        return self.kind is not StepKind.SAME or bool(self.error) or any(child.changed() for child in self.children)


class Tree:
    """All rows of one operation."""

    def __init__(self) -> None:
        self._rows: dict[str, Row] = {}

    def started(self, step: Step) -> Row:
        """Note that work on a resource begins."""
        return self._row(step)

    def finished(self, step: Step, duration_s: float, error: str) -> Row:
        """Note that a step is planned, done or failed."""
        row = self._row(step)
        row.done, row.error = True, error or row.error
        row.duration_s += duration_s
        return row

    def _row(self, step: Step) -> Row:
        kind = folded(step.kind)
        row = self._rows.get(step.urn)
        if row is None:
            row = self._rows[step.urn] = Row(step=step, kind=kind)
        elif step.kind is StepKind.DELETE_REPLACED or (row.kind is StepKind.REPLACE and kind is StepKind.DELETE):
            row.kind = StepKind.REPLACE  # what is known of the new one tells more than the old one's end
        elif row.kind is StepKind.DELETE and kind is StepKind.CREATE:
            row.step, row.kind = step, StepKind.REPLACE
        else:
            row.step, row.kind = step, kind
        return row

    def find(self, urn: str) -> Row | None:
        """Return the row of a resource, None for the stack, providers and what is not known yet."""
        return self._rows.get(urn)

    def roots(self) -> list[Row]:
        """Return the top rows, each with its children; a resource whose parent is not here stands at the top."""
        for row in self._rows.values():
            row.children = []
        roots: list[Row] = []
        for urn, row in self._rows.items():
            parent = self._rows.get(row.step.parent)
            (roots if parent is None or row.step.parent == urn else parent.children).append(row)
        return roots

    def counts(self) -> Counter[StepKind]:
        """Return how many resources of each kind, components included, failed ones not."""
        return Counter(row.kind for row in self._rows.values() if not row.error and row.done)

    def failures(self) -> list[Row]:
        """Return the rows that failed, in order of first appearance."""
        return [row for row in self._rows.values() if row.error]


def walk(rows: list[Row], *, show_same: bool, depth: int = 0) -> Iterator[tuple[int, Row]]:
    """Return rows and their depth from the top, parents first; unchanged branches are left out unless asked for.

    Plain resources come before components, so that each line stands under the heading it belongs to.
    """
    for row in sorted(rows, key=lambda row: not row.step.custom):
        if show_same or row.changed():
            yield depth, row
            yield from walk(row.children, show_same=show_same, depth=depth + 1)


def summary(tree: Tree, result: Result) -> str:
    """Return the line of counts: ``+ 55 to create, ~ 2 to update, 12 unchanged in 4.2 s``."""
    counts, nouns = tree.counts(), words(result.operation)
    parts = [
        f"{SIGNS[kind]} {counts[kind]} {nouns[kind]}" if kind is not StepKind.SAME else f"{counts[kind]} {nouns[kind]}"
        for kind in nouns
        if counts[kind]
    ]
    failures = len(tree.failures())
    if failures or not result.succeeded:
        parts.append(f"{failures or ''} failed".strip())
    return f"{', '.join(parts) or 'nothing to do'} in {seconds(result.duration_s)}"


def seconds(duration_s: float) -> str:
    """Return a duration for people: ``4.2 s``, ``2 min 5 s``."""
    if duration_s < 100:
        return f"{duration_s:.1f} s"
    return f"{int(duration_s) // 60} min {int(duration_s) % 60} s"
