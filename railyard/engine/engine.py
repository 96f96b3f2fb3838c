"""The engine as commands see it, in one form: the document of ``pulumi preview --json``.

Owns the protocol, and what both implementations of it share: variables, arguments, refusals. Starts nothing.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from railyard.engine import operate
from railyard.engine.up_run import UpRun
from railyard.output import rules
from railyard.shared.console import OperationError
from railyard.shared.project import PROJECT_VARIABLE
from railyard.shared.stack import Stack
from railyard.shared.urns import carries
from stacks.choice import CHOSEN_VARIABLE
from stacks.policy.policy import Level, Violation
from stacks.project_folder import page
from stacks.secrets import FILE_VARIABLE


@dataclass(frozen=True, kw_only=True)
class Unimportable:
    """Something that exists and that no provider can import, as a state records it."""

    urn: str
    neighbour: str
    """URN of the resource that it depends on, whose provider and parent it has."""
    id: str
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any] = field(repr=False)
    hidden: str
    """The output that is a secret."""


class RefusedError(OperationError):
    """A preview found something that an ``up`` would refuse; ``document`` says that, and what else would change."""

    def __init__(self, message: str, document: Mapping[str, Any]) -> None:
        super().__init__(message)
        self.document = document


class Engine(Protocol):
    """Serves a command as either engine does."""

    place: str
    """Name of the place in which it works, for people."""
    secrets_file: Path
    """The SOPS file whose secrets it deploys."""

    def preview(self, systems: Sequence[str] = (), *, unchanged: bool = False) -> dict[str, Any]:
        """Return what would change, as ``pulumi preview --json`` says it: of ``systems`` alone, without making others.

        With ``unchanged`` also what would not change.

        Raises ``RefusedError`` when an ``up`` would be refused, ``OperationError`` when nothing can be said, and
        ``LockedError`` where the engine does not say it while another run holds the stack.
        """
        ...

    def up(self, targets: Sequence[str], *, quiet: bool) -> bool:
        """Update exactly the resources with these URNs, and return whether that succeeded. Prints unless ``quiet``."""
        ...

    def up_from(self, project: Path, targets: Sequence[str], systems: Sequence[str] = (), *, quiet: bool) -> UpRun:
        """Update what ``targets`` name, URNs or their patterns, as the project in the folder ``project`` says.

        Without targets the whole stack. Where they are all of ``systems``, its program makes no others. Raises
        ``OperationError`` when it cannot begin: ``LockedError`` while another run holds the stack.
        """
        ...

    def refresh(self, targets: Sequence[str]) -> None:
        """Let the state of what ``targets`` name follow what exists.

        Raises ``OperationError``: ``LockedError`` while another run holds the stack.
        """
        ...

    def drift(self) -> dict[str, Any]:
        """Return what a refresh would find, as steps; the state stays as it is. Raises ``OperationError``."""
        ...

    def record(self, what: Unimportable) -> None:
        """Put something into the state as it is, unless it is there; raises ``OperationError``."""
        ...

    def amend(self, changes: Mapping[str, Mapping[str, Any]]) -> None:
        """Set properties that no API knows in the state: URN → inputs; raises ``OperationError``."""
        ...

    def forget(self, system: str) -> int:
        """Take all resources of a system out of the state, and leave them as they are; return how many there were."""
        ...

    def export_state(self) -> dict[str, Any]:
        """Return the whole state with its secrets in clear, which the caller keeps in memory alone."""
        ...

    def import_state(self, document: Mapping[str, Any]) -> None:
        """Let the state be what a document says that ``export_state`` has returned; raises ``OperationError``."""
        ...

    def beside(self, stack: Stack) -> Engine:
        """Return the same engine on another stack, which may be new."""
        ...


def refuse_broken(broken: Sequence[Violation], document: Mapping[str, Any]) -> None:
    """Raise ``RefusedError`` with the ``document`` of the preview where a mandatory rule is broken."""
    if rules.refused(broken):
        mandatory = [line for line in rules.lines(broken) if line.startswith(Level.MANDATORY)]
        raise RefusedError("\n".join([f"a rule of {page('policies.md')} is broken:", *mandatory]), document)


def of_system(urns: Sequence[str], system: str) -> list[str]:
    """Return the URNs of a system and all below it."""
    return [urn for urn in urns if ":systems:" in urn and carries(urn, system)]


def sandbox_secrets(stack: Stack) -> Path:
    """Return the SOPS file whose secrets the sandbox deploys."""
    return Path(operate.environment(operate.UNREACHABLE_URL).get(FILE_VARIABLE, stack.secrets_file))


def code_of(project: Path) -> dict[str, str]:
    """Return the variables with which a process works on ``project`` and imports from it, whatever is installed."""
    packages = sorted(str(package) for package in project.glob("packages/*"))
    return {"PYTHONPATH": os.pathsep.join([str(project), *packages]), PROJECT_VARIABLE: str(project)}


def choice_variables(systems: Sequence[str]) -> dict[str, str]:
    """Return the variables with which a program makes ``systems`` alone, or all."""
    return {CHOSEN_VARIABLE: " ".join(systems)} if systems else {}


def errors_of(document: Mapping[str, Any]) -> str:
    """Return the errors that a document holds, each once, a line each."""
    # The CLI begins some messages with the word that the command sets before them.
    errors = [
        item["message"].strip().removeprefix("error: ")
        for item in document.get("diagnostics", ())
        if item.get("severity") == "error"
    ]
    return "\n".join(dict.fromkeys(errors))
