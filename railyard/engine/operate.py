"""One operation of either engine on one stack of this project in the sandbox.

Owns the wiring: the state, the simulated APIs with the variables that point at them, the stand-in plugins, Ctrl-C and
the report. Does no work of its own, and prints nothing.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pulumi_operations.events import Event, Operation, Result
from railyard.engine import cli_operations, sandbox_door
from railyard.engine.configuration import Configuration
from railyard.engine.engine_choice import Choice, States
from railyard.engine.outcome import outcome_of
from railyard.output import Report
from railyard.shared.project import project_directory, sandbox_directory
from stacks.budget import WHOLE_PREVIEW
from stacks.secrets import FILE_VARIABLE, STANDINS_VARIABLE

if TYPE_CHECKING:
    from railyard.engine.sandbox_door import Options

UNREACHABLE_URL: Final = "http://127.0.0.1:9"
"""An address where nothing listens: a preview gets it, since it asks nobody."""


def environment(address: str, directory: Path | None = None, root: Path | None = None) -> dict[str, str]:
    """Return the variables that point Railyard, both engines and other tools at the sandbox in ``directory``, or ours.

    The secrets are those of the project in ``root``, or of this one.
    """
    directory, root = directory or sandbox_directory(), root or project_directory()
    simulated = {
        **sandbox_door.variables(address, directory),
        **cli_operations.variables(directory),
        WHOLE_PREVIEW: "1",
    }
    keys = {"AWS_ACCESS_KEY_ID": "SPACES_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY": "SPACES_SECRET_ACCESS_KEY"}
    simulated |= {name: simulated[key] for name, key in keys.items()} if _backend_in_a_bucket() else {}
    if os.environ.get(STANDINS_VARIABLE):  # made-up values for the names of the stack's own file
        return simulated
    return {
        **simulated,
        FILE_VARIABLE: str(root / "secrets" / "sandbox.yaml"),
        "SOPS_AGE_KEY_FILE": str(root / "secrets" / "sandbox.agekey"),
    }


def operate(
    operation: Operation,
    stack: Configuration,
    targets: Sequence[str],
    report: Report,
    directory: Path | None = None,
    variables: Mapping[str, str] | None = None,
) -> Result:
    """Carry ``operation`` out and report it; raises ``OperationError`` when it cannot begin.

    The state is the one in ``directory``, or ours. The program gets ``variables`` beside those of the sandbox.
    """
    try:
        with clouds(operation, plan_of(stack)) as address:
            around = {**environment(address), **(variables or {})}
            options = options_of(stack, around, targets, directory, report.on_event)
            result = outcome_of(_interruptible(operation, options))
        report.finish(result)
    finally:
        report.close()
    return result


def operate_with_cli(
    operation: Operation, stack: Configuration, choice: Choice, targets: Sequence[str], report: Report, *, shown: bool
) -> Result:
    """Carry ``operation`` out with the Pulumi CLI, which prints its own progress where it is ``shown``."""
    try:
        with clouds(operation, plan_of(stack)) as address:
            root = project_directory()
            return cli_operations.operate(operation, choice, root, environment(address), targets, report, shown=shown)
    finally:
        report.close()


def _ignore(event: Event) -> None:
    del event


def plan_of(stack: Configuration) -> str:
    """Return the Railway plan that the settings of the stack name, which the simulated account gets."""
    return stack.config.get("railway:plan", "pro")


def options_of(
    stack: Configuration,
    environment: Mapping[str, str],
    targets: Sequence[str] = (),
    directory: Path | None = None,
    on_event: Callable[[Event], None] = _ignore,
) -> Options:
    """Return what the embedded engine works on; ``on_event`` is called with each event."""
    return sandbox_door.options(
        root=project_directory(),
        stack=stack.name,
        state_file=States(directory=directory or sandbox_directory(), stack=stack.name).embedded,
        config=stack.config,
        targets=targets,
        environment=environment,
        on_event=on_event,
    )


def _interruptible(operation: Operation, options: Options) -> Result:
    def interrupted(number: int, frame: object) -> None:
        del number, frame
        options.cancel.set()

    previous = signal.signal(signal.SIGINT, interrupted)
    try:
        return sandbox_door.run(operation, options)
    finally:
        signal.signal(signal.SIGINT, previous)


@contextmanager
def clouds(operation: Operation, plan: str) -> Generator[str]:
    """Give the address of the simulated APIs while an operation lasts; a preview, which asks nobody, gets none.

    Unless the states themselves are in a simulated bucket. The simulated Railway account has this plan from then on.
    """
    if operation is Operation.PREVIEW and not _backend_in_a_bucket():
        yield UNREACHABLE_URL
        return
    with serving(plan) as address:
        yield address


def _backend_in_a_bucket() -> bool:
    return os.environ.get(cli_operations.BACKEND_VARIABLE, "").startswith("s3:")


@contextmanager
def serving(plan: str | None = None) -> Generator[str]:
    """Give the address of the simulated APIs: those that ``serve`` runs already, or our own while we need them.

    With a ``plan`` the simulated Railway account has it from then on; without one it stays as it is.
    """
    with sandbox_door.serving(sandbox_directory(), plan) as address:
        yield address
