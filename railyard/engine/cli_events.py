"""The Pulumi CLI's log of events (``--event-log``), read as the events that the embedded engine reports.

Owns the names of the CLI's events and the forms in which they hold values: secrets are ``[secret]`` already, unknown
values have Pulumi's own mark. What an event does not say, the dependencies of a resource, comes from the document of
``pulumi preview --json``. Source: ``sdk/go/common/apitype/events.go`` of Pulumi 3.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

from google.protobuf.struct_pb2 import Struct

from pulumi_operations.events import Change, Diagnostic, Operation, Result, Step, StepFinished, StepKind
from pulumi_operations.values import Properties, Secret, differences, from_struct, known_outputs
from railyard.output.values import SECRET_TEXT
from railyard.shared.urns import name_of
from stacks import resource_types

_LEFT_OUT: Final = (resource_types.STACK, resource_types.PROVIDERS)
"""Types of resources that no report shows."""
_KINDS: Final = frozenset(each.value for each in StepKind)
_COLOR: Final = re.compile(r"<\{%.*?%\}>")
"""Colour marks in the CLI's event log."""
_SEVERITIES: Final = {"info#err": "info", "info": "info", "warning": "warning", "error": "error"}
"""Severity in the log → ours; ``debug`` is not reported."""

JsonObject = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class EventLog:
    """The events of an operation of the CLI."""

    events: tuple[JsonObject, ...] = ()
    dependencies: Mapping[str, frozenset[str]] = field(default_factory=dict[str, "frozenset[str]"])
    """URN → the URNs that it needs, as far as a preview says."""

    def finished(self, meant: Iterable[re.Pattern[str]] = ()) -> Iterator[StepFinished]:
        """Return each step that was planned or taken, once, in the order in which it ended.

        With ``meant``, only those of the resources whose URN matches one of these: a preview reports all others, too.
        """
        patterns = tuple(meant)
        errors = {
            diagnostic.urn: diagnostic.message for diagnostic in self.diagnostics() if diagnostic.severity == "error"
        }
        steps: dict[tuple[str, StepKind], StepFinished] = {}
        for event in self.events:
            failed = "resOpFailedEvent" in event
            metadata = _object(event.get("resOpFailedEvent") or event.get("resOutputsEvent")).get("metadata")
            step = _step(_object(metadata), self.dependencies)
            if step is None or (patterns and not any(pattern.fullmatch(step.urn) for pattern in patterns)):
                continue
            error = errors.get(step.urn, "failed") if failed else ""
            steps[step.urn, step.kind] = StepFinished(step=step, error=error)
        yield from steps.values()

    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Return the diagnostics, each once, without those that the CLI shows for a moment only."""
        by_text: dict[tuple[str, str], Diagnostic] = {}
        for event in self.events:
            diagnostic = _object(event.get("diagnosticEvent"))
            severity = _SEVERITIES.get(str(diagnostic.get("severity")))
            message = _COLOR.sub("", str(diagnostic.get("message") or "")).strip()
            if severity and message and not diagnostic.get("ephemeral"):
                urn = str(diagnostic.get("urn") or "")
                urn = "" if any(kind in urn for kind in _LEFT_OUT) else urn
                message = message.removeprefix(f"{severity}: ")
                by_text.setdefault((urn, message), Diagnostic(severity=severity, message=message, urn=urn))
        return tuple(by_text.values())

    def stack_outputs(self) -> tuple[Properties, Properties]:
        """Return the outputs of the stack before and after; none where it is gone or never came so far."""
        ended = [_object(_object(event.get("resOutputsEvent")).get("metadata")) for event in self.events]
        of_stack = [each for each in ended if each.get("type") == resource_types.STACK]
        if not of_stack:
            return {}, {}
        before, after = (_object(of_stack[-1].get(side)).get("outputs") for side in ("old", "new"))
        return _values(before), _values(after)

    def result(
        self,
        operation: Operation,
        *,
        succeeded: bool,
        duration_s: float,
        steps: Iterable[Step] = (),
        partial: bool = False,
        output: str = "",
    ) -> Result:
        """Return how the operation ended.

        ``partial`` means that only some of the stack was worked on, so that an unknown output stays what it was.
        ``output`` is what the CLI printed: it is the error where the log has none.
        """
        before, outputs = self.stack_outputs()
        before = known_outputs(before, {})
        if operation is not Operation.PREVIEW or partial:
            outputs = known_outputs(outputs, before)
        diagnostics = self.diagnostics()
        if not succeeded and not any(each.severity == "error" for each in diagnostics):
            message = output.strip().removeprefix("error: ") or f"pulumi {operation} failed and did not say why"
            diagnostics = (*diagnostics, Diagnostic(severity="error", message=message))
        return Result(
            operation=operation,
            succeeded=succeeded,
            steps=tuple(steps),
            outputs=outputs,
            output_changes=differences(before, outputs),
            diagnostics=diagnostics,
            duration_s=duration_s,
        )


def read_log(text: str, document: str = "") -> EventLog:
    """Read the text of an event log, whose last line may be cut off, and the document of ``preview --json``."""
    events: list[JsonObject] = []
    for line in text.splitlines():
        try:
            events.append(_object(json.loads(line)))
        except ValueError:
            continue
    return EventLog(events=tuple(events), dependencies=_dependencies(document) if document else {})


def _dependencies(document: str) -> dict[str, frozenset[str]]:
    """Return URN → the URNs that it needs; none where the preview failed before it wrote its document."""
    try:
        steps = cast("list[JsonObject]", _object(json.loads(document)).get("steps") or [])
    except ValueError:
        return {}
    states = {str(step.get("urn")): _object(step.get("newState")) for step in steps}
    return {urn: frozenset(cast("list[str]", state.get("dependencies") or [])) for urn, state in states.items()}


def _step(metadata: JsonObject, dependencies: Mapping[str, frozenset[str]]) -> Step | None:
    """Return a step of the log; None for providers, the stack, and operations that change no resource."""
    kind, type_ = str(metadata.get("op")), str(metadata.get("type"))
    if kind not in _KINDS or not metadata.get("urn") or type_.startswith(_LEFT_OUT):
        return None
    urn = str(metadata["urn"])
    old, new = _object(metadata.get("old")), _object(metadata.get("new"))
    state = new or old
    return Step(
        kind=StepKind(kind),
        urn=urn,
        type=type_,
        name=name_of(urn),
        parent=str(state.get("parent") or ""),
        custom=bool(state.get("custom")),
        id=str(new.get("id") or old.get("id") or ""),
        old_inputs=_values(old.get("inputs")),
        new_inputs=_values(new.get("inputs")),
        old_outputs=_values(old.get("outputs")),
        new_outputs=_values(new.get("outputs")),
        changes=_changes(metadata),
        protect=bool(state.get("protect")),
        dependencies=dependencies.get(urn, frozenset()),
    )


def _changes(metadata: JsonObject) -> dict[str, Change]:
    """Return how its properties differ: in detail, or where the provider does not say that, by name alone."""
    detailed = _object(metadata.get("detailedDiff"))
    if detailed:
        return {path: Change(str(_object(each).get("diffKind") or "update")) for path, each in detailed.items()}
    return {str(name): Change.UPDATE for name in metadata.get("diffs") or ()}


def _values(properties: Any) -> Properties:
    wire = Struct()
    wire.update(_object(properties))
    return {key: _marked(value) for key, value in from_struct(wire).items()}


def _marked(value: Any) -> Any:
    """Return the value with what the CLI masked marked as secret."""
    match value:
        case str() if value == SECRET_TEXT:
            return Secret(value)
        case dict():
            return {key: _marked(item) for key, item in cast("Properties", value).items()}
        case list():
            return [_marked(item) for item in cast("list[Any]", value)]
        case _:
            return value


def _object(value: Any) -> JsonObject:
    return cast("JsonObject", value) if isinstance(value, dict) else {}
