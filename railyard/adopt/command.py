"""``railyard adopt``: a running Railway project comes under the settings of a stack, with a proof.

Owns the command: its options, the order of the steps, what it prints and how it ends.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, cast

import typer

import go_yaml
from components.zone import ZoneArgs
from pulumi_operations.project import ProjectError
from railway_api.counting import count
from railway_api.plans import Plan
from railyard.accounts.railway_client import Railway, SandboxOption, account
from railyard.adopt import live as live_reader
from railyard.adopt import secrets_of, system_settings, take_over, write
from railyard.adopt.live import Live
from railyard.adopt.matching import INSTANCE_TYPE, UNKNOWN, Matched, Planned, match, planned
from railyard.adopt.secrets_of import Found
from railyard.adopt.take_over import Left
from railyard.adopt.write import Zones
from railyard.engine.engines import engine_for
from railyard.migrate.compose_file import SECRET
from railyard.migrate.findings import Settings
from railyard.promote.settings_file import Edit
from railyard.secrets import sops_program
from railyard.shared.console import (
    PROBLEM,
    CallError,
    JsonOption,
    OperationError,
    check_can_ask,
    people,
    write_json,
)
from railyard.shared.options import LastStackOption
from railyard.shared.project import project_directory
from railyard.shared.stack import read_stack, settings_in
from stacks import SYSTEMS
from stacks.problems import SettingsError
from stacks.settings import PLAN_KEY
from stacks.shared_settings import NAMESPACE
from stacks.system import System


@dataclass
class Adoption:
    """One adoption, as far as it has come."""

    system: str
    stack: str
    project: str
    environment: str
    edit: Edit
    strangers: list[str]
    """Services of the project that are nobody's."""
    notes: list[str]
    imported: int = 0
    stored: list[str] = field(default_factory=list[str])
    sealed: list[str] = field(default_factory=list[str])
    left: list[Left] = field(default_factory=list[Left])
    written: bool = False
    requests: int = 0

    def document(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "system": self.system,
            "stack": self.stack,
            "project": self.project,
            "environment": self.environment,
            "file": self.edit.file.name,
            "difference": self.edit.lines,
            "strangers": self.strangers,
            "notes": self.notes,
            "stored": self.stored,
            "sealed": self.sealed,
            "imported": self.imported,
            "left": [{"op": each.op, "name": each.name, "keys": list(each.keys)} for each in self.left],
            "deployments": sum(each.deploys for each in self.left),
            "adopted": self.written,
        }


def adopt(
    system: Annotated[str, typer.Argument(metavar="SYSTEM", show_default=False, help="The system that it becomes.")],
    stack: LastStackOption = "",
    project: Annotated[
        str | None, typer.Option("--project", help="Railway's project, by id or name. Default: SYSTEM-STACK.")
    ] = None,
    environment: Annotated[
        str | None,
        typer.Option("--environment", help="Its environment. Default: that of the stack's name, or the only one."),
    ] = None,
    service: Annotated[
        list[str] | None,
        typer.Option("--service", metavar="NAME=OTHER", help="A service that has another name on Railway; may repeat."),
    ] = None,
    age: Annotated[
        list[str] | None, typer.Option("--age", metavar="RECIPIENT", help="Who can open a secrets file that is new.")
    ] = None,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what was found and would be written, and stop.")
    ] = False,
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
    with people(json=json):
        if not (dry_run or yes):
            check_can_ask("--dry-run to see what would be written", json=json)
        chosen = _system(system)
        names = _names(service or ())
        config = _configuration(stack)
        with account(_plan(config), sandbox=sandbox) as railway:
            live = _read(railway, chosen, stack, project, environment, _known_zones(config))
            done = _adopt(
                railway, live, chosen, stack, config, names, age or (), dry_run=dry_run, ask=not yes, json=json
            )
        if json:
            write_json(done.document())
        else:
            _conclude(done, dry_run=dry_run)
    raise typer.Exit(PROBLEM if done.left else 0)


def _system(name: str) -> type[System[Any]]:
    known = {each.NAME: each for each in SYSTEMS}
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=1)
    raise CallError(
        f"there is no system {name!r}: " + (f"did you mean {near[0]}?" if near else f"name one of {', '.join(known)}")
    )


def _names(given: Sequence[str]) -> dict[str, str]:
    pairs = [each.partition("=") for each in given]
    if wrong := [each for each, pair in zip(given, pairs, strict=True) if not pair[0] or not pair[2]]:
        raise CallError(f"--service {wrong[0]}: give the service's name in the settings, =, and its name on Railway")
    return {own: other for own, _, other in pairs}


def _configuration(stack: str) -> dict[str, Any]:
    file = project_directory() / f"Pulumi.{stack}.yaml"
    try:
        found: Any = go_yaml.load(file.read_text(encoding="utf-8")) if file.exists() else {}
    except go_yaml.YamlError as error:
        raise OperationError(f"{file.name}: {error}") from None
    config: Any = cast("Any", found).get("config") if isinstance(found, dict) else None
    return cast("dict[str, Any]", config) if isinstance(config, dict) else {}


def _zones(config: Settings) -> list[Settings]:
    return cast("list[Settings]", config.get(f"{NAMESPACE}:zones") or [])


def _known_zones(config: Settings) -> list[ZoneArgs]:
    return [ZoneArgs.model_validate(each) for each in _zones(config)]


def _plan(config: Settings) -> Plan:
    given = config.get(PLAN_KEY, "pro")
    return Plan(given) if given in list(Plan) else Plan.PRO


def _adopt(
    railway: Railway,
    live: Live,
    system: type[System[Any]],
    stack: str,
    config: Settings,
    names: dict[str, str],
    age: Sequence[str],
    *,
    dry_run: bool,
    ask: bool,
    json: bool,
) -> Adoption:
    kept = system_settings.keep(system, live, names)
    adoption = _begun(system, stack, live, names, _edit(stack, system, kept.settings, config, live), kept.notes)
    _valid(adoption.edit)
    if not json:
        _show(adoption)
    if dry_run:
        return adoption
    if ask and not typer.confirm(f"Write this into {adoption.edit.file.name} and take the project over?"):
        raise typer.Abort
    if adoption.edit.lines:
        write.save(adoption.edit)
    here = read_stack(stack)
    found = secrets_of.look(here.declared[system.NAME], live)
    adoption.sealed = found.sealed
    if railway.real or sops_program.find(here.environment):
        # In the sandbox too it is the stack's own file: that of the sandbox holds made-up values.
        own = here if railway.real else replace(here, secrets_file=project_directory() / here.settings.secrets)
        adoption.stored = secrets_of.store(own, system.NAME, found, age)
    else:
        adoption.notes.append("no secret was stored: there is no sops program, and the sandbox has secrets of its own")
    engine = engine_for(here, sandbox=not railway.real)
    wanted = planned(engine.preview(), system.NAME)
    matched = match(wanted, live, names)
    _keep_variables(adoption, wanted, matched, live, found)
    take_over.take(engine, wanted, matched, live)
    adoption.imported, adoption.written = sum(each.new and each.urn in matched.ids for each in wanted), True
    adoption.left = take_over.left(engine.preview(), system.NAME)
    take_over.settle(engine, wanted, matched, adoption.left)
    return adoption


def _read(
    railway: Railway,
    system: type[System[Any]],
    stack: str,
    project: str | None,
    environment: str | None,
    zones: Sequence[ZoneArgs],
) -> Live:
    named = project or f"{system.NAME}-{stack}"
    project_id, environments = railway.run(live_reader.environments(railway.client, named))
    wanted = environment or (stack if stack in environments else None)
    if wanted is None and len(environments) == 1:
        wanted = next(iter(environments))
    if wanted not in environments:
        raise CallError(
            f"{named} has the environments {', '.join(environments)}: give --environment with the one of {stack}"
        )
    return railway.run(live_reader.read(railway.client, project_id, environments[wanted], zones))


def _edit(stack: str, system: type[System[Any]], settings: Settings, config: dict[str, Any], live: Live) -> Edit:
    there: Any = config.get(f"{NAMESPACE}:{system.NAME}")
    known = [str(each.get("name")) for each in _zones(config)]
    missing = {name: id_ for name, id_ in live.zones.items() if name not in known}
    zones = Zones(missing=missing, known=bool(known))
    return write.with_system(
        stack, system.NAME, settings, cast("Settings", there) if isinstance(there, dict) else None, zones
    )


def _begun(
    system: type[System[Any]], stack: str, live: Live, names: dict[str, str], edit: Edit, notes: list[str]
) -> Adoption:
    expected = {names.get(name, name) for name in system.SETTINGS.model_fields}
    return Adoption(
        system=system.NAME,
        stack=stack,
        project=str(live.snapshot.project["name"]),
        environment=str(live.snapshot.environment["name"]),
        edit=edit,
        strangers=sorted(name for name in live.services() if name not in expected),
        notes=[*notes, *_from_files(live)],
    )


def _from_files(live: Live) -> list[str]:
    """Return a note for each service whose settings a file decides: they are settings here from now on."""
    way = f"railyard migrate --to-railway --project {live.snapshot.project['name']}"
    notes: list[str] = []
    for each in live.files.values():
        keys = ", ".join(one.key for one in each.decided)
        if keys:
            notes.append(
                f"{each.name}: {each.file} decides {keys}; the settings say it from now on, and Railway's own do after "
                f"'{way}', without a deployment, or after the next up, with one"
            )
        elif each.untold:
            notes.append(
                f"{each.name}: {each.file} may decide settings of it, and no deployment tells which: give its folder "
                "to 'railyard migrate'"
            )
        else:
            notes.append(f"{each.name}: {each.file} decides nothing that Railway's own settings do not say")
    return notes


def _valid(edit: Edit) -> None:
    try:
        settings_in(edit.file.name, edit.after)
    except (ProjectError, SettingsError) as error:
        raise OperationError(
            f"what runs cannot be said in settings as it is, and nothing was written:\n{error}"
        ) from None


def _keep_variables(adoption: Adoption, wanted: Sequence[Planned], matched: Matched, live: Live, found: Found) -> None:
    """Write variables that the program does not set, so that none is lost; what may be a secret is named instead."""
    names = {id_: name for name, id_ in live.services().items()}
    for resource in wanted:
        if resource.type != INSTANCE_TYPE or resource.urn not in matched.ids:
            continue
        service_id = matched.ids[resource.urn].rpartition("/")[2]
        there = live.variables(service_id)
        given: Any = resource.inputs.get("variables")
        own = set(cast("dict[str, Any]", given)) if isinstance(given, dict) else set[str]()
        extra = {name: value for name, value in there.items() if name not in own and not name.startswith("RAILWAY_")}
        if given == UNKNOWN or not extra:
            continue
        hidden = sorted(
            name for name, value in extra.items() if value is None or SECRET.search(name) or name in found.values
        )
        clear = {name: value for name, value in extra.items() if name not in hidden}
        where = names[service_id]
        if hidden:
            adoption.notes.append(f"{where}: {', '.join(hidden)} may be secrets, and no secret of {adoption.system}")
        _add_variables(adoption, resource.name.removeprefix(f"{adoption.system}-").removesuffix("-instance"), clear)


def _add_variables(adoption: Adoption, service: str, variables: dict[str, Any]) -> None:
    for name, value in variables.items():
        try:
            edit = write.edited(adoption.stack, {(adoption.system, service, "variables", name): value})
        except OperationError as error:
            adoption.notes.append(f"{service}: variables.{name} is not kept: {str(error).splitlines()[-1].strip()}")
            continue
        edit.write()
        adoption.edit = Edit(adoption.edit.file, adoption.edit.before, edit.after)


def _show(adoption: Adoption) -> None:
    typer.echo(f"{adoption.project}, environment {adoption.environment}, becomes {adoption.system} of {adoption.stack}")
    for line in adoption.edit.lines or [f"{adoption.edit.file.name}: says all of it already"]:
        typer.echo(line)
    for note in adoption.notes:
        typer.echo(f"note: {note}")
    if adoption.strangers:
        typer.echo(f"of nobody, left alone: {', '.join(adoption.strangers)}")


def _conclude(adoption: Adoption, *, dry_run: bool) -> None:
    if dry_run:
        typer.echo("nothing was written")
        return
    for key in adoption.stored:
        typer.echo(f"{key}: stored")
    if adoption.sealed:
        typer.echo(f"sealed, nobody can read them: {', '.join(adoption.sealed)}; ./bin/railyard secrets set takes them")
    typer.echo(f"{count(adoption.imported, 'resource')} imported")
    for each in adoption.left:
        typer.echo(f"left: {each.text}" + (" (deploys)" if each.deploys else ""))
    deployments = sum(each.deploys for each in adoption.left)
    typer.echo(f"preview: {count(len(adoption.left), 'change')}, {count(deployments, 'deployment')}")
