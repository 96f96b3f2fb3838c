"""``railyard export compose``: a system as a compose file.

Owns the command, and the throw-away sandbox in which the system comes up once: only then every variable has its value.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
import yaml

from pulumi_operations.events import Operation, Step
from railway_api.counting import count
from railyard.engine import operate, sandbox_door
from railyard.engine.configuration import read_configuration
from railyard.export.compose import Composed, compose
from railyard.shared.console import JsonOption, OperationError, reported_errors, shown, write_json
from railyard.shared.files import write_whole
from railyard.shared.options import LastStackOption
from railyard.shared.project import project_directory
from railyard.shared.settings_text import WIDTH
from railyard.shared.stack import Stack, read_stack
from stacks.secrets import FILE_VARIABLE

application = typer.Typer(no_args_is_help=True, help="Take a system out, as files that need neither this nor Railway.")
_KEYS = ("SOPS_AGE_KEY_FILE", "SOPS_AGE_KEY")


@application.callback()
def main() -> None:
    """Take a system out, as files that need neither this nor Railway."""


@application.command("compose")
def compose_(
    system: Annotated[str, typer.Argument(metavar="SYSTEM", show_default=False, help="The system.")],
    stack_name: LastStackOption = "",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the file there, not on the screen.")
    ] = None,
    env: Annotated[
        Path | None, typer.Option("--env", help="Write the values of its secrets there, in clear: a .env file.")
    ] = None,
    *,
    json: JsonOption = False,
) -> None:
    """Write a system as a compose file: services, health checks, volumes, private names, what waits for what.

    Secrets are references, ${BACKEND_STRIPE_SECRET_KEY}, to a .env file; --env writes that from the stack's SOPS file,
    readable by you alone. Nothing is asked of any account: the system comes up in a throw-away sandbox.
    """
    with reported_errors(json=json):
        stack = read_stack(stack_name)
        stack.chosen([system])
        composed = compose(system, _brought_up(stack, system, own_secrets=env is not None))
        text = yaml.safe_dump(composed.document, sort_keys=False, width=WIDTH, allow_unicode=True)
        if output:
            write_whole(output, text)
        if env:
            _write_env(env, composed)
        if json:
            write_json(
                {
                    "system": system,
                    "stack": stack_name,
                    "compose": composed.document,
                    "secrets": sorted(composed.secrets),
                    "notes": composed.notes,
                }
            )
        else:
            _print(composed, text, output, env)


def _brought_up(stack: Stack, system: str, *, own_secrets: bool) -> Sequence[Step]:
    configuration = read_configuration(project_directory(), stack.name)
    with tempfile.TemporaryDirectory(prefix="railyard-export-") as folder:
        directory = Path(folder)
        with sandbox_door.serving(directory, operate.plan_of(configuration)) as address:
            variables = operate.environment(address, directory)
            if own_secrets:
                variables = {name: value for name, value in variables.items() if name not in _KEYS}
                variables[FILE_VARIABLE] = str(stack.holding(system).secrets_file)
                variables |= {name: os.environ[name] for name in _KEYS if name in os.environ}
            targets = configuration.targets(system)
            result = sandbox_door.run(Operation.UP, operate.options_of(configuration, variables, targets, directory))
    if not result.succeeded:
        errors = [each.message.strip() for each in result.diagnostics if each.severity == "error"]
        raise OperationError(f"{system} does not come up in a sandbox:\n" + "\n".join(dict.fromkeys(errors)))
    return result.steps


def _write_env(path: Path, composed: Composed) -> None:
    """Write the values so that compose reads them as they are, into a file that only the user may read."""
    lines = [f"{name}={quoted(value)}\n" for name, value in sorted(composed.secrets.items())]
    write_whole(path, "".join(lines), mode=0o600)


def quoted(value: str) -> str:
    """Return a value as compose's reader of .env files takes it: single quotes end at a quote and keep backslashes."""
    if "'" not in value and "\\" not in value:
        return f"'{value}'"
    for character in ("\\", '"', "$"):
        value = value.replace(character, f"\\{character}")
    return f'"{value}"'


def _print(composed: Composed, text: str, output: Path | None, env: Path | None) -> None:
    if output:
        typer.echo(f"{shown(output)}: {count(len(composed.document['services']), 'service')}")
    else:
        typer.echo(text, nl=False)
    if env:
        typer.echo(f"{shown(env)}: {count(len(composed.secrets), 'secret')} in clear: keep it out of git", err=True)
    elif composed.secrets:
        typer.echo(f"its .env file needs {', '.join(sorted(composed.secrets))}", err=True)
    for note in composed.notes:
        typer.echo(f"note: {note}", err=True)
