"""Stack outputs as people read them, whichever engine made them.

Owns which are told: those of the systems, of one of them when only one is worked on. What the program exports for its
own next run stays in the state, where programs find it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, cast

from rich.console import Console
from rich.text import Text

from pulumi_operations.events import Change, Event, Operation, Result
from pulumi_operations.values import PathPart, covers, parse_path
from railyard.output.report import write
from railyard.output.values import Masked, complete, masked
from stacks.secrets import FINGERPRINTS
from stacks.zone_ids import CONFIRMED

_OF_THE_PROGRAM: Final = (CONFIRMED, FINGERPRINTS)
_REMOVED: Final = Masked("removed")
"""Shown in the place of an output that is there no more."""


class OutputsReport:
    """Prints the stack's outputs alone, for an operation whose progress somebody else shows."""

    def __init__(self, console: Console, operation: Operation, *, system: str = "") -> None:
        self._console, self._operation, self._system = console, operation, system

    def on_event(self, event: Event) -> None:
        """Show nothing of it."""

    def finish(self, result: Result) -> None:
        """Print the outputs of what went well."""
        if result.succeeded:
            write(
                self._console,
                *output_lines(self._operation, result.outputs, result.output_changes, system=self._system),
            )

    def close(self) -> None:
        """Do nothing: no resource is held."""


def output_lines(
    operation: Operation,
    outputs: Mapping[str, Any],
    changes: Mapping[str, Change],
    *,
    system: str = "",
    order: Sequence[str] = (),
) -> list[Text]:
    """Return a heading and the outputs, in full after an up, else what differs; nothing when there are none of these.

    ``changes`` is the path of an output → how it differs from the last run; marked unless all are new. ``system`` names
    the only one to tell of; ``order`` is that of the systems.
    """

    def is_shown(name: Any) -> bool:
        return name not in _OF_THE_PROGRAM and (name == system or not system)

    differing = {parse_path(path): kind for path, kind in changes.items() if is_shown(parse_path(path)[0])}
    values = masked({name: value for name, value in outputs.items() if is_shown(name)})
    if operation is not Operation.DESTROY:
        _add_removed(values, [path for path, kind in differing.items() if kind is Change.DELETE])
    rows = sorted(values.items(), key=lambda row: (order.index(row[0]) if row[0] in order else -1, row[0]))
    marked = any(kind is not Change.ADD for kind in differing.values())
    lines: list[Text] = []
    for path, value in _flat(dict(rows), ()):
        near = [kind for at, kind in differing.items() if covers(at, path) or covers(path, at)]
        if near or operation is Operation.UP:
            sign = "- " if differing.get(path) is Change.DELETE else _sign(near if value is not None else [])
            lines.append(_line(path, value, sign if marked else ""))
    return [Text("Outputs", "bold"), *lines] if lines else []


def _add_removed(values: dict[str, Any], paths: Iterable[Sequence[PathPart]]) -> None:
    """Put a word into ``values`` for each path below which there is nothing any more; a list is shown as it is."""
    for *above, name in paths:
        node: Any = values
        for part in above:
            node = cast("dict[PathPart, Any]", node).get(part) if isinstance(node, dict) else None
        if isinstance(node, dict):
            node[name] = _REMOVED


def _sign(kinds: Sequence[Change]) -> str:
    return ("+ " if Change.ADD in kinds else "~ ") if kinds else "  "


def _line(path: Sequence[str], value: str | None, sign: str) -> Text:
    line = Text("  " * len(path)).append(sign, "yellow")
    return line.append(path[-1], "bold" if value is None else "").append("" if value is None else f": {value}")


def _flat(value: Mapping[str, Any], above: tuple[str, ...]) -> Iterable[tuple[tuple[str, ...], str | None]]:
    """Return nested outputs as lines of path and value; None where the next lines belong to the path."""
    for name, item in value.items():
        path = (*above, name)
        if isinstance(item, Mapping) and item:
            yield path, None
            yield from _flat(cast("Mapping[str, Any]", item), path)
        else:
            yield path, complete(item)
