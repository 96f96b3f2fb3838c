"""The sandbox's commands: preview, up, refresh, destroy, unprotect, serve and reset.

Owns the wiring of one command: which stack and state, the simulated APIs with the variables that point at them, the
embedded engine, and the report. Does no work of its own. The Makefile is its usual caller.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console

from sandbox.configuration import ConfigurationError, Stack, read_stack
from sandbox.engine.events import Operation
from sandbox.engine.runner import EngineError
from sandbox.engine.runner import unprotect as lift_protection
from sandbox.operate import DIRECTORY, ROOT, environment, operate, options_of
from sandbox.output import JsonReport, PeopleReport, Report
from sandbox.storage import SandboxError

application = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)

StackOption = Annotated[str, typer.Option("--stack", "-s", help="The stack: its file is Pulumi.<stack>.yaml.")]
SystemOption = Annotated[str, typer.Option("--system", help="Only this system.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document for programs, in place of text.")]


@application.command()
def preview(stack: StackOption = "staging", system: SystemOption = "", *, json: JsonOption = False) -> None:
    """Show what would change; talks to nobody."""
    _operate(Operation.PREVIEW, stack, system, json=json)


@application.command()
def up(stack: StackOption = "staging", system: SystemOption = "", *, json: JsonOption = False) -> None:
    """Bring the stack up in the sandbox."""
    _operate(Operation.UP, stack, system, json=json)


@application.command()
def refresh(stack: StackOption = "staging", system: SystemOption = "", *, json: JsonOption = False) -> None:
    """Compare the state with the simulated clouds and take over what differs."""
    _operate(Operation.REFRESH, stack, system, json=json)


@application.command()
def destroy(stack: StackOption = "staging", system: SystemOption = "", *, json: JsonOption = False) -> None:
    """Take the stack down; protected resources refuse it until ``unprotect``."""
    _operate(Operation.DESTROY, stack, system, json=json)


@application.command()
def unprotect(stack: StackOption = "staging") -> None:
    """Lift the protection of every resource of the stack."""
    with _people():
        count = lift_protection(options_of(read_stack(ROOT, stack), {}, ()))
        typer.echo(f"{count} resources of {stack} are no longer protected; the next up protects them again")


@application.command()
def serve(port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.")] = 0) -> None:
    """Serve the simulated APIs until Ctrl-C, and print the variables that point ordinary tools at them."""
    from sandbox.server import Sandbox  # noqa: PLC0415 - the simulated clouds are slow to import, and previews need none

    with _people(), Sandbox(DIRECTORY).serve(port=port) as address:
        for name, value in environment(address).items():
            typer.echo(f"export {name}='{value}'")
        typer.echo(f"# simulated Railway, Cloudflare, DigitalOcean and Spaces at {address}; Ctrl-C ends them", err=True)
        stopped = threading.Event()

        def end(number: int, frame: object) -> None:
            del number, frame
            stopped.set()

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, end)
        stopped.wait()


@application.command()
def reset() -> None:
    """Empty the sandbox: all simulated clouds and all states."""
    from sandbox.server import reset as empty  # noqa: PLC0415 - see serve

    with _people():
        empty(DIRECTORY)
        typer.echo("the sandbox is empty")


def _operate(operation: Operation, name: str, system: str, *, json: bool) -> None:
    with _people():
        stack = read_stack(ROOT, name)
        targets = stack.targets(system) if system else ()
        report: Report = JsonReport(sys.stdout) if json else _people_report(operation, stack)
        result = operate(operation, stack, targets, report)
    raise typer.Exit(0 if result.succeeded else 1)


def _people_report(operation: Operation, stack: Stack) -> PeopleReport:
    return PeopleReport(Console(highlight=False), operation, stack.name, plan=stack.config.get("railway:plan", "pro"))


@contextmanager
def _people() -> Generator[None]:
    """Errors that a person can act on end the command with their text and nothing else."""
    try:
        yield
    except (ConfigurationError, EngineError, SandboxError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from None
