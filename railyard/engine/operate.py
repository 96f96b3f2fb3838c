"""One operation of either engine on one stack of this project in the sandbox.

Owns the wiring: the state, the simulated APIs with the variables that point at them, the stand-in plugins, Ctrl-C and
the report. Does no work of its own, and prints nothing.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from pulumi_embedded import standins
from pulumi_embedded.runner import Options, run
from pulumi_operations.events import Operation, Result
from railway_sandbox import addresses
from railyard.engine import cli_operations
from railyard.engine.cli_operations import Outcome
from railyard.engine.configuration import Stack
from railyard.engine.engine_choice import Choice, States
from railyard.output import Report

ROOT: Final = Path(__file__).resolve().parents[2]
"""The project's root."""
DIRECTORY: Final = Path(os.environ.get("RAILYARD_SANDBOX", ROOT / ".sandbox"))
"""Where the simulated clouds, the states and the request log live."""
UNREACHABLE_URL: Final = "http://127.0.0.1:9"
"""An address where nothing listens: a preview gets it, since it asks nobody."""
STANDINS: Final = ("cloudflare", "digitalocean")


def environment(address: str, directory: Path | None = None, root: Path | None = None) -> dict[str, str]:
    """The variables that point Railyard, both engines and other tools at the sandbox in ``directory``, or in ours.

    The secrets are those of the project in ``root``, or of this one.
    """
    directory, root = directory or DIRECTORY, root or ROOT
    simulated = {**addresses.environment(address, directory=directory), **cli_operations.variables(directory)}
    if os.environ.get("RAILYARD_SECRETS_STANDINS"):  # made-up values for the names of the stack's own file
        return simulated
    return {
        **simulated,
        "RAILYARD_SECRETS": str(root / "secrets" / "sandbox.yaml"),
        "SOPS_AGE_KEY_FILE": str(root / "secrets" / "sandbox.agekey"),
    }


def operate(
    operation: Operation, stack: Stack, targets: Sequence[str], report: Report, directory: Path | None = None
) -> Result:
    """Carry ``operation`` out and report it; raises what the engine and the sandbox raise when it cannot begin.

    The state is the one in ``directory``, or ours.
    """
    try:
        with clouds(operation) as address:
            options = options_of(stack, environment(address), targets, directory)
            result = _interruptible(operation, replace(options, on_event=report.on_event))
        report.finish(result)
    finally:
        report.close()
    return result


def operate_with_cli(operation: Operation, choice: Choice, targets: Sequence[str], *, json: bool) -> Outcome:
    """The same with the Pulumi CLI, which prints for itself all but the stack's outputs."""
    with clouds(operation) as address:
        return cli_operations.operate(operation, choice, ROOT, environment(address), targets, as_json=json)


def options_of(
    stack: Stack, environment: Mapping[str, str], targets: Sequence[str], directory: Path | None = None
) -> Options:
    """What the engine works on."""
    return Options(
        root=ROOT,
        stack=stack.name,
        state_file=States(directory=directory or DIRECTORY, stack=stack.name).embedded,
        config=stack.config,
        plugins={name: [sys.executable, str(Path(standins.__file__).parent / name)] for name in STANDINS},
        targets=tuple(targets),
        environment=environment,
    )


def _interruptible(operation: Operation, options: Options) -> Result:
    def interrupted(number: int, frame: object) -> None:
        del number, frame
        options.cancel.set()

    previous = signal.signal(signal.SIGINT, interrupted)
    try:
        return run(operation, options)
    finally:
        signal.signal(signal.SIGINT, previous)


@contextmanager
def clouds(operation: Operation) -> Generator[str]:
    """The address of the simulated APIs for as long as an operation takes; a preview, which asks nobody, gets none."""
    if operation is Operation.PREVIEW:
        yield UNREACHABLE_URL
        return
    with serving() as address:
        yield address


@contextmanager
def serving() -> Generator[str]:
    """The address of the simulated APIs: those that ``serve`` runs already, or our own for as long as we need them."""
    # The simulated clouds are slow to import, and previews need none.
    from railway_sandbox.server import Sandbox, running  # noqa: PLC0415

    address = running(DIRECTORY)
    if address:
        yield address
        return
    with Sandbox(DIRECTORY).serve() as own:
        yield own
