"""The Pulumi CLI as the commands use it: on a real account, or on the simulated clouds.

Owns the commands that are run and how their answers are read. Where the CLI and its plugins are is ``pulumi_cli``'s.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from pulumi_operations.events import Operation
from pulumi_operations.values import SECRET, SIGNATURE
from railyard.engine import cli_operations, operate, pulumi_cli
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
from railyard.engine.engine_choice import Choice, States
from railyard.engine.up_run import UpRun, follow, refuse_locked
from railyard.output import rules
from railyard.shared.console import OperationError
from railyard.shared.project import project_directory
from railyard.shared.stack import Stack
from railyard.shared.urns import target_options, targets_of, type_of
from stacks.budget import WHOLE_PREVIEW


class PulumiCli:
    """The Pulumi CLI on a real account, with whatever backend it is logged in to."""

    place = "the account that the environment points at, through the Pulumi CLI"

    def __init__(self, stack: Stack, cli: pulumi_cli.PulumiCli) -> None:
        self.secrets_file = stack.secrets_file
        self._stack, self._cli = stack, cli

    def preview(self, systems: Sequence[str] = (), *, unchanged: bool = False) -> dict[str, Any]:
        """Run ``pulumi preview --json``, and look at the rules, for which what does not change is needed, too."""
        targets = target_options(targets_of(*systems))
        document = self._document(Operation.PREVIEW, "--show-sames", *targets, variables=choice_variables(systems))
        broken = rules.of_document(document["steps"], self._stack.settings.stack.policies)
        document["steps"] = [step for step in document["steps"] if unchanged or step["op"] != "same"]
        refuse_broken(broken, document)
        return document

    def up(self, targets: Sequence[str], *, quiet: bool) -> bool:
        """Run ``pulumi up --target … --yes``."""
        # Services that are deployed again change no output of the stack.
        options = ["--yes", "--skip-preview", "--suppress-outputs", *target_options(targets)]
        process = self._pulumi(Operation.UP, *options, quiet=quiet)
        if quiet and process.returncode != 0:
            raise OperationError(f"pulumi up failed:\n{(process.stdout + process.stderr).strip()}")
        return process.returncode == 0

    def up_from(self, project: Path, targets: Sequence[str], systems: Sequence[str] = (), *, quiet: bool) -> UpRun:
        """Run ``pulumi up --target … --yes`` in that folder, with the virtual environment of this one."""
        environment = project_directory() / ".venv"
        if project != project_directory() and environment.exists() and not (project / ".venv").exists():
            (project / ".venv").symlink_to(environment, target_is_directory=True)
        with (
            self._wired(Operation.UP, project) as (variables, options),
            tempfile.TemporaryDirectory() as folder,
        ):
            events = Path(folder) / "events"
            command = [str(self._cli.program), "up", "--yes", "--skip-preview", *options, "--non-interactive"]
            command += [*target_options(targets), "--event-log", str(events)]
            run_variables = {**code_of(project), **cli_operations.TELLS_EVENTS, **choice_variables(systems)}
            all_variables = self._cli.environment({**variables, **run_variables})
            return follow(command, project, all_variables, events, quiet=quiet)

    def refresh(self, targets: Sequence[str]) -> None:
        """Run ``pulumi refresh --target … --yes``."""
        process = self._pulumi(Operation.REFRESH, "--yes", "--skip-preview", *target_options(targets), quiet=True)
        if process.returncode != 0:
            refuse_locked(process.stdout + process.stderr)
            raise OperationError(f"pulumi refresh failed:\n{(process.stdout + process.stderr).strip()}")

    def drift(self) -> dict[str, Any]:
        """Run ``pulumi refresh --preview-only --json``."""
        return self._document(Operation.REFRESH, "--preview-only")

    def record(self, what: Unimportable) -> None:
        """Record through ``pulumi stack export`` and ``import``, whose pipes nobody else reads."""
        state = self._state()
        resources = cast("list[dict[str, Any]]", state["deployment"]["resources"])
        by_urn = {str(each["urn"]): each for each in resources}
        if what.urn in by_urn:
            return
        neighbour = by_urn[what.neighbour]
        hidden = {SIGNATURE: SECRET, "plaintext": json.dumps(what.outputs[what.hidden])}
        resource = {
            "urn": what.urn,
            "custom": True,
            "id": what.id,
            "type": type_of(what.urn),
            "inputs": what.inputs,
            "outputs": {**what.outputs, what.hidden: hidden},
            "parent": neighbour["parent"],
            "provider": neighbour["provider"],
            "dependencies": [what.neighbour],
        }
        resources.insert(resources.index(neighbour) + 1, resource)
        self._stack_command("import", given=json.dumps(state))

    def amend(self, changes: Mapping[str, Mapping[str, Any]]) -> None:
        """Amend through ``pulumi stack export`` and ``import``."""
        state = self._state()
        changed = False
        for each in cast("list[dict[str, Any]]", state["deployment"].get("resources") or []):
            own = changes.get(str(each["urn"]), {})
            if any(each["outputs"].get(key) != value for key, value in own.items()):
                each["inputs"], each["outputs"] = {**each["inputs"], **own}, {**each["outputs"], **own}
                changed = True
        if changed:
            self._stack_command("import", given=json.dumps(state))

    def forget(self, system: str) -> int:
        """Run ``pulumi stack import`` with the state without them."""
        state = self._state()
        resources = cast("list[dict[str, Any]]", state["deployment"].get("resources") or [])
        forgotten = set(of_system([str(each["urn"]) for each in resources], system))
        if forgotten:
            state["deployment"]["resources"] = [each for each in resources if each["urn"] not in forgotten]
            self._stack_command("import", given=json.dumps(state))
        return len(forgotten)

    def export_state(self) -> dict[str, Any]:
        """Run ``pulumi stack export --show-secrets``, whose pipe nobody else reads."""
        return cast("dict[str, Any]", json.loads(self._stack_command("export", "--show-secrets")))

    def import_state(self, document: Mapping[str, Any]) -> None:
        """Run ``pulumi stack import``."""
        self._stack_command("import", given=json.dumps(document))

    def beside(self, stack: Stack) -> Engine:
        """Return the CLI on the other stack, made with ``pulumi stack init`` where it is missing."""
        other = PulumiCli(stack, self._cli)
        other.make_stack()
        return other

    def make_stack(self) -> None:
        """Make the stack on the backend, unless it is there; raises ``OperationError``."""
        cli_operations.init_stack(self._cli, self._stack.name, project_directory(), {})

    def _state(self) -> dict[str, Any]:
        return cast("dict[str, Any]", json.loads(self._stack_command("export")))

    def _stack_command(self, name: str, *arguments: str, given: str | None = None) -> str:
        root = project_directory()
        with self._wired(Operation.PREVIEW, root) as (variables, options):
            command = ["stack", name, *arguments, *_of_state(options), "--non-interactive"]
            process = self._cli.run(command, root, variables, captured=True, given=given)
        if process.returncode != 0:
            raise OperationError(f"pulumi stack {name} failed:\n{process.stderr.strip()}")
        return process.stdout

    @contextmanager
    def _wired(self, operation: Operation, project: Path) -> Generator[tuple[Mapping[str, str], Sequence[str]]]:
        """Give the variables and the options with which ``operation`` finds clouds, state and settings."""
        del operation, project
        yield {WHOLE_PREVIEW: "1"}, ["--stack", self._stack.name]

    def _document(
        self, operation: Operation, *arguments: str, variables: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        process = self._pulumi(operation, *arguments, "--json", quiet=True, variables=variables)
        try:
            document = cast("dict[str, Any]", json.loads(process.stdout))
        except ValueError:
            document = {}
        logged = operation is Operation.PREVIEW and errors_of(document)
        if (process.returncode != 0 or logged) and document.get("steps"):
            raise RefusedError(errors_of(document) or f"pulumi {operation} failed:\n{process.stderr.strip()}", document)
        if process.returncode != 0 or "steps" not in document:
            raise OperationError(errors_of(document) or f"pulumi {operation} failed:\n{process.stderr.strip()}")
        return document

    def _pulumi(
        self, operation: Operation, *arguments: str, quiet: bool, variables: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        root = project_directory()
        with self._wired(operation, root) as (wired, options):
            command = [operation.value, *arguments, *options, "--non-interactive"]
            return self._cli.run(command, root, {**wired, **(variables or {})}, captured=quiet)


class PulumiCliInSandbox(PulumiCli):
    """The Pulumi CLI on the simulated clouds, with the sandbox's own backend and secrets."""

    place = "the sandbox"

    def __init__(self, stack: Stack, cli: pulumi_cli.PulumiCli, choice: Choice) -> None:
        super().__init__(stack, cli)
        self.secrets_file = sandbox_secrets(stack)
        self._choice = choice

    def beside(self, stack: Stack) -> Engine:
        """Return the CLI on the other stack, which its first command makes."""
        choice = replace(self._choice, states=States(directory=self._choice.states.directory, stack=stack.name))
        return PulumiCliInSandbox(stack, self._cli, choice)

    @contextmanager
    def _wired(self, operation: Operation, project: Path) -> Generator[tuple[Mapping[str, str], Sequence[str]]]:
        with operate.clouds(operation, self._stack.settings.plan) as address:
            variables = operate.environment(address, root=project)
            yield variables, cli_operations.options_of(self._choice, project, variables)


def _of_state(options: Sequence[str]) -> list[str]:
    """Return those of the options that a command on a state knows: which stack it is."""
    at = list(options).index("--stack") if "--stack" in options else -1
    return list(options[at : at + 2]) if at >= 0 else []
