"""``railyard adopt`` and ``abandon``: a project comes under the settings of a stack, with a proof, and leaves them.

Owns the commands: their options, what they print and how they end. The steps of an adoption are in ``adoption``. Of
what is abandoned nothing is deleted: the state forgets every resource, then the settings do, and what runs goes on.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from pulumi_operations.project import ProjectError
from railway_api.counting import count
from railyard.accounts.railway_client import Railway, SandboxOption, account, surroundings
from railyard.adopt import adoption, configuration, target
from railyard.adopt import rehearse as rehearsal
from railyard.adopt.adoption import Adoption
from railyard.engine.engines import engine_for
from railyard.migrate.findings import Settings
from railyard.promote.settings_file import Edit, text_of
from railyard.shared.console import (
    PROBLEM,
    CallError,
    JsonOption,
    OperationError,
    check_can_ask,
    reported_errors,
    write_json,
)
from railyard.shared.options import LastStackOption
from railyard.shared.project import project_directory
from railyard.shared.stack import Stack, read_stack, settings_in
from railyard.stack.file_parts import without_systems
from stacks.own.settings import OwnSettings
from stacks.own_system import is_own
from stacks.problems import SettingsError
from stacks.project_folder import RAILYARD
from stacks.shared_settings import DEFAULTS_FILE, NAMESPACE, file_name

SystemArgument = Annotated[
    str | None,
    typer.Argument(metavar="[SYSTEM]", show_default=False, help="The system that it becomes. Default: proposed."),
]
ProjectOption = Annotated[
    str | None,
    typer.Option(
        "--project", help="Railway's project, by id or name. Default: the settings' own, or SYSTEM-ENVIRONMENT."
    ),
]
EnvironmentOption = Annotated[
    str | None,
    typer.Option("--environment", help="Its environment. Default: that of the stack, or the only one."),
]
ServiceOption = Annotated[
    list[str] | None,
    typer.Option("--service", metavar="NAME=OTHER", help="A service that has another name on Railway; may repeat."),
]
AgeOption = Annotated[
    list[str] | None,
    typer.Option("--age", metavar="RECIPIENT", help="Recipients who can open a secrets file that is new."),
]
OwnOption = Annotated[
    bool, typer.Option("--own", help="A system of one's own, of the services that no system of the stack has.")
]
RehearseOption = Annotated[
    bool, typer.Option("--rehearse", help="Do all of it in a throw-away sandbox filled with what was read.")
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show what was found and would be written, and stop.")]


def adopt(
    system: SystemArgument = None,
    stack: LastStackOption = "",
    project: ProjectOption = None,
    environment: EnvironmentOption = None,
    service: ServiceOption = None,
    age: AgeOption = None,
    *,
    own: OwnOption = False,
    rehearse: RehearseOption = False,
    dry_run: DryRunOption = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    sandbox: SandboxOption = False,
    json: JsonOption = False,
) -> None:
    """Take over what already runs: a Railway project becomes settings, secrets and state, and nothing is changed.

    Reads the project, the DNS records of its names and its bucket; writes the settings that keep all of it as it is
    into the stack's file, and its secrets into the SOPS file, unseen; imports every resource under the names that the
    program has for it. Then a preview proves it: 0 changes and 0 deployments, or exactly what is left.

    Run again after an interruption, it goes on from there.
    """
    with reported_errors(json=json):
        if not (dry_run or yes or rehearse):
            check_can_ask("--dry-run to see what would be written, --rehearse to try it", json=json)
        config = configuration.read(stack)
        _check_call(system, project, config, own=own)
        names, writes = _names(service or ()), 0
        # The sandbox's keys open its own secrets; those of the stack are opened with the user's.
        user_environment = dict(os.environ)
        with account(configuration.plan_of(config), sandbox=sandbox) as railway:
            default = configuration.environment_of(config, stack)
            project = project or configuration.project_name(config, system or "") or f"{system}-{default}"
            live = adoption.read(railway, project, stack, environment, config, system)
            adopted = adoption.begin(stack, live, system, names, config, own=own)
            if not json:
                _show(adopted)
            if rehearse:
                adopted, writes = rehearsal.rehearse(
                    adopted, adoption.declared(adopted), names, config, adopted.environment
                )
            elif not dry_run:
                _take_over(adopted, railway, user_environment, age or (), yes=yes)
        if json:
            write_json(adopted.document() | ({"rehearsed": True, "writes": writes} if rehearse else {}))
        else:
            _conclude(adopted, dry_run=dry_run, rehearse=rehearse)
        if rehearse and not json:
            wrote = count(writes, "request")
            typer.echo(f"rehearsed in a throw-away sandbox, with {wrote} that wrote; nothing is left")
    raise typer.Exit(PROBLEM if adopted.remaining_changes else 0)


def _check_call(system: str | None, project: str | None, config: Settings, *, own: bool) -> None:
    if system and not own and not project and not is_own(config.get(f"{NAMESPACE}:{system}")):
        target.named(system)
    if not (project or system):
        raise CallError("give --project with the id or name of Railway's project, or the system that it becomes")


def _take_over(
    adopted: Adoption, railway: Railway, user_environment: Mapping[str, str], age: Sequence[str], *, yes: bool
) -> None:
    keeper = adoption.keeper(adopted, user_environment, age, real=railway.real)
    if not (yes or typer.confirm(f"Write this into {adopted.edit.file.name} and take the project over?")):
        raise typer.Abort
    adoption.finish(adopted, railway, keeper, age)


def _names(options: Sequence[str]) -> dict[str, str]:
    pairs = [each.partition("=") for each in options]
    if wrong := [each for each, pair in zip(options, pairs, strict=True) if not pair[0] or not pair[2]]:
        raise CallError(f"--service {wrong[0]}: give the service's name in the settings, =, and its name on Railway")
    return {own: other for own, _, other in pairs}


def _show(adopted: Adoption) -> None:
    typer.echo(f"{adopted.project}, environment {adopted.environment}, becomes {adopted.system} of {adopted.stack}")
    if adopted.target.reasons:
        typer.echo(f"proposed: {', '.join(dict.fromkeys(adopted.target.reasons))}")
    typer.echo(f"fits: {', '.join(adopted.fits) or 'nothing'}")
    for line in adopted.edit.lines or [f"{adopted.edit.file.name}: says all of it already"]:
        typer.echo(line)
    for note in adopted.notes:
        typer.echo(f"note: {note}")
    if adopted.strangers:
        typer.echo(f"of nobody, left alone: {', '.join(adopted.strangers)}; --own makes a system of them")


def _conclude(adopted: Adoption, *, dry_run: bool, rehearse: bool) -> None:
    if dry_run:
        typer.echo("nothing was written")
        return
    for key in adopted.stored:
        typer.echo(f"{key}: {'would be stored' if rehearse else 'stored'}")
    if adopted.sealed:
        typer.echo(f"sealed, nobody can read them: {', '.join(adopted.sealed)}; {RAILYARD} secrets set takes them")
    typer.echo(f"{count(adopted.imported, 'resource')} imported")
    for each in adopted.remaining_changes:
        typer.echo(f"left: {each.text}" + (" (deploys)" if each.deploys else ""))
    deployments = sum(each.deploys for each in adopted.remaining_changes)
    typer.echo(f"preview: {count(len(adopted.remaining_changes), 'change')}, {count(deployments, 'deployment')}")


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
        edit = None if len(stack.settings.systems) == 1 else _without(stack, system)
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


def _without(stack: Stack, system: str) -> Edit:
    """Return the stack's file without the system; the lines above its key and below its last value stay.

    Raises ``OperationError`` where the settings would still run the system, or not be valid: nothing is forgotten then.
    """
    file = project_directory() / file_name(stack.name)
    before = text_of(file)
    edit = Edit(file, before, without_systems(stack, before, [system]))
    try:
        left = settings_in(file.name, edit.after)
    except (ProjectError, SettingsError) as error:
        raise OperationError(f"the settings without {system} would not be valid, so it stays\n{error}") from None
    if system in left.systems:
        raise OperationError(f"{DEFAULTS_FILE} lets every stack run {system}: take it out of {NAMESPACE}:systems there")
    return edit
