"""One adoption, step by step: settings, secrets, import, proof.

Owns the order of the steps, each of which finds what an interrupted one before it has done, and what is known of them
at the end. Prints nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from components.railway_bucket import RailwayBucketSettings
from components.zone import ZoneSettings
from pulumi_operations.project import ProjectError
from railyard.accounts.railway_client import Railway
from railyard.adopt import configuration, redirects, secrets_of, system_settings, take_over, target
from railyard.adopt import live as live_reader
from railyard.adopt.live import LiveProject
from railyard.adopt.matching import Matched, Planned, match, planned
from railyard.adopt.secrets_of import SecretValues
from railyard.adopt.take_over import RemainingChange
from railyard.adopt.target import Target
from railyard.engine.engine import Engine
from railyard.engine.engines import engine_for
from railyard.migrate.findings import Settings
from railyard.promote.settings_file import Edit
from railyard.secrets import secrets_file
from railyard.shared.console import CallError, OperationError
from railyard.shared.project import project_directory
from railyard.shared.stack import Stack, read_stack, settings_in
from stacks import declared_secrets, own_system, resource_types
from stacks.arguments_tree import walk_arguments
from stacks.own import secrets as own_secrets
from stacks.own.expressions import is_plain, literal
from stacks.own.settings import OwnSettings
from stacks.problems import SettingsError
from stacks.secret_rules import Secret
from stacks.secrets import FILE_VARIABLE
from stacks.services import services
from stacks.settings import StackSettings
from stacks.shared_settings import NAMESPACE, SERVICES


@dataclass
class Adoption:
    """One adoption, as far as it has come."""

    target: Target
    stack: str
    live: LiveProject
    edit: Edit
    services: list[str]
    """Services of the project that the system has, by their names on Railway."""
    strangers: list[str]
    """Services of the project that no system of the stack has."""
    notes: list[str]
    imported: int = 0
    stored: list[str] = field(default_factory=list[str])
    sealed: list[str] = field(default_factory=list[str])
    remaining_changes: list[RemainingChange] = field(default_factory=list[RemainingChange])
    written: bool = False

    @property
    def system(self) -> str:
        """Return its name."""
        return self.target.name

    @property
    def project(self) -> str:
        """Return the name of the project."""
        return str(self.live.snapshot.project["name"])

    @property
    def environment(self) -> str:
        """Return the name of its environment."""
        return str(self.live.snapshot.environment["name"])

    @property
    def fits(self) -> list[str]:
        """Return what of the project the system expects: services, with another name on Railway, zones, buckets."""
        names = {other: name for name, other in self.target.names.items()}
        services = [f"{names[each]} ({each} on Railway)" if each in names else each for each in self.services]
        every = [self.live.variables(self.live.services()[each]) for each in self.services]
        buckets = dict.fromkeys(f"bucket {each['SPACES_BUCKET']}" for each in every if each.get("SPACES_BUCKET"))
        return [*services, *buckets, *(f"zone {each}" for each in self.live.zones)]

    def document(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "system": self.system,
            "own": self.target.own,
            "reasons": list(self.target.reasons),
            "services": dict(self.target.names),
            "fits": self.fits,
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
            "left": [
                {"op": each.op, "name": each.name, "keys": list(each.keys), "reasons": list(each.reasons)}
                for each in self.remaining_changes
            ],
            "deployments": sum(each.deploys for each in self.remaining_changes),
            "adopted": self.written,
        }


def read(
    railway: Railway, project: str, stack: str, environment: str | None, config: Settings, system: str | None
) -> LiveProject:
    """Read a project, given by id or name, and what belongs to ``system``, where one is meant.

    Raises ``CallError`` where no argument and no setting says which of several environments is meant.
    """
    project_id, environments = railway.run(live_reader.environments(railway.client, project))
    stated = [str(each.get("environment")) for each in configuration.projects(config) if each.get("name") == project]
    default = configuration.environment_of(config, stack)
    environment_name = environment or next((each for each in [*stated, default] if each in environments), None)
    if environment_name is None and len(environments) == 1:
        environment_name = next(iter(environments))
    if environment_name not in environments:
        raise CallError(
            f"{project} has the environments {', '.join(environments)}: give --environment with the one of {stack}; "
            "each of them goes into a stack of its own"
        )
    zones = [ZoneSettings.model_validate(each) for each in configuration.zones(config)]
    redirected = configuration.redirected(config).get(system or "", [])
    return railway.run(live_reader.read(railway.client, project_id, environments[environment_name], zones, redirected))


def begin(
    stack: str, live: LiveProject, system: str | None, names: Mapping[str, str], config: Settings, *, own: bool
) -> Adoption:
    """Return an adoption, nothing of it written; raises ``OperationError`` where settings cannot keep what runs."""
    settings = configuration.valid_settings(stack, config)
    chosen = target.target(system, live, names, settings, own=own)
    strangers = target.strangers(live, chosen, settings)
    present: Any = config.get(f"{NAMESPACE}:{chosen.name}")
    if chosen.own:
        service_names = list(present[SERVICES]) if own_system.is_own(present) else []
        by_hand = _by_hand(settings, chosen.name)
        running = [name for name in live.services() if name in [*service_names, *strangers] and name not in by_hand]
        stated = cast("Settings", present) if own_system.is_own(present) else {}
        others = None if stated.get("buckets") else _other_buckets(settings, chosen.name, live)
        proposal = system_settings.keep_own(live, running, others)
        strangers = [name for name in strangers if name not in (*proposal.settings[SERVICES], *by_hand)]
        if not (proposal.settings[SERVICES] or by_hand):
            raise OperationError(f"{live.snapshot.project['name']} has no service that runs and belongs to no system")
        proposal.settings["project"] = configuration.project_of(config, proposal.settings["project"])
        service_names = [*proposal.settings[SERVICES], *(name for name in by_hand if name in live.services())]
        if not proposal.settings[SERVICES]:
            del proposal.settings[SERVICES]
    else:
        expected = [chosen.names.get(name, name) for name in chosen.system.SETTINGS.model_fields]
        service_names = [name for name in expected if name in live.services()]
        proposal = system_settings.keep(chosen.system, live, chosen.names, configuration.shared_settings(chosen.name))
    redirected, told = redirects.keep(live, chosen.name, stack, config)
    if redirected:
        said = cast("list[Settings]", cast("Settings", present or {}).get("redirects") or [])
        proposal.settings["redirects"] = [*said, *redirected]
    if present is None:
        proposal.settings["protected"] = True
    edit = configuration.with_system(
        stack,
        chosen.name,
        proposal.settings,
        cast("Settings | None", present),
        configuration.missing_zones(config, live),
    )
    _valid(edit)
    notes = [*proposal.notes, *told, *_from_files(live, service_names), *_about_environments(live)]
    return Adoption(
        target=chosen, stack=stack, live=live, edit=edit, services=service_names, strangers=strangers, notes=notes
    )


def _by_hand(settings: StackSettings | None, system: str) -> list[str]:
    """Return the services and databases of a system with settings that cannot be read from what runs, else none."""
    own = settings.systems.get(system) if settings else None
    if not isinstance(own, OwnSettings):
        return []
    values = [value for args in own.services.values() for value in args.variables.values()]
    written = own.databases or own.buckets or own.secrets or not all(is_plain(value) for value in values)
    return [each.name for each in services(own)] if written else []


def _other_buckets(settings: StackSettings | None, system: str, live: LiveProject) -> list[str]:
    """Return the names of the project's buckets at Railway that other systems of the stack have."""
    project = live.snapshot.project["name"]
    systems = settings.systems.items() if settings else ()
    beside = [each for name, each in systems if name != system and each.project.name == project]
    return [
        part.name or str(path[-1])
        for each in beside
        for path, part in walk_arguments(each)
        if isinstance(part, RailwayBucketSettings)
    ]


def declared(adoption: Adoption) -> list[Secret]:
    """Return the secrets that the system declares with the settings that are to be written."""
    edit = adoption.edit
    return list(declared_secrets(settings_in(edit.file.name, edit.after))[adoption.system])


def keeper(adoption: Adoption, environment: Mapping[str, str], age: Sequence[str], *, real: bool) -> Stack | None:
    """Return the stack as it will be, with its own secrets file and the keys of ``environment``; None without sops.

    In the sandbox too it is the stack's own file, since that of the sandbox holds made-up values; there alone an
    adoption goes on where there is no ``sops``. Raises ``CallError`` or ``OperationError`` where the secrets could not
    be stored for ``age``, so that nothing is written before that is known.
    """
    if not real and not secrets_file.find(environment):
        return None
    edit = adoption.edit
    settings = settings_in(edit.file.name, edit.after)
    around = {name: value for name, value in environment.items() if real or name != FILE_VARIABLE}
    file = project_directory() / (around.get(FILE_VARIABLE) or settings.secrets)
    stack = Stack(name=adoption.stack, settings=settings, secrets_file=file, environment=around)
    values = secrets_of.look(declared(adoption), adoption.live, places(adoption))
    secrets_of.check(stack, adoption.system, values, age)
    return stack


def finish(adoption: Adoption, railway: Railway, kept_by: Stack | None, age: Sequence[str] | None) -> None:
    """Write the settings, store the secrets, import what is there, and look what a preview still changes.

    ``age`` is who can open a secrets file that is new; without it, None, no secret is stored. ``kept_by`` is the stack
    with the file that they go into.
    """
    if adoption.edit.lines:
        adoption.edit.write()
    stack, live = read_stack(adoption.stack), adoption.live
    values = secrets_of.look(stack.declared[adoption.system], live, places(adoption))
    adoption.sealed = values.sealed
    if age is None:
        adoption.stored = [f"{adoption.system}.{name}" for name in values.values]
    elif kept_by is None:
        adoption.notes.append("no secret was stored: there is no sops program, and the sandbox has secrets of its own")
    engine = engine_for(stack, sandbox=not railway.real)
    try:
        if kept_by and age is not None:
            adoption.stored = secrets_of.store(kept_by, adoption.system, values, age)
        planned_resources, matched = _planned_and_matched(adoption, engine)
    except OperationError as error:
        raise OperationError(
            f"{error}\n{adoption.edit.file.name} is written, and nothing is imported yet: fix this, and run the same "
            "command again"
        ) from None
    _keep_variables(adoption, planned_resources, matched, values)
    take_over.take(engine, planned_resources, matched, live)
    adoption.imported, adoption.written = sum(each.new and each.urn in matched.ids for each in planned_resources), True
    own = () if railway.real else stack.declared[adoption.system]
    adoption.remaining_changes = take_over.remaining_changes(
        engine.preview([adoption.system]), adoption.system, _why(adoption, matched, own)
    )
    take_over.settle(engine, planned_resources, matched, adoption.remaining_changes)


def _planned_and_matched(adoption: Adoption, engine: Engine) -> tuple[list[Planned], Matched]:
    """Return what the program wants and what of it exists; what an earlier run has imported is read again first."""
    names = adoption.target.names
    planned_resources = planned(engine.preview([adoption.system], unchanged=True), adoption.system)
    matched = match(planned_resources, adoption.live, names)
    urns = [
        each.urn
        for each in planned_resources
        if each.urn in matched.ids and not each.new and each.type not in take_over.UNREAD
    ]
    if urns:
        engine.refresh(urns)
        planned_resources = planned(engine.preview([adoption.system], unchanged=True), adoption.system)
        matched = match(planned_resources, adoption.live, names)
    return planned_resources, matched


def places(adoption: Adoption) -> dict[str, tuple[str, str]]:
    """Return where the secrets of a system of one's own stand: secret → service and variable."""
    if not adoption.target.own:
        return {}
    return {
        own_secrets.secret_name(name, variable): (name, variable)
        for name, id_ in adoption.live.services().items()
        for variable in adoption.live.variables(id_)
    }


def _valid(edit: Edit) -> None:
    try:
        settings_in(edit.file.name, edit.after)
    except (ProjectError, SettingsError) as error:
        raise OperationError(
            f"what runs cannot be said in settings as it is, and nothing was written:\n{error}"
        ) from None


def _from_files(live: LiveProject, services: Sequence[str]) -> list[str]:
    """Return a note for each service whose settings a file decides: they are settings here from now on."""
    way = f"railyard migrate --to-railway --project {live.snapshot.project['name']}"
    notes: list[str] = []
    for each in live.files.values():
        if each.name not in services:
            continue
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


def _about_environments(live: LiveProject) -> list[str]:
    others = live.other_environments
    if not others:
        return []
    return [
        f"the project has other environments, {', '.join(others)}: each goes into a stack of its own. Railway makes a "
        "service that is added in one of them in all: give each stack a project of its own when there is time"
    ]


def _why(adoption: Adoption, matched: Matched, placeholders: Sequence[Secret]) -> dict[str, dict[str, str]]:
    """Return what explains a difference: URN → property → reason. ``placeholders`` are secrets of the sandbox's own."""
    names = [name for secret in placeholders for name in (secret.name, *secret.also_sets)]
    values = dict.fromkeys((f"variables.{name}" for name in names), "the sandbox has a value of its own")
    reasons = {urn: dict(values) for urn in matched.ids}
    for urn, id_ in matched.ids.items():
        file = adoption.live.files.get(id_.rpartition("/")[2])
        if file and f"${resource_types.SERVICE_INSTANCE}::" in urn:
            keys = [each.key.partition(".")[2] for each in file.decided]
            reasons[urn] |= dict.fromkeys(keys, f"{file.file} says it, Railway's settings do not")
    return reasons


def _keep_variables(
    adoption: Adoption, planned_resources: Sequence[Planned], matched: Matched, secrets: SecretValues
) -> None:
    """Write variables that the program does not set, so that none is lost; what may be a secret is named instead."""
    live = adoption.live
    names = {id_: name for name, id_ in live.services().items()}
    for resource in planned_resources:
        if resource.type != resource_types.SERVICE_INSTANCE or resource.urn not in matched.ids:
            continue
        service_id = matched.ids[resource.urn].rpartition("/")[2]
        variables = live.variables(service_id)
        declared: Any = resource.inputs.get("variables")
        # Of what is in the state already a document hides all of them, and they were looked at before.
        declared_names = set(cast("dict[str, Any]", declared)) if isinstance(declared, dict) else set(variables)
        extra = {
            name: value
            for name, value in variables.items()
            if name not in declared_names and not name.startswith("RAILWAY_")
        }
        if not extra:
            continue
        hidden = sorted(
            name for name, value in extra.items() if system_settings.hides(name, value) or name in secrets.values
        )
        clear = {name: value for name, value in extra.items() if value is not None and name not in hidden}
        where = names[service_id]
        if hidden:
            adoption.notes.append(f"{where}: {', '.join(hidden)} may be secrets, and no secret of {adoption.system}")
        _add_variables(adoption, resource.name.removeprefix(f"{adoption.system}-").removesuffix("-instance"), clear)


def _add_variables(adoption: Adoption, service: str, variables: Mapping[str, str]) -> None:
    own = adoption.target.own
    path = (adoption.system, SERVICES, service) if own else (adoption.system, service)
    for name, value in variables.items():
        try:
            written = literal(value) if own else value
            edit = configuration.edited(adoption.stack, {(*path, "variables", name): written})
        except OperationError as error:
            adoption.notes.append(f"{service}: variables.{name} is not kept: {str(error).splitlines()[-1].strip()}")
            continue
        edit.write()
        adoption.edit = Edit(adoption.edit.file, adoption.edit.before, edit.after)
