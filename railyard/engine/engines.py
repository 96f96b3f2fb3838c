"""The two engines as the commands use them: the embedded one, and the Pulumi CLI in the sandbox or on real accounts.

Owns which of them is meant, and one form for what they say: the document of ``pulumi preview --json``, which the
embedded engine writes as well. In the sandbox the choice is the one that ``make`` makes (``sandbox/engine_choice.py``).
Knows nothing of secrets or services.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

import typer
from rich.console import Console

from pulumi_operations.events import Operation
from railway_api.loopback import is_loopback
from railyard.engine import cli_operations, engine_choice, operate, pulumi_cli, sandbox_door
from railyard.engine.configuration import Stack as Configuration
from railyard.engine.configuration import read_stack as read_configuration
from railyard.engine.engine_choice import Choice, States
from railyard.engine.up_run import UpRun, follow
from railyard.output import JsonReport, TextReport, rules
from railyard.shared.console import CallError, OperationError
from railyard.shared.project import PROJECT_VARIABLE, SANDBOX_VARIABLE, project_directory, sandbox_directory
from railyard.shared.stack import Stack
from railyard.shared.urns import carries, targets_of
from stacks.budget import WHOLE_PREVIEW
from stacks.choice import CHOSEN_VARIABLE
from stacks.policy.policy import Level, Violation
from stacks.secrets import FILE_VARIABLE

if TYPE_CHECKING:
    from railyard.engine.sandbox_door import Options

SECRET_SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
SECRET_MARK: Final = "1b47061264138c4ac30d75fd1eb44270"
"""How the format of states marks a secret (sdk/go/common/resource, Sig and SecretSig)."""


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
    """What a command needs of an engine."""

    place: str
    """Where it works, for people."""
    secrets_file: Path
    """The SOPS file whose secrets it deploys."""

    def preview(self, systems: Sequence[str] = (), *, unchanged: bool = False) -> dict[str, Any]:
        """What would change, as ``pulumi preview --json`` says it: of ``systems`` alone, of which the rest is not made.

        With ``unchanged`` also what would not change.

        Raises ``RefusedError`` when an ``up`` would be refused, ``OperationError`` when nothing can be said.
        """
        ...

    def up(self, targets: Sequence[str], *, quiet: bool) -> bool:
        """Update exactly the resources with these URNs; whether it went well. Prints unless ``quiet``."""
        ...

    def up_from(self, project: Path, targets: Sequence[str], systems: Sequence[str] = (), *, quiet: bool) -> UpRun:
        """Update what ``targets`` name, URNs or their patterns, as the project in the folder ``project`` says.

        Without targets the whole stack. Where they are all of ``systems``, its program makes no others. Raises
        ``OperationError`` when it cannot begin: ``LockedError`` while another run holds the stack.
        """
        ...

    def refresh(self, targets: Sequence[str]) -> None:
        """Let the state of what ``targets`` name follow what exists; raises ``OperationError``."""
        ...

    def drift(self) -> dict[str, Any]:
        """What a refresh would find, as a document of steps; the state stays as it is. Raises ``OperationError``."""
        ...

    def record(self, what: Unimportable) -> None:
        """Put something into the state as it is, unless it is there; raises ``OperationError``."""
        ...

    def amend(self, changes: Mapping[str, Mapping[str, Any]]) -> None:
        """Set properties that no API knows in the state: URN → inputs; raises ``OperationError``."""
        ...

    def forget(self, system: str) -> int:
        """Take all resources of a system out of the state, and leave them as they are; how many there were."""
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


def engine_for(stack: Stack, *, sandbox: bool) -> Engine:
    """The engine for ``stack``: the Pulumi CLI on a real account where the environment points at one.

    In the sandbox it is the one that the stack is up with, as with ``make``; a line on standard error says which and
    why. Raises ``OperationError`` when it cannot be had.
    """
    if not sandbox and points_at_real_account(os.environ):
        cli = pulumi_cli.find()
        if cli is None:
            raise OperationError(
                "the environment points at a real Railway account, which takes the Pulumi CLI, and it is not on PATH: "
                "install it from https://www.pulumi.com/docs/install/, or give --sandbox"
            )
        return PulumiCli(stack, cli)
    choice = engine_choice.choose(_wanted(), States(directory=sandbox_directory(), stack=stack.name))
    typer.echo(choice.sentence, err=True)
    return PulumiCliInSandbox(stack, choice.cli, choice) if choice.cli else Embedded(stack)


def secrets_files(engine: Engine, stack: Stack) -> list[Path]:
    """Return the SOPS files whose secrets ``engine`` deploys: the sandbox's, or those of the stack."""
    own = engine.secrets_file == stack.secrets_file
    return [each.secrets_file for each in stack.by_file()] if own else [engine.secrets_file]


def _wanted() -> engine_choice.Engine | None:
    """The engine that somebody decided for by hand."""
    named = os.environ.get(engine_choice.VARIABLE)
    try:
        return engine_choice.Engine(named) if named else None
    except ValueError:
        known = " or ".join(engine_choice.Engine)
        raise CallError(f"{engine_choice.VARIABLE} is {named!r}: name {known}, or leave it out") from None


def points_at_real_account(environment: Mapping[str, str]) -> bool:
    """Whether Railway's address or a token says that a real account is meant."""
    address = environment.get("RAILWAY_API_URL")
    if address:
        return not is_loopback(address)
    return bool(environment.get("RAILWAY_API_TOKEN") or environment.get("RAILWAY_TOKEN"))


def _refuse(broken: Sequence[Violation]) -> None:
    """Raise ``OperationError`` where a mandatory rule is broken."""
    if rules.refused(broken):
        mandatory = [line for line in rules.lines(broken) if line.startswith(Level.MANDATORY)]
        raise OperationError("\n".join(["a rule of docs/policies.md is broken:", *mandatory]))


class Embedded:
    """The embedded engine on the simulated clouds."""

    place = "the sandbox"

    def __init__(self, stack: Stack) -> None:
        self.secrets_file = _sandbox_secrets(stack)
        self._stack = stack

    def preview(self, systems: Sequence[str] = (), *, unchanged: bool = False) -> dict[str, Any]:
        """Ask nobody."""
        return self._document(Operation.PREVIEW, targets_of(*systems), variables=_chosen(systems), unchanged=unchanged)

    def up(self, targets: Sequence[str], *, quiet: bool) -> bool:
        """Update in the clouds that ``make sandbox`` serves, or in our own for as long as it takes."""
        if quiet:
            self._document(Operation.UP, targets)
            return True
        report = TextReport(Console(highlight=False), Operation.UP, self._stack.name)
        return operate.operate(Operation.UP, self._configuration(), targets, report).succeeded

    def up_from(self, project: Path, targets: Sequence[str], systems: Sequence[str] = (), *, quiet: bool) -> UpRun:
        """In a process of the project's own code, with the simulated clouds and the state of this one."""
        ours = {SANDBOX_VARIABLE: str(sandbox_directory()), engine_choice.VARIABLE: engine_choice.Engine.EMBEDDED}
        with tempfile.TemporaryDirectory() as folder:
            events = Path(folder) / "document.json"
            command = [sys.executable, "-m", "railyard.engine", "up", "--stack", self._stack.name]
            command += [*_named(targets), "--document", str(events)]
            variables = {**os.environ, **code_of(project), **ours, **_chosen(systems)}
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
        """With the engine's own journal and encryption."""
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
        """With the engine's own journal."""
        sandbox_door.amend(self._options(), changes)

    def forget(self, system: str) -> int:
        """Look them up in the state, whatever the settings say."""
        state = States(directory=sandbox_directory(), stack=self._stack.name).embedded
        if not state.exists():
            return 0
        document = json.loads(state.read_text(encoding="utf-8"))
        urns = [str(each["urn"]) for each in document["deployment"]["resources"]]
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
        """What an operation says to programs, with the state in ``directory`` or ours; raises ``OperationError``."""
        text = io.StringIO()
        report = JsonReport(text, show_same=unchanged)
        result = operate.operate(operation, self._configuration(), targets, report, directory, variables)
        document = cast("dict[str, Any]", json.loads(text.getvalue()))
        if not document["succeeded"]:
            raise RefusedError(_errors(document), document)
        if operation is Operation.PREVIEW:
            _refuse(rules.violations(result.steps, self._stack.settings.stack.policies))
        return document

    def _configuration(self) -> Configuration:
        return read_configuration(project_directory(), self._stack.name)


class PulumiCli:
    """The Pulumi CLI on a real account, with whatever backend it is logged in to."""

    place = "the account that the environment points at, through the Pulumi CLI"

    def __init__(self, stack: Stack, cli: pulumi_cli.PulumiCli) -> None:
        self.secrets_file = stack.secrets_file
        self._stack, self._cli = stack, cli

    def preview(self, systems: Sequence[str] = (), *, unchanged: bool = False) -> dict[str, Any]:
        """``pulumi preview --json``, and the rules, for which what does not change is needed, too."""
        targets = _named(targets_of(*systems))
        document = self._document(Operation.PREVIEW, "--show-sames", *targets, variables=_chosen(systems))
        _refuse(rules.of_document(document["steps"], self._stack.settings.stack.policies))
        return {**document, "steps": [step for step in document["steps"] if unchanged or step["op"] != "same"]}

    def up(self, targets: Sequence[str], *, quiet: bool) -> bool:
        """``pulumi up --target … --yes``."""
        # Services that are deployed again change no output of the stack.
        options = ["--yes", "--skip-preview", "--suppress-outputs", *_named(targets)]
        done = self._pulumi(Operation.UP, *options, quiet=quiet)
        if quiet and done.returncode != 0:
            raise OperationError(f"pulumi up failed:\n{(done.stdout + done.stderr).strip()}")
        return done.returncode == 0

    def up_from(self, project: Path, targets: Sequence[str], systems: Sequence[str] = (), *, quiet: bool) -> UpRun:
        """``pulumi up --target … --yes`` in that folder, with the virtual environment of this one."""
        environment = project_directory() / ".venv"
        if project != project_directory() and environment.exists() and not (project / ".venv").exists():
            (project / ".venv").symlink_to(environment, target_is_directory=True)
        with (
            self._wired(Operation.UP, project) as (variables, options),
            tempfile.TemporaryDirectory() as folder,
        ):
            events = Path(folder) / "events"
            command = [str(self._cli.program), "up", "--yes", "--skip-preview", *options, "--non-interactive"]
            command += [*_named(targets), "--event-log", str(events)]
            ours = {**code_of(project), **cli_operations.TELLS_EVENTS, **_chosen(systems)}
            all_variables = self._cli.environment({**variables, **ours})
            return follow(command, project, all_variables, events, quiet=quiet)

    def refresh(self, targets: Sequence[str]) -> None:
        """``pulumi refresh --target … --yes``."""
        done = self._pulumi(Operation.REFRESH, "--yes", "--skip-preview", *_named(targets), quiet=True)
        if done.returncode != 0:
            raise OperationError(f"pulumi refresh failed:\n{(done.stdout + done.stderr).strip()}")

    def drift(self) -> dict[str, Any]:
        """``pulumi refresh --preview-only --json``."""
        return self._document(Operation.REFRESH, "--preview-only")

    def record(self, what: Unimportable) -> None:
        """Through ``pulumi stack export`` and ``import``, whose pipes nobody else reads."""
        state = self._state()
        resources = cast("list[dict[str, Any]]", state["deployment"]["resources"])
        there = {str(each["urn"]): each for each in resources}
        if what.urn in there:
            return
        beside = there[what.neighbour]
        hidden = {SECRET_SIGNATURE: SECRET_MARK, "plaintext": json.dumps(what.outputs[what.hidden])}
        made = {
            "urn": what.urn,
            "custom": True,
            "id": what.id,
            "type": what.urn.split("::")[2].rpartition("$")[2],
            "inputs": what.inputs,
            "outputs": {**what.outputs, what.hidden: hidden},
            "parent": beside["parent"],
            "provider": beside["provider"],
            "dependencies": [what.neighbour],
        }
        resources.insert(resources.index(beside) + 1, made)
        self._stack_command("import", given=json.dumps(state))

    def amend(self, changes: Mapping[str, Mapping[str, Any]]) -> None:
        """Through ``pulumi stack export`` and ``import``."""
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
        """``pulumi stack import`` of the state without them."""
        state = self._state()
        resources = cast("list[dict[str, Any]]", state["deployment"].get("resources") or [])
        gone = set(of_system([str(each["urn"]) for each in resources], system))
        if gone:
            state["deployment"]["resources"] = [each for each in resources if each["urn"] not in gone]
            self._stack_command("import", given=json.dumps(state))
        return len(gone)

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
        command = ["stack", "init", self._stack.name, "--no-select", "--non-interactive"]
        done = self._cli.run(command, project_directory(), {}, captured=True)
        if done.returncode != 0 and "already exists" not in done.stdout + done.stderr:
            raise OperationError(f"pulumi stack init {self._stack.name} failed:\n{(done.stdout + done.stderr).strip()}")

    def _state(self) -> dict[str, Any]:
        return cast("dict[str, Any]", json.loads(self._stack_command("export")))

    def _stack_command(self, name: str, *arguments: str, given: str | None = None) -> str:
        root = project_directory()
        with self._wired(Operation.PREVIEW, root) as (variables, options):
            command = [str(self._cli.program), "stack", name, *arguments, *_of_state(options), "--non-interactive"]
            done = subprocess.run(
                command,
                cwd=root,
                env=self._cli.environment(dict(variables)),
                input=given,
                capture_output=True,
                text=True,
                check=False,
            )
        if done.returncode != 0:
            raise OperationError(f"pulumi stack {name} failed:\n{done.stderr.strip()}")
        return done.stdout

    @contextmanager
    def _wired(self, operation: Operation, project: Path) -> Generator[tuple[Mapping[str, str], Sequence[str]]]:
        """The variables and the options with which ``operation`` finds clouds, state and settings."""
        del operation, project
        yield {WHOLE_PREVIEW: "1"}, ["--stack", self._stack.name]

    def _document(
        self, operation: Operation, *arguments: str, variables: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        done = self._pulumi(operation, *arguments, "--json", quiet=True, variables=variables)
        try:
            document = cast("dict[str, Any]", json.loads(done.stdout))
        except ValueError:
            document = {}
        logged = operation is Operation.PREVIEW and _errors(document)
        if (done.returncode != 0 or logged) and document.get("steps"):
            raise RefusedError(_errors(document) or f"pulumi {operation} failed:\n{done.stderr.strip()}", document)
        if done.returncode != 0 or "steps" not in document:
            raise OperationError(_errors(document) or f"pulumi {operation} failed:\n{done.stderr.strip()}")
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
        self.secrets_file = _sandbox_secrets(stack)
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


def of_system(urns: Sequence[str], system: str) -> list[str]:
    """Return the URNs of a system and all below it."""
    return [urn for urn in urns if ":systems:" in urn and carries(urn, system)]


def _of_state(options: Sequence[str]) -> list[str]:
    """Return those of the options that a command on a state knows: which stack it is."""
    at = list(options).index("--stack") if "--stack" in options else -1
    return list(options[at : at + 2]) if at >= 0 else []


def _sandbox_secrets(stack: Stack) -> Path:
    return Path(operate.environment(operate.UNREACHABLE_URL).get(FILE_VARIABLE, stack.secrets_file))


def code_of(project: Path) -> dict[str, str]:
    """Return the variables with which a process works on ``project`` and imports from it, whatever is installed."""
    packages = sorted(str(package) for package in project.glob("packages/*"))
    return {"PYTHONPATH": os.pathsep.join([str(project), *packages]), PROJECT_VARIABLE: str(project)}


def _chosen(systems: Sequence[str]) -> dict[str, str]:
    """Return the variables with which a program makes ``systems`` alone, or all."""
    return {CHOSEN_VARIABLE: " ".join(systems)} if systems else {}


def _named(targets: Sequence[str]) -> list[str]:
    return [part for target in targets for part in ("--target", target)]


def _errors(document: Mapping[str, Any]) -> str:
    # The CLI begins some messages with the word that the command sets before them.
    said = [
        item["message"].strip().removeprefix("error: ")
        for item in document.get("diagnostics", ())
        if item.get("severity") == "error"
    ]
    return "\n".join(dict.fromkeys(said))
