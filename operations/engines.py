"""The two engines as the commands use them: the sandbox's embedded one, and the Pulumi CLI for real accounts.

Owns which of them is meant, and one form for what they say: the document of ``pulumi preview --json``, which the
embedded engine writes as well. Knows nothing of secrets or services.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Protocol, cast
from urllib.parse import urlsplit

from rich.console import Console

from operations.console import OperationError
from operations.stack import ROOT, Stack
from sandbox import pulumi_cli
from sandbox.configuration import ConfigurationError
from sandbox.configuration import read_stack as read_configuration
from sandbox.engine.events import Operation
from sandbox.engine.runner import EngineError, run
from sandbox.operate import DIRECTORY, NOBODY, environment, operate, options_of, serving
from sandbox.output import JsonReport, PeopleReport, Report
from sandbox.storage import SandboxError
from stacks.secrets import FILE_VARIABLE

EMBEDDED: Final = {"ENGINE": "embedded"}
"""Which engine a process of the sandbox uses, whatever else is on PATH: its documents and its state are read here."""
_LAST_LINES: Final = 20
_LOOPBACK: Final = {"127.0.0.1", "localhost", "::1"}


class Engine(Protocol):
    """What a command needs of an engine."""

    place: str
    """Where it works, for people."""
    secrets_file: Path
    """The SOPS file whose secrets it deploys."""

    def preview(self) -> dict[str, Any]:
        """What would change, as ``pulumi preview --json`` says it; raises ``OperationError`` when it fails."""
        ...

    def up(self, targets: Sequence[str], *, quiet: bool) -> bool:
        """Update exactly the resources with these URNs; whether it went well. Prints unless ``quiet``."""
        ...

    def up_all(self, project: Path, *, quiet: bool) -> list[str]:
        """Update the whole stack as the project in the folder ``project`` says; what went wrong."""
        ...

    def drift(self) -> dict[str, Any]:
        """What a refresh would find, as a document of steps; the state stays as it is. Raises ``OperationError``."""
        ...


def engine_for(stack: Stack, *, sandbox: bool) -> Engine:
    """The engine for ``stack``: the Pulumi CLI where the environment points at a real account."""
    if sandbox or not points_at_real_account(os.environ):
        return Embedded(stack)
    cli = pulumi_cli.find()
    if cli is None:
        raise OperationError(
            "the environment points at a real Railway account, which takes the Pulumi CLI, and it is not on PATH: "
            "install it from https://www.pulumi.com/docs/install/, or give --sandbox"
        )
    return PulumiCli(stack, str(cli.program))


def points_at_real_account(environment: Mapping[str, str]) -> bool:
    """Whether Railway's address or a token says that a real account is meant."""
    address = environment.get("RAILWAY_API_URL")
    if address:
        return urlsplit(address).hostname not in _LOOPBACK
    return bool(environment.get("RAILWAY_API_TOKEN") or environment.get("RAILWAY_TOKEN"))


class Embedded:
    """The embedded engine on the simulated clouds."""

    def __init__(self, stack: Stack) -> None:
        self.place = "the sandbox"
        self.secrets_file = Path(environment(NOBODY).get(FILE_VARIABLE, stack.secrets_file))
        self._stack = stack

    def preview(self) -> dict[str, Any]:
        """Ask nobody."""
        text = io.StringIO()
        with _failures():
            self._run(Operation.PREVIEW, (), JsonReport(text))
        document = cast("dict[str, Any]", json.loads(text.getvalue()))
        if not document["succeeded"]:
            raise OperationError(_errors(document))
        return document

    def up(self, targets: Sequence[str], *, quiet: bool) -> bool:
        """Update in the clouds that ``make sandbox`` serves, or in our own for as long as it takes."""
        text = io.StringIO()
        people = PeopleReport(Console(highlight=False), Operation.UP, self._stack.name) if not quiet else None
        report: Report = people or JsonReport(text)
        with _failures():
            succeeded = self._run(Operation.UP, targets, report)
        if quiet and not succeeded:
            raise OperationError(_errors(json.loads(text.getvalue())))
        return succeeded

    def up_all(self, project: Path, *, quiet: bool) -> list[str]:
        """In a process of the project's own code, with the simulated clouds and the state of this one."""
        command = [sys.executable, "-m", "sandbox", "up", "--stack", self._stack.name]
        paths = os.pathsep.join([str(project), str(project / "providers" / "railway")])
        environment = {**os.environ, "PYTHONPATH": paths, "RAILYARD_SANDBOX": str(DIRECTORY), **EMBEDDED}
        return _followed(command, project, environment, quiet=quiet)

    def drift(self) -> dict[str, Any]:
        """Refresh a copy of the state."""
        text = io.StringIO()
        report = JsonReport(text)
        with _failures(), tempfile.TemporaryDirectory() as folder, serving() as address:
            for file in DIRECTORY.glob(f"{self._stack.name}.json*"):
                shutil.copy(file, folder)
            options = options_of(read_configuration(ROOT, self._stack.name), environment(address), ())
            state = Path(folder) / options.state_file.name
            report.finish(run(Operation.REFRESH, replace(options, state_file=state, on_event=report.on_event)))
        document = cast("dict[str, Any]", json.loads(text.getvalue()))
        if not document["succeeded"]:
            raise OperationError(_errors(document))
        return document

    def _run(self, operation: Operation, targets: Sequence[str], report: Report) -> bool:
        return operate(operation, read_configuration(ROOT, self._stack.name), targets, report).succeeded


class PulumiCli:
    """The Pulumi CLI, with whatever backend it is logged in to."""

    def __init__(self, stack: Stack, program: str, variables: Mapping[str, str] | None = None) -> None:
        self.place = "the account that the environment points at, through the Pulumi CLI"
        self.secrets_file = stack.secrets_file
        self._stack, self._cli = stack, pulumi_cli.PulumiCli(Path(program))
        self._variables = dict(variables or {})

    def preview(self) -> dict[str, Any]:
        """``pulumi preview --json``."""
        return self._document("preview", "--json")

    def _document(self, *arguments: str) -> dict[str, Any]:
        done = self._pulumi(*arguments, quiet=True)
        try:
            document = cast("dict[str, Any]", json.loads(done.stdout))
        except ValueError:
            document = {}
        if done.returncode != 0 or "steps" not in document:
            raise OperationError(_errors(document) or f"pulumi {arguments[0]} failed:\n{done.stderr.strip()}")
        return document

    def up(self, targets: Sequence[str], *, quiet: bool) -> bool:
        """``pulumi up --target … --yes``."""
        named = [part for urn in targets for part in ("--target", urn)]
        # Services that are deployed again change no output of the stack.
        done = self._pulumi("up", "--yes", "--skip-preview", "--suppress-outputs", *named, quiet=quiet)
        if quiet and done.returncode != 0:
            raise OperationError(f"pulumi up failed:\n{(done.stdout + done.stderr).strip()}")
        return done.returncode == 0

    def up_all(self, project: Path, *, quiet: bool) -> list[str]:
        """``pulumi up --yes`` in that folder, with the virtual environment of this one."""
        if project != ROOT and not (project / ".venv").exists():
            (project / ".venv").symlink_to(ROOT / ".venv", target_is_directory=True)
        command = [
            str(self._cli.program),
            "up",
            "--yes",
            "--skip-preview",
            "--stack",
            self._stack.name,
            "--non-interactive",
        ]
        return _followed(command, project, {**os.environ, **self._variables}, quiet=quiet)

    def drift(self) -> dict[str, Any]:
        """``pulumi refresh --preview-only --json``."""
        return self._document("refresh", "--preview-only", "--json")

    def _pulumi(self, *arguments: str, quiet: bool) -> subprocess.CompletedProcess[str]:
        command = [*arguments, "--stack", self._stack.name, "--non-interactive"]
        return self._cli.run(command, ROOT, self._variables, captured=quiet)


def _followed(command: Sequence[str], folder: Path, environment: Mapping[str, str], *, quiet: bool) -> list[str]:
    """Run a command to its end, showing what it says as it comes unless ``quiet``; when it failed, its last words."""
    said: list[str] = []
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as running:
        for line in running.stdout or ():
            said.append(line.rstrip())
            if not quiet:
                sys.stdout.write(line)
                sys.stdout.flush()
    if running.returncode == 0:
        return []
    told = [line for line in said if line.strip()]
    # Both engines name the resource in the line above its error.
    first = next((max(at - 1, 0) for at, line in enumerate(told) if line.lstrip().startswith("error:")), -_LAST_LINES)
    last = "\n".join(told[first:][:_LAST_LINES])
    return textwrap.dedent(last).splitlines() or [f"it ended with exit code {running.returncode}"]


@contextmanager
def _failures() -> Generator[None]:
    try:
        yield
    except (ConfigurationError, EngineError, SandboxError) as error:
        raise OperationError(str(error)) from None


def _errors(document: Mapping[str, Any]) -> str:
    said = [item["message"].strip() for item in document.get("diagnostics", ()) if item.get("severity") == "error"]
    return "\n".join(dict.fromkeys(said))
