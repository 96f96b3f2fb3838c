"""One ``up`` as a process of either engine: what it says as it comes, and which resources it failed at.

Owns following the process to its end and reading what it failed at: of the embedded engine the document of ``--json``
that it writes beside its text, of the Pulumi CLI its event log. Starts nothing by itself, and judges nothing.
"""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

from pulumi_operations.events import Diagnostic
from railyard.engine import engine_choice, pulumi_cli
from railyard.engine.cli_events import read_log
from railyard.shared.console import OperationError

_LAST_LINES: Final = 20
_LOCKED: Final = (
    "another run is using ",
    "the stack is currently locked by ",
    "Another update is currently in progress",
)
"""Messages about a stack that another run holds: of the embedded engine, the Pulumi CLI and Pulumi Cloud."""


class LockedError(OperationError):
    """Another run holds the stack, and nothing was begun."""


def refuse_locked(output: str) -> None:
    """Raise ``LockedError`` where an engine says that another run holds the stack."""
    if any(mark in output for mark in _LOCKED):
        raise LockedError(output)


@dataclass(frozen=True, kw_only=True)
class UpRun:
    """The outcome of an ``up``."""

    problems: Sequence[str] = ()
    """Its last words, a line each, when it failed; empty when it went well."""
    failed: Mapping[str, Sequence[str]] = field(default_factory=dict[str, "list[str]"])
    """URN → what went wrong with that resource. What was refused or failed as a whole is in ``problems`` alone."""


def follow(command: Sequence[str], folder: Path, environment: Mapping[str, str], events: Path, *, quiet: bool) -> UpRun:
    """Run a command to its end, showing what it says as it comes unless ``quiet``; ``events`` is what it writes.

    After a Ctrl-C it ends in its own order, and then so does this command: nothing else is begun.
    """
    lines: list[str] = []
    with (
        pulumi_cli.patient() as interrupted,
        subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        ) as running,
    ):
        for line in running.stdout or ():
            lines.append(line.rstrip())
            if not quiet and not line.startswith(engine_choice.TOLD):  # we have told it
                sys.stdout.write(line)
                sys.stdout.flush()
    if interrupted.is_set():
        raise KeyboardInterrupt
    if running.returncode == 0:
        return UpRun()
    output = [line for line in lines if line.strip()]
    # Both engines name the resource in the line above its error.
    first = next((max(at - 1, 0) for at, line in enumerate(output) if line.lstrip().startswith("error:")), -_LAST_LINES)
    last = textwrap.dedent("\n".join(output[first:][:_LAST_LINES]))
    refuse_locked(last)
    problems = last.splitlines() or [f"it ended with exit code {running.returncode}"]
    return UpRun(problems=problems, failed=_failed(events))


def _failed(events: Path) -> dict[str, list[str]]:
    """Return URN → the errors in what an engine wrote; nothing when it did not come so far."""
    try:
        text = events.read_text(encoding="utf-8")
    except OSError:
        return {}
    errors: dict[str, list[str]] = {}
    for diagnostic in _diagnostics(text):
        if (
            diagnostic.severity == "error"
            and diagnostic.urn
            and diagnostic.message not in errors.setdefault(diagnostic.urn, [])
        ):
            errors[diagnostic.urn].append(diagnostic.message)
    return errors


def _diagnostics(text: str) -> Sequence[Diagnostic]:
    """Return the diagnostics of one document, or of a log with an event in each line."""
    try:
        document: Any = json.loads(text)
    except ValueError:
        document = None
    if not isinstance(document, dict) or "diagnostics" not in document:
        return read_log(text).diagnostics()
    return [
        Diagnostic(
            severity=diagnostic["severity"], message=diagnostic["message"].strip(), urn=diagnostic.get("urn") or ""
        )
        for diagnostic in cast("list[dict[str, str]]", document["diagnostics"])
        if diagnostic.get("message")
    ]
