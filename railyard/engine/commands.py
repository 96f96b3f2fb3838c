"""The sandbox's commands: preview, up, refresh, destroy, unprotect, serve, shell, reset and tools.

Owns the wiring of one command: which stack, which of the two engines, and the report. Does no work of its own. They are
commands of ``railyard``; ``python -m railyard.engine`` has them alone, for processes that start it often.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Final, TextIO

import typer
from rich.console import Console

from pulumi_operations.events import Operation
from railway_api.counting import count
from railyard.engine import cli_operations, sandbox_door, serving
from railyard.engine.configuration import Configuration, read_configuration
from railyard.engine.engine_choice import VARIABLE, Choice, Engine, States, choose
from railyard.engine.operate import UNREACHABLE_URL, environment, operate, operate_with_cli, options_of, plan_of
from railyard.output import BothReports, JsonReport, OutputsReport, Report, TextReport
from railyard.output.money import calculation_of
from railyard.output.rules import refused, violations
from railyard.shared.console import JsonOption, reported_errors
from railyard.shared.options import StackOption
from railyard.shared.project import project_directory, sandbox_directory
from stacks.policy.violations import levels_of

application = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)

SystemOption = Annotated[str, typer.Option("--system", help="Only this system.")]
EngineOption = Annotated[
    Engine | None,
    typer.Option(
        "--engine",
        envvar=VARIABLE,
        help="Without it: the Pulumi CLI where it and its plugins are found, else the embedded engine.",
    ),
]
TargetOption = Annotated[
    list[str] | None, typer.Option("--target", metavar="URN", help="Only this URN, or what this pattern matches.")
]
RefreshOption = Annotated[
    bool, typer.Option("--refresh", help="Refresh first, so that what was changed by hand is brought back.")
]
DocumentOption = Annotated[
    Path | None, typer.Option("--document", metavar="FILE", help="Write the JSON document to a file, beside the text.")
]

_reported_errors: Final = partial(reported_errors, json=False, directory=sandbox_directory)
"""The end of a command on an error; the text goes to standard error, since a JSON document may have begun."""

_STACK_RM: Final = (
    "note: the `pulumi stack rm` that the CLI advises deletes Pulumi.{stack}.yaml, too, with all settings of the "
    "stack: give it --preserve-config"
)


def _command(operation: Operation, help_text: str) -> Callable[..., None]:
    """Add the command of an operation that takes no options of its own."""

    def command(
        stack: StackOption = "", system: SystemOption = "", engine: EngineOption = None, *, json: JsonOption = False
    ) -> None:
        _end(_operate(operation, stack, system, engine, json=json))

    command.__name__, command.__doc__ = operation.value, help_text
    return application.command()(command)


preview = _command(Operation.PREVIEW, "Show what would change; talks to nobody.")
refresh = _command(Operation.REFRESH, "Compare the state with the simulated clouds and take over what differs.")
destroy = _command(Operation.DESTROY, "Take the stack down; protected resources refuse it until ``unprotect``.")


@application.command()
def up(
    stack: StackOption = "",
    system: SystemOption = "",
    engine: EngineOption = None,
    target: TargetOption = None,
    document: DocumentOption = None,
    *,
    refresh: RefreshOption = False,
    json: JsonOption = False,
) -> None:
    """Bring the stack up in the sandbox."""
    if refresh and not _operate(
        Operation.REFRESH, stack, system, engine, json=json, targets=target or (), printed=False
    ):
        raise typer.Exit(1)
    _end(_operate(Operation.UP, stack, system, engine, json=json, targets=target or (), document=document))


@application.command()
def unprotect(stack: StackOption = "", engine: EngineOption = None) -> None:
    """Lift the protection of every resource of the stack."""
    with _reported_errors():
        settings = read_configuration(project_directory(), stack)
        choice = _choice(stack, engine)
        if choice.cli is not None:
            succeeded = cli_operations.unprotect(choice, project_directory(), environment(UNREACHABLE_URL))
            raise typer.Exit(0 if succeeded else 1)
        lifted = sandbox_door.unprotect(options_of(settings, environment(UNREACHABLE_URL)))
        typer.echo(f"{stack}: {count(lifted, 'resource')} no longer protected; the next up protects them again")


@application.command()
def serve(
    port: Annotated[
        int | None, typer.Option(help="Port on 127.0.0.1; 0 takes a free one. Default: the one of last time.")
    ] = None,
) -> None:
    """Serve the simulated APIs until Ctrl-C, and print the variables that point ordinary tools at them."""
    with _reported_errors():
        serving.serve(port)


@application.command()
def shell() -> None:
    """Open a shell whose variables point at the simulated APIs, which are served for as long as it is open."""
    with _reported_errors():
        code = serving.open_shell()
    raise typer.Exit(code)


@application.command()
def reset() -> None:
    """Empty the sandbox: all simulated clouds and all states."""
    with _reported_errors():
        sandbox_door.empty(sandbox_directory())
        typer.echo("the sandbox is empty")


@application.command()
def tools() -> None:
    """Install the pinned Pulumi CLI and its plugins into ~/.pulumi, or build the CLI with Go where none is served."""
    from railyard.engine.tools import install_or_build  # noqa: PLC0415 - imports the Automation API, which is slow

    with _reported_errors():
        typer.echo(install_or_build(typer.echo))


def _operate(
    operation: Operation,
    name: str,
    system: str,
    engine: Engine | None,
    *,
    json: bool,
    targets: Sequence[str] = (),
    document: Path | None = None,
    printed: bool = True,
) -> bool:
    """Carry an operation out; return whether it succeeded. Without ``printed`` no JSON document tells of a success."""
    with _reported_errors():
        stack = read_configuration(project_directory(), name)
        for note in stack.notes:
            typer.echo(f"note: {note}", err=True)
        targets = [*targets, *(stack.targets(system) if system else ())]
        choice = _choice(name, engine)
        levels = levels_of(stack.config)
        as_json = partial(JsonReport, calculation=calculation_of(stack.config), levels=levels)
        shown = choice.cli is not None and not json and operation is not Operation.PREVIEW
        stream = sys.stdout if printed else io.StringIO()
        if json:
            report: Report = as_json(stream)
        else:
            report = _text_report(operation, stack, system, outputs_only=shown)
        with _with_document(report, as_json, document) as both:
            if choice.cli is None:
                result = operate(operation, stack, targets, both)
            else:
                result = operate_with_cli(operation, stack, choice, targets, both, shown=shown)
        broken = operation is Operation.PREVIEW and refused(violations(result.steps, levels))
        succeeded = result.succeeded and not broken
        if isinstance(stream, io.StringIO) and not succeeded:
            typer.echo(stream.getvalue(), nl=False)
        if choice.cli is not None and operation is Operation.DESTROY and succeeded:
            typer.echo(_STACK_RM.format(stack=name), err=True)
    return succeeded


def _text_report(operation: Operation, stack: Configuration, system: str, *, outputs_only: bool) -> Report:
    """Return the report for a terminal; ``outputs_only`` where the Pulumi CLI shows the resources itself."""
    console = Console(highlight=False)
    if outputs_only:
        return OutputsReport(console, operation, system=system)
    return TextReport(
        console,
        operation,
        stack.name,
        system=system,
        plan=plan_of(stack),
        calculation=calculation_of(stack.config),
        levels=levels_of(stack.config),
    )


def _end(succeeded: bool) -> None:
    raise typer.Exit(0 if succeeded else 1)


@contextmanager
def _with_document(report: Report, as_json: Callable[[TextIO], Report], document: Path | None) -> Generator[Report]:
    """Give the report, which also writes the JSON document to a file where one is named."""
    if document is None:
        yield report
        return
    with document.open("w", encoding="utf-8") as file:
        yield BothReports(report, as_json(file))


def _choice(stack: str, engine: Engine | None) -> Choice:
    choice = choose(engine, States(directory=sandbox_directory(), stack=stack))
    typer.echo(choice.sentence, err=True)
    return choice
