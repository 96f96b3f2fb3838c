"""``railyard abandon``: a stack lets go of a system, and deletes nothing.

Owns the command. The state forgets every resource of the system, then the settings do; what runs goes on.
"""

from __future__ import annotations

from typing import Annotated

import typer

import go_yaml
from go_yaml import MappingNode, Node, ScalarNode
from railway_api.counting import count
from railyard.accounts.railway_client import SandboxOption, surroundings
from railyard.adopt.write import last_character
from railyard.engine.engines import engine_for
from railyard.promote.settings_file import Edit
from railyard.shared.console import (
    CallError,
    JsonOption,
    OperationError,
    check_can_ask,
    people,
    write_json,
)
from railyard.shared.options import LastStackOption
from railyard.shared.project import project_directory
from railyard.shared.stack import Stack, read_stack
from stacks.own_system import OwnSettings
from stacks.shared_settings import NAMESPACE


def abandon(
    system: Annotated[str, typer.Argument(metavar="SYSTEM", show_default=False, help="The system to let go of.")],
    stack: LastStackOption = "",
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    sandbox: SandboxOption = False,
    json: JsonOption = False,
) -> None:
    """Let go of a system without deleting anything: the state and the settings of the stack forget it.

    Its project, records and buckets stay as they are and go on running; `railyard adopt` takes them in again. Its
    secrets stay in the SOPS file.
    """
    with people(json=json):
        here = read_stack(stack)
        if system not in here.settings.systems:
            raise CallError(f"{stack} has no system {system!r}: name one of {', '.join(here.settings.systems)}")
        _refuse_neighbours(here, system)
        edit = None if len(here.settings.systems) == 1 else _without(stack, system)
        if not yes:
            check_can_ask(json=json)
            if not typer.confirm(f"Let {stack} forget {system}? Nothing of it is deleted."):
                raise typer.Abort
        with surroundings(sandbox=sandbox) as real:
            forgotten = engine_for(here, sandbox=not real).forget(system)
        if edit:
            edit.write()
        if json:
            difference = edit.lines if edit else []
            write_json({"system": system, "stack": stack, "forgotten": forgotten, "difference": difference})
            return
        typer.echo(f"{count(forgotten, 'resource')} of {system} forgotten; all of it goes on running")
        if edit:
            typer.echo("\n".join(edit.lines))
        else:
            typer.echo(f"{system} is the only system of {stack}: delete Pulumi.{stack}.yaml, or an up makes it anew")


def _refuse_neighbours(stack: Stack, system: str) -> None:
    """Raise ``OperationError`` while another system stands in the project of this one, which it would make anew."""
    every = stack.settings.systems
    project = every[system].project.name
    beside = [name for name, each in every.items() if name != system and each.project.name == project]
    if beside and not isinstance(every[system], OwnSettings):
        raise OperationError(f"{', '.join(beside)} stands in the project of {system}: abandon it first")


def _without(stack: str, system: str) -> Edit:
    """Return the stack's file without the system; what stands above its key, and below its last value, stays."""
    file = project_directory() / f"Pulumi.{stack}.yaml"
    before = file.read_bytes().decode("utf-8")
    root = go_yaml.compose(before)
    config = next((value for key, value in _pairs(root) if key.text == "config"), None)
    found = next(((key, value) for key, value in _pairs(config) if key.text == f"{NAMESPACE}:{system}"), None)
    if found is None or not isinstance(config, MappingNode) or config.flow:
        raise OperationError(f"{file.name} is not laid out as expected: remove {NAMESPACE}:{system} by hand")
    key, value = found
    start = before.rfind("\n", 0, key.start) + 1
    end = before.find("\n", last_character(value))
    after = before[:start] + (before[end + 1 :] if end >= 0 else "")
    return Edit(file, before, after.rstrip("\n") + "\n")


def _pairs(node: Node | None) -> list[tuple[ScalarNode, Node]]:
    every = node.pairs if isinstance(node, MappingNode) else ()
    return [(key, value) for key, value in every if isinstance(key, ScalarNode)]
