"""``railyard abandon``: a stack lets go of a system, and deletes nothing.

Owns the command. The state forgets every resource of the system, then the settings do; what runs goes on.
"""

from __future__ import annotations

from typing import Annotated

import typer

from railway_api.counting import count
from railyard.accounts.railway_client import SandboxOption, surroundings
from railyard.engine.engines import engine_for
from railyard.promote.settings_file import Edit
from railyard.shared.console import JsonOption, OperationError, check_can_ask, reported_errors, write_json
from railyard.shared.options import LastStackOption
from railyard.shared.project import project_directory
from railyard.shared.settings_blocks import without
from railyard.shared.stack import Stack, read_stack
from stacks.own.settings import OwnSettings
from stacks.shared_settings import NAMESPACE, file_name


def abandon(
    system: Annotated[str, typer.Argument(metavar="SYSTEM", show_default=False, help="The system to let go of.")],
    stack_name: LastStackOption = "",
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    sandbox: SandboxOption = False,
    json: JsonOption = False,
) -> None:
    """Let go of a system without deleting anything: the state and the settings of the stack forget it.

    Its project, records and buckets stay as they are and go on running; `railyard adopt` takes them in again. Its
    secrets stay in the SOPS file.
    """
    with reported_errors(json=json):
        stack = read_stack(stack_name)
        stack.chosen([system])
        _refuse_neighbours(stack, system)
        edit = None if len(stack.settings.systems) == 1 else _without(stack_name, system)
        if not yes:
            check_can_ask(json=json)
            if not typer.confirm(f"Let {stack_name} forget {system}? Nothing of it is deleted."):
                raise typer.Abort
        with surroundings(sandbox=sandbox) as real:
            forgotten = engine_for(stack, sandbox=not real).forget(system)
        if edit:
            edit.write()
        if json:
            difference = edit.lines if edit else []
            write_json({"system": system, "stack": stack_name, "forgotten": forgotten, "difference": difference})
            return
        typer.echo(f"{count(forgotten, 'resource')} of {system} forgotten; all of it goes on running")
        if edit:
            typer.echo("\n".join(edit.lines))
        else:
            typer.echo(
                f"{system} is the only system of {stack_name}: delete Pulumi.{stack_name}.yaml, or an up makes it anew"
            )


def _refuse_neighbours(stack: Stack, system: str) -> None:
    """Raise ``OperationError`` while another system stands in the project of this one, which it would make anew."""
    every = stack.settings.systems
    project = every[system].project.name
    beside = [name for name, each in every.items() if name != system and each.project.name == project]
    if beside and not isinstance(every[system], OwnSettings):
        raise OperationError(f"{', '.join(beside)} stands in the project of {system}: abandon it first")


def _without(stack: str, system: str) -> Edit:
    """Return the stack's file without the system; what stands above its key, and below its last value, stays."""
    file = project_directory() / file_name(stack)
    before = file.read_bytes().decode("utf-8")
    return Edit(file, before, without(file.name, before, f"{NAMESPACE}:{system}"))
