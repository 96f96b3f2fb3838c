"""The embedded engine on the simulated clouds, as the commands use it.

Owns the steps from a command to the engine's document. The engine itself is imported behind ``sandbox_door`` alone.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from rich.console import Console

from pulumi_operations.events import Operation
from railyard.engine import engine_choice, operate, sandbox_door
from railyard.engine.configuration import Configuration, read_configuration
from railyard.engine.engine import (
    Engine,
    RefusedError,
    Unimportable,
    choice_variables,
    code_of,
    errors_of,
    of_system,
    refuse_broken,
    sandbox_secrets,
)
from railyard.engine.up_run import UpRun, follow, refuse_locked
from railyard.output import JsonReport, TextReport, rules
from railyard.shared.console import OperationError
from railyard.shared.project import SANDBOX_VARIABLE, project_directory, sandbox_directory
from railyard.shared.stack import Stack
from railyard.shared.urns import target_options, targets_of

if TYPE_CHECKING:
    from railyard.engine.sandbox_door import Options


class Embedded:
    """The embedded engine on the simulated clouds."""

    place = "the sandbox"

    def __init__(self, stack: Stack) -> None:
        self.secrets_file = sandbox_secrets(stack)
        self._stack = stack

    def preview(self, systems: Sequence[str] = (), *, unchanged: bool = False) -> dict[str, Any]:
        """Ask nobody."""
        return self._document(
            Operation.PREVIEW, targets_of(*systems), variables=choice_variables(systems), unchanged=unchanged
        )

    def up(self, targets: Sequence[str], *, quiet: bool) -> bool:
        """Update in the clouds that ``make sandbox`` serves, or in our own for as long as it takes."""
        if quiet:
            self._document(Operation.UP, targets)
            return True
        report = TextReport(Console(highlight=False), Operation.UP, self._stack.name)
        return operate.operate(Operation.UP, self._configuration(), targets, report).succeeded

    def up_from(self, project: Path, targets: Sequence[str], systems: Sequence[str] = (), *, quiet: bool) -> UpRun:
        """Bring up in a process of the project's own code, with the simulated clouds and the state of this one."""
        run_variables = {
            SANDBOX_VARIABLE: str(sandbox_directory()),
            engine_choice.VARIABLE: engine_choice.Engine.EMBEDDED,
        }
        with tempfile.TemporaryDirectory() as folder:
            events = Path(folder) / "document.json"
            command = [sys.executable, "-m", "railyard.engine", "up", "--stack", self._stack.name]
            command += [*target_options(targets), "--document", str(events)]
            variables = {**os.environ, **code_of(project), **run_variables, **choice_variables(systems)}
            return follow(command, project, variables, events, quiet=quiet)

    def refresh(self, targets: Sequence[str]) -> None:
        """Ask the simulated clouds."""
        self._document(Operation.REFRESH, targets)

    def drift(self) -> dict[str, Any]:
        """Refresh a copy of the state."""
        with tempfile.TemporaryDirectory() as folder:
            for file in sandbox_directory().glob(f"{self._stack.name}.json*"):
                shutil.copy(file, folder)
            return self._document(Operation.REFRESH, directory=Path(folder))

    def record(self, what: Unimportable) -> None:
        """Record with the engine's own journal and encryption."""
        sandbox_door.record(
            self._options(),
            what.urn,
            what.neighbour,
            id=what.id,
            inputs=what.inputs,
            outputs=what.outputs,
            hidden=what.hidden,
        )

    def amend(self, changes: Mapping[str, Mapping[str, Any]]) -> None:
        """Amend with the engine's own journal."""
        sandbox_door.amend(self._options(), changes)

    def forget(self, system: str) -> int:
        """Look them up in the state, whatever the settings say; what a killed run has made is in it, too."""
        resources = cast("list[dict[str, Any]]", self.export_state()["deployment"].get("resources") or [])
        urns = [str(each["urn"]) for each in resources]
        return sandbox_door.forget(self._options(), set(of_system(urns, system)))

    def export_state(self) -> dict[str, Any]:
        """Return what the engine's own file says."""
        return sandbox_door.export_state(self._options())

    def import_state(self, document: Mapping[str, Any]) -> None:
        """Write the engine's own file."""
        sandbox_door.import_state(self._options(), document)

    def beside(self, stack: Stack) -> Engine:
        """Return one with the state of the other stack."""
        return Embedded(stack)

    def _options(self) -> Options:
        return operate.options_of(self._configuration(), operate.environment(operate.UNREACHABLE_URL))

    def _document(
        self,
        operation: Operation,
        targets: Sequence[str] = (),
        directory: Path | None = None,
        variables: Mapping[str, str] | None = None,
        *,
        unchanged: bool = False,
    ) -> dict[str, Any]:
        """Return what an operation says to programs, on the state in ``directory`` or ours. Raises OperationError."""
        text = io.StringIO()
        report = JsonReport(text, show_same=unchanged)
        try:
            result = operate.operate(operation, self._configuration(), targets, report, directory, variables)
        except OperationError as error:
            refuse_locked(str(error))
            raise
        document = cast("dict[str, Any]", json.loads(text.getvalue()))
        if not document["succeeded"]:
            raise RefusedError(errors_of(document), document)
        if operation is Operation.PREVIEW:
            refuse_broken(rules.violations(result.steps, self._stack.settings.stack.policies), document)
        return document

    def _configuration(self) -> Configuration:
        return read_configuration(project_directory(), self._stack.name)
