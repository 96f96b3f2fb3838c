"""The operation as one JSON document, for programs.

Has the shape of ``pulumi preview --json``: ``steps`` (without unchanged resources and without the parts of a
replacement), ``diagnostics``, ``duration`` in nanoseconds and ``changeSummary``, with secrets as ``[secret]`` and
unknown values as Pulumi's own mark. Differs by intent: the stack itself is no step and not counted; ``outputs``,
``succeeded``, a preview's ``cost``, ``money`` and ``policies`` and a step's ``error`` are added; source positions and
providers are left out. ``complete`` is false where a preview did not come to its end, and knows of no deletions.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final, TextIO

from pulumi_operations.events import Event, Operation, Result, Step, StepFinished, StepKind, StepStarted
from pulumi_operations.values import UNKNOWN_ON_THE_WIRE
from railway_api.json_text import json_text
from railyard.output.money import of_steps
from railyard.output.rules import as_document, violations
from railyard.output.up_estimate import estimate_up
from railyard.output.values import UNKNOWN_TEXT, Masked, Scrubber, masked
from stacks.monthly_cost import Calculation
from stacks.policy.violations import Levels

_PARTS: Final = (StepKind.CREATE_REPLACEMENT, StepKind.DELETE_REPLACED)


class JsonReport:
    """Writes one document to ``stream`` when the operation has ended.

    ``show_same`` also lists unchanged resources; with a ``calculation`` a preview says what its changes cost,
    with ``levels`` which rules the stack breaks.
    """

    def __init__(
        self,
        stream: TextIO,
        *,
        calculation: Calculation | None = None,
        levels: Levels | None = None,
        show_same: bool = False,
    ) -> None:
        self._stream, self._calculation, self._levels, self._show_same = stream, calculation, levels, show_same
        self._errors: dict[tuple[str, StepKind], str] = {}
        self._scrub = Scrubber()

    def on_event(self, event: Event) -> None:
        """Take one event; only failures are not in the result as well."""
        if isinstance(event, StepStarted | StepFinished):
            self._scrub.learn_step(event.step)
        if isinstance(event, StepFinished) and event.error:
            self._errors[event.step.urn, event.step.kind] = event.error

    def close(self) -> None:
        """Do nothing: no resource is held."""

    def finish(self, result: Result) -> None:
        """Write the document."""
        self._scrub.learn(result.outputs)
        logical = [step for step in result.steps if step.kind not in _PARTS]
        shown = [step for step in result.steps if self._is_shown(step)]
        document = {
            "steps": [self._step(step) for step in shown],
            "diagnostics": [
                {key: value for key, value in diagnostic.items() if value}
                for diagnostic in (
                    {"urn": item.urn, "message": self._scrub(item.message), "severity": item.severity}
                    for item in result.diagnostics
                )
            ],
            "duration": round(result.duration_s * 1_000_000_000),
            "changeSummary": dict(sorted(Counter(step.kind.value for step in logical).items())),
            "outputs": _plain(masked(result.outputs)),
            "succeeded": result.succeeded,
            **({} if result.complete else {"complete": False}),
            **_cost(result),
            **self._money(result),
            **self._rules(result),
        }
        self._stream.write(json_text(document) + "\n")

    def _money(self, result: Result) -> dict[str, Any]:
        """Return what the changes cost a month."""
        if result.operation is not Operation.PREVIEW or self._calculation is None:
            return {}
        return {"money": of_steps(result.steps, self._calculation).document()}

    def _rules(self, result: Result) -> dict[str, Any]:
        """Return the rules that the stack breaks."""
        if result.operation is not Operation.PREVIEW or self._levels is None:
            return {}
        return {"policies": as_document(violations(result.steps, self._levels))}

    def _is_shown(self, step: Step) -> bool:
        if (step.urn, step.kind) in self._errors:
            return True
        return step.kind not in _PARTS and (self._show_same or step.kind is not StepKind.SAME)

    def _step(self, step: Step) -> dict[str, Any]:
        has_old = step.kind is not StepKind.CREATE and bool(step.old_inputs or step.old_outputs or not step.custom)
        has_new = step.kind not in (StepKind.DELETE, StepKind.DELETE_REPLACED)
        error = self._errors.get((step.urn, step.kind))
        return {
            "op": step.kind.value,
            "urn": step.urn,
            **({"oldState": _state(step, step.old_inputs, step.old_outputs)} if has_old else {}),
            **({"newState": {**_state(step, step.new_inputs, step.new_outputs), **_needs(step)}} if has_new else {}),
            "detailedDiff": {
                path: {"kind": kind.value, "inputDiff": True} for path, kind in sorted(step.changes.items())
            }
            or None,
            **({"error": self._scrub(error)} if error else {}),
        }


def _needs(step: Step) -> dict[str, list[str]]:
    return {"dependencies": sorted(step.dependencies)} if step.dependencies else {}


def _cost(result: Result) -> dict[str, Any]:
    """Return what the ``up`` after a preview is going to cost, as far as it concerns Railway."""
    cost = estimate_up(result.steps) if result.operation is Operation.PREVIEW and result.complete else None
    return {"cost": {"requests": cost.requests, "deployments": cost.deployments}} if cost else {}


def _state(step: Step, inputs: Any, outputs: Any) -> dict[str, Any]:
    peers = (step.old_inputs, step.new_inputs, step.old_outputs, step.new_outputs)
    state = {
        "urn": step.urn,
        "custom": step.custom,
        "id": step.id,
        "type": step.type,
        "inputs": _plain(masked(inputs, *peers)),
        "outputs": _plain(masked(outputs, *peers)),
        "parent": step.parent,
        "protect": step.protect,
    }
    return {key: value for key, value in state.items() if value or key == "custom"}


def _plain(value: Any) -> Any:
    """Return masked values with unknown ones in Pulumi's spelling."""
    if isinstance(value, Masked):
        return UNKNOWN_ON_THE_WIRE if value == UNKNOWN_TEXT else str(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, list):
        return [_plain(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
    return value
