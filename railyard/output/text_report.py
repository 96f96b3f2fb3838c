"""The operation as people read it: what is under way, then a tree of what changes, outputs, counts and errors.

On a terminal the resources under way are shown live. Elsewhere (a file, a pipe, NO_COLOR) each line is printed once,
without any escape code. Owns layout and colours; masking is in ``values``, order and counting in ``tree``.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Final

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from pulumi_operations.events import (
    Change,
    Diagnostic,
    Event,
    Operation,
    Result,
    Status,
    StepFinished,
    StepKind,
    StepStarted,
)
from railyard.output.money import of_steps
from railyard.output.report import is_plain, write
from railyard.output.rules import lines, violations
from railyard.output.stack_outputs import output_lines
from railyard.output.tree import DONE, SIGNS, Row, Tree, folded, seconds, summary, type_name, walk, words
from railyard.output.up_estimate import estimate_up
from railyard.output.values import Scrubber, change
from railyard.shared.urns import name_of
from stacks.monthly_cost import Calculation
from stacks.policy.policy import Level
from stacks.policy.violations import Levels
from stacks.project_folder import page

_STYLES: Final[dict[StepKind, str]] = {
    StepKind.CREATE: "green",
    StepKind.IMPORT: "green",
    StepKind.UPDATE: "yellow",
    StepKind.REFRESH: "yellow",
    StepKind.REPLACE: "bold magenta",
    StepKind.DELETE: "bold red",
    StepKind.SAME: "dim",
}
_TITLES: Final = {
    Operation.PREVIEW: "Preview of",
    Operation.UP: "Updating",
    Operation.REFRESH: "Refreshing",
    Operation.DESTROY: "Destroying",
}
_SEVERITIES: Final = {"info": "", "warning": "warning: ", "error": "error: "}
_UNDER_WAY: Final = {
    StepKind.CREATE: "creating",
    StepKind.UPDATE: "updating",
    StepKind.REPLACE: "replacing",
    StepKind.DELETE: "deleting",
    StepKind.IMPORT: "importing",
    StepKind.REFRESH: "refreshing",
}
_FINDINGS: Final = (Operation.PREVIEW, Operation.REFRESH)
"""The operations of which only the outcome is of interest, so that no line is printed before the end."""
_SHOWN_AT_ONCE: Final = 12
"""Rows of the live part; more would scroll small terminals."""


class TextReport:
    """Prints one operation on ``console``.

    ``system`` is the only one that is worked on, or empty; ``plan`` is the Railway plan of the stack; ``calculation``
    says what a preview's changes cost, without it nothing does; ``levels`` are those of
    the rules that a preview looks at, without them it looks at none; ``show_same`` also lists what does not change.
    """

    def __init__(
        self,
        console: Console,
        operation: Operation,
        stack: str,
        *,
        system: str = "",
        plan: str = "pro",
        calculation: Calculation | None = None,
        levels: Levels | None = None,
        show_same: bool = False,
    ) -> None:
        self._console, self._operation, self._show_same = console, operation, show_same
        self._system, self._plan, self._calculation, self._levels = system, plan, calculation, levels
        self._plain = is_plain(console)
        self._tree, self._scrub = Tree(), Scrubber()
        self._status: dict[str, str] = {}
        self._under_way: dict[str, Row] = {}
        self._failed: list[tuple[str, str]] = []
        self._lock = threading.RLock()
        self._live: Live | None = None
        self._print(Text(f"{_TITLES[operation]} stack {stack}", "bold"))

    def on_event(self, event: Event) -> None:
        """Take one event."""
        with self._lock:
            match event:
                case StepStarted(step=step):
                    self._scrub.learn_step(step)
                    self._under_way[step.urn] = self._tree.started(step)
                    self._go_live()
                case StepFinished(step=step):
                    self._scrub.learn_step(step)
                    self._finished(event)
                case Status(urn=urn, text=text):
                    self._status[urn] = text
                case Diagnostic():
                    pass  # the result holds them all

    def _go_live(self) -> None:
        """Start the live part with the first resource, so that an operation that never begins leaves no trace of it."""
        if self._live is None and not self._plain:
            self._live = Live(
                console=self._console, get_renderable=self._progress, transient=True, refresh_per_second=8
            )
            self._live.start()

    def _finished(self, event: StepFinished) -> None:
        row = self._tree.finished(event.step, event.duration_s, event.error)
        self._under_way.pop(event.step.urn, None)
        self._status.pop(event.step.urn, None)
        if event.error:
            self._failed.append((event.step.urn, event.error))
        printed = self._plain and self._operation not in _FINDINGS and event.step.custom
        if printed and event.step.kind is not StepKind.REPLACE and (self._show_same or row.changed()):
            self._print(self._line(event, row))

    def _line(self, event: StepFinished, row: Row) -> Text:
        """Return one finished resource on one line, for where nothing can be redrawn."""
        step = event.step
        kind = folded(step.kind)
        called = "deleted the old one" if step.kind is StepKind.DELETE_REPLACED else words(self._operation)[kind]
        line = self._head(Row(step=step, kind=kind))
        line.append(f" {'failed' if event.error else called}")
        if event.duration_s:
            line.append(f" in {seconds(event.duration_s)}")
        if row.kind in (StepKind.UPDATE, StepKind.REPLACE) and step.changes:
            line.append(f" ({', '.join(sorted(step.changes))})")
        return line

    def finish(self, result: Result) -> None:
        """Print the tree, what was said, the outputs, the counts and, last, the errors."""
        self.close()
        with self._lock:
            self._scrub.learn(result.outputs)
            if not self._plain or self._operation in _FINDINGS:
                for depth, row in walk(self._tree.roots(), show_same=self._show_same):
                    self._print(*self._tree_lines(depth, row))
            diagnostics = [Diagnostic(severity="error", message=error, urn=urn) for urn, error in self._failed]
            diagnostics = [*result.diagnostics, *(extra for extra in diagnostics if extra not in result.diagnostics)]
            self._print(*self._diagnostics("Diagnostics", [item for item in diagnostics if item.severity != "error"]))
            self._print(*self._outputs(result))
            line = summary(self._tree, result)
            self._print(Text(), Text(line, "bold" if result.succeeded else "bold red"))
            if self._operation is Operation.PREVIEW and result.complete and (cost := estimate_up(result.steps)):
                self._print(Text(cost.sentence(self._plan), "dim"))
            if self._operation is Operation.PREVIEW and self._calculation:
                money = of_steps(result.steps, self._calculation).sentence()
                self._print(*([Text(money, "dim")] if money else []))
            self._print(*self._rules(result))
            self._print(*self._diagnostics("Errors", [item for item in diagnostics if item.severity == "error"]))

    def close(self) -> None:
        """Take down the live part, for when the result is never reached. May be called again."""
        live, self._live = self._live, None
        if live is not None:
            live.stop()  # not under our lock, for which its thread may be waiting

    def _tree_lines(self, depth: int, row: Row) -> Iterable[Text]:
        indent = "  " * depth
        head = Text(indent).append_text(self._head(row))
        is_gone = row.kind is StepKind.DELETE and self._operation is Operation.REFRESH
        notes = ["gone" if is_gone else row.kind.value] if row.kind in (StepKind.REPLACE, StepKind.DELETE) else []
        notes += ["protected"] if row.step.protect else []
        notes += ["failed"] if row.error else []
        if notes:
            head.append(f" [{', '.join(notes)}]", "bold red")
        if row.done and row.duration_s >= 0.1 and self._operation not in _FINDINGS:
            head.append(f" {seconds(row.duration_s)}", "dim")
        yield head
        if row.kind in (StepKind.UPDATE, StepKind.REPLACE, StepKind.REFRESH):
            for path, kind in sorted(row.step.changes.items()):
                yield Text(f"{indent}      ").append_text(self._change(row, path, kind))

    @staticmethod
    def _head(row: Row) -> Text:
        sign = SIGNS[row.kind] if row.step.custom or row.kind is not StepKind.SAME else ""
        head = Text().append(f"{sign:<3}", _STYLES[row.kind])
        if row.step.custom:
            return head.append(f"{type_name(row.step)} {row.step.name}")
        return head.append(row.step.name, "bold").append(f" {type_name(row.step)}", "dim")

    @staticmethod
    def _change(row: Row, path: str, kind: Change) -> Text:
        old, new = change(row.step, path)
        replaces = " (replaces)" if kind.value.endswith("-replace") else ""
        match kind:
            case Change.ADD | Change.ADD_REPLACE:
                return Text(f"+ {path}: {new}{replaces}", "green")
            case Change.DELETE | Change.DELETE_REPLACE:
                return Text(f"- {path}: {old}{replaces}", "red")
            case _:
                return Text(f"~ {path}: {old} → {new}{replaces}", "yellow")

    def _diagnostics(self, title: str, diagnostics: list[Diagnostic]) -> Iterable[Text]:
        """Return all messages in full, under the resource that they are about; those about none come first."""
        if not diagnostics:
            return
        yield from (Text(), Text(title, "bold"))
        order = dict.fromkeys(["", *(item.urn for item in diagnostics)])
        for urn in order:
            of_resource = [item for item in diagnostics if item.urn == urn]
            row = self._tree.find(urn)
            name = f"{type_name(row.step)} {row.step.name}" if row else name_of(urn)
            if of_resource and name:
                yield Text(f"  {name}", "bold")
            for item in of_resource:
                first, *rest = self._scrub(item.message).strip("\n").splitlines() or [""]
                indent = "    " if name else "  "
                style = {"warning": "yellow", "error": "red"}.get(item.severity, "")
                yield Text(f"{indent}{_SEVERITIES.get(item.severity, '')}{first}", style)
                yield from (Text(f"{indent}{line}") for line in rest)

    def _rules(self, result: Result) -> Iterable[Text]:
        """Return the rules that the stack breaks, mandatory ones first."""
        if self._operation is not Operation.PREVIEW or self._levels is None:
            return
        violated = violations(result.steps, self._levels)
        if violated:
            yield from (Text(), Text(f"Rules ({page('policies.md')})", "bold"))
            styles = ("bold red" if each.level is Level.MANDATORY else "yellow" for each in violated)
            yield from (Text(f"  {line}", style) for line, style in zip(lines(violated), styles, strict=True))

    def _outputs(self, result: Result) -> Iterable[Text]:
        systems = [row.step.name for row in self._tree.roots()]
        lines = output_lines(self._operation, result.outputs, result.output_changes, system=self._system, order=systems)
        yield from [Text(), *lines] if lines else []

    def _progress(self) -> Group:
        """Return the live part: what is under way, and what has been done so far."""
        with self._lock:
            rows = list(self._under_way.items())
            table = Table.grid(padding=(0, 1))
            for urn, row in rows[:_SHOWN_AT_ONCE]:
                doing = _UNDER_WAY.get(row.kind, str(row.kind))
                table.add_row(
                    Spinner("dots"),
                    self._head(row),
                    doing,
                    Text(self._scrub(self._status.get(urn, "")), "dim"),
                )
            if len(rows) > _SHOWN_AT_ONCE:
                table.add_row("", f"and {len(rows) - _SHOWN_AT_ONCE} more")
            counts = self._tree.counts()
            done = ", ".join(f"{counts[kind]} {DONE[kind]}" for kind in DONE if counts[kind])
            return Group(table, Text(done, "dim"))

    def _print(self, *lines: Text) -> None:
        write(self._console, *lines)
