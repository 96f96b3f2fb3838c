"""``railyard stack``: which stacks there are, and a stack that becomes two: settings, secrets and state of some systems
move, and no resource is touched.

Owns the commands and the order of the steps. Each of them is done at once or not at all, and does nothing where it was
done before: a run that was killed is finished by running the command again. At no moment a resource is in neither
state, and the settings of the first stack name a system until its state has let go of it, so that no ``up`` in between
deletes it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final

import typer

from pulumi_operations.project import config_nodes, config_text, read_text
from railway_api.counting import count
from railyard.accounts.railway_client import SandboxOption, surroundings
from railyard.engine.engine import Engine, RefusedError
from railyard.engine.engines import engine_for, secrets_files
from railyard.promote.promote import show_edit
from railyard.promote.settings_file import Edit
from railyard.shared.console import (
    PROBLEM,
    CallError,
    JsonOption,
    check_can_ask,
    reported_errors,
    table,
    table_console,
    write_json,
)
from railyard.shared.options import DryRunOption
from railyard.shared.project import project_directory
from railyard.shared.stack import Stack, names, read_stack, read_stacks
from railyard.shared.urns import name_of, type_of
from railyard.stack import file_parts, state_parts
from railyard.stack.file_parts import SettingsParts
from railyard.workflows.generate import FOLDER
from stacks import resource_types
from stacks.project_folder import RAILYARD
from stacks.secrets import FILE_VARIABLE
from stacks.shared_settings import file_name, review_number

_STACK_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,100}")
"""Names that Pulumi accepts."""

application = typer.Typer(no_args_is_help=True, help="The stacks of the project.")


@application.command("list")
def list_(*, json: JsonOption = False) -> None:
    """List the stacks, each behind the one that it promotes from, with what their settings say they are."""
    with reported_errors(json=json):
        stacks = read_stacks()
        if json:
            write_json([_document(each) for each in stacks])
            return
        shown = table("stack", "stands for", "promotes from", "plan", "systems", folded="systems")
        for each in stacks:
            shown.add_row(
                each.name,
                each.environment_name,
                each.promotes_from or "-",
                str(each.settings.plan),
                ", ".join(each.systems),
            )
        table_console().print(shown)


def _document(stack: Stack) -> dict[str, Any]:
    return {
        "stack": stack.name,
        "environment": stack.environment_name,
        "promotesFrom": stack.promotes_from,
        "plan": stack.settings.plan,
        "secrets": stack.settings.secrets,
        "systems": stack.systems,
    }


SystemsOption = Annotated[
    list[str], typer.Option("--systems", help="Systems that move; several with commas.", show_default=False)
]
AgeOption = Annotated[
    list[str] | None,
    typer.Option(
        "--age",
        metavar="RECIPIENT",
        help="Recipients who can open its secrets. Default: those who can open the secrets here.",
    ),
]


@application.command("split")
def split_(
    stack: Annotated[str, typer.Argument(metavar="STACK", show_default=False, help="The stack that has the systems.")],
    systems: SystemsOption,
    target: Annotated[str, typer.Option("--to", help="The stack that gets them, a new one.", show_default=False)],
    age: AgeOption = None,
    *,
    dry_run: DryRunOption = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    sandbox: SandboxOption = False,
    json: JsonOption = False,
) -> None:
    """Move systems into a stack of their own, with settings, secrets and state; no resource is touched.

    Both previews are empty afterwards, which is tried at the end. A run that was killed is finished by running the
    command again. Commit both settings files at once: until then nobody else should bring either stack up.
    """
    with reported_errors(json=json):
        named = list(dict.fromkeys(name.strip() for each in systems for name in each.split(",") if name.strip()))
        if not named:
            raise CallError("--systems names no system")
        plan = prepared(read_stack(stack), target, named, age or ())
        if not json:
            for edit in plan.edits():
                show_edit(edit)
            for note in plan.settings.notes if plan.settings else ():
                typer.echo(f"note: {note}")
        if dry_run:
            _end(plan, [], {}, json=json, written=False)
            return
        if not yes:
            check_can_ask("--dry-run to see what would be written", json=json)
            if not typer.confirm(f"Move {', '.join(named)} from {stack} to {target}? No resource is touched."):
                raise typer.Abort
        with surroundings(sandbox=sandbox) as real:
            engine = engine_for(plan.source, sandbox=not real)
            pending = [] if plan.is_begun else changes(engine)
            steps = _carry_out(plan, engine, quiet=json)
            remaining = _left(plan, engine, pending)
        _end(plan, steps, remaining, json=json, written=True)
        if any(remaining.values()):
            raise typer.Exit(PROBLEM)


def _carry_out(plan: Split, engine: Engine, *, quiet: bool) -> list[str]:
    steps_done: list[str] = []
    for step in steps(plan, engine):
        result = step.do()
        steps_done += [step.name] if result else []
        if not quiet:
            typer.echo(f"{step.name}: {result or 'nothing to do'}")
    return steps_done


def _left(plan: Split, engine: Engine, waiting: Sequence[str]) -> dict[str, list[str]]:
    """Return what previews would change, by stack, beside what was ``waiting`` for the next up before."""
    engines = {plan.source.name: engine, plan.target: engine.beside(read_stack(plan.target))}
    return {name: [each for each in changes(one) if each not in waiting] for name, one in engines.items()}


def _end(plan: Split, steps_done: list[str], left: dict[str, list[str]], *, json: bool, written: bool) -> None:
    if json:
        names = {"stack": plan.source.name, "to": plan.target, "systems": list(plan.systems)}
        differences = {edit.file.name: edit.lines for edit in plan.edits()}
        write_json(names | {"differences": differences, "done": steps_done, "left": left, "written": written})
        return
    if not written:
        typer.echo("nothing was written")
        return
    for name, changes in left.items():
        typer.echo(f"{name}: {count(len(changes), 'change')} by this" + "".join(f"\n  {each}" for each in changes))
    both = f"{file_name(plan.source.name)} and {file_name(plan.target)}"
    if (project_directory() / FOLDER).is_dir():
        typer.echo(f"next: {RAILYARD} workflows, which writes the jobs of {plan.target}; then commit them with {both}")
    typer.echo(f"next: commit {both} together, before anybody else's up")


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of a split."""

    name: str
    """Title, ``state of omega-production``."""
    do: Callable[[], str]
    """Do it; return what was done, empty where it was done before."""


@dataclass(frozen=True, kw_only=True)
class Split:
    """The split of a stack, as it was asked for."""

    source: Stack
    target: str
    systems: tuple[str, ...]
    settings: SettingsParts | None
    """None once the settings of the first stack have let go of the systems."""
    recipients: tuple[str, ...] = ()
    """Recipients who can open the new secrets file; empty for those who can open that of the first stack."""

    @property
    def is_begun(self) -> bool:
        """Tell whether a run before has done some of it."""
        return self.settings is None or self.settings.target.exists()

    def edits(self) -> list[Edit]:
        """Return both settings files, before and after."""
        parts = self.settings
        if parts is None:
            return []
        present = parts.target.read_text(encoding="utf-8") if parts.target.exists() else ""
        return [Edit(parts.target, present, present or parts.moved), Edit(parts.source, parts.before, parts.left)]


def prepared(source: Stack, target: str, systems: Sequence[str], recipients: Sequence[str] = ()) -> Split:
    """Return what a split comes to, with nothing done; raises ``CallError`` and ``OperationError``."""
    if target == source.name:
        raise CallError(f"--to is {target} itself: name another stack")
    if not _STACK_NAME.fullmatch(target) or review_number(target):
        raise CallError(
            f"--to {target}: a stack's name has letters, digits, dots, hyphens and underscores, at most 100, and is "
            "not that of a review environment, pr-1"
        )
    movable = [*source.systems, *(read_stack(target).systems if target in names() else ())]
    for name in systems:
        if name not in movable:
            raise CallError(f"{source.name} has no system {name!r}: its systems are {', '.join(source.systems)}")
    unmoved = [name for name in systems if name in source.systems]
    if not unmoved:
        return Split(source=source, target=target, systems=tuple(systems), settings=None)
    if len(unmoved) < len(systems):
        moved = [name for name in systems if name not in unmoved]
        raise CallError(f"{', '.join(moved)} moved already: name the others alone")
    if len(unmoved) == len(source.systems):
        raise CallError(f"these are all systems of {source.name}: rename the stack with `pulumi stack rename {target}`")
    parts = file_parts.divided(source, target, systems)
    if parts.target.exists() and not _is_begun(parts):
        raise CallError(f"there is a stack {target}, and it is not what this split makes: take another name")
    return Split(source=source, target=target, systems=tuple(systems), settings=parts, recipients=tuple(recipients))


def _is_begun(parts: SettingsParts) -> bool:
    """Tell whether the new file is there from a run before; Pulumi adds a salt to it when it makes the stack."""
    wanted, present = (config_nodes("", text) for text in (parts.moved, read_text(parts.target)))
    return {key: config_text(node) for key, node in wanted.items()} == {
        key: config_text(node) for key, node in present.items()
    }


def steps(split: Split, engine: Engine) -> Iterator[Step]:
    """Yield the steps in their order; each is to be done before the next is asked for.

    ``engine`` is that of the first stack.
    """
    source, target = split.source, split.target
    if split.settings and not split.settings.target.exists():
        settings = split.settings
        yield Step(name=f"settings of {target}", do=lambda: _written(Edit(settings.target, "", settings.moved)))
    target_stack = read_stack(target)
    holder = _with_environment_of(source, target_stack)
    yield Step(
        name=f"secrets of {target}",
        do=lambda: file_parts.copied(source, holder, split.systems, split.recipients),
    )
    yield Step(name=f"state of {target}", do=lambda: _taken(split, engine, engine.beside(target_stack)))
    yield Step(name=f"state of {source.name}", do=lambda: _let_go(split, engine))
    if split.settings:
        edit = Edit(split.settings.source, split.settings.before, split.settings.left)
        yield Step(name=f"settings of {source.name}", do=lambda: _written(edit))
    yield Step(
        name=f"secrets of {source.name}",
        do=lambda: file_parts.removed(source, holder, split.systems),
    )


def _with_environment_of(source: Stack, target: Stack) -> Stack:
    """Return ``target`` with the keys and the secrets file that the environment of ``source`` says.

    In the sandbox this process's environment names the sandbox's file, which is not the one to which secrets move.
    """
    file = source.environment.get(FILE_VARIABLE) or target.settings.secrets
    return replace(target, environment=source.environment, secrets_file=project_directory() / file)


def changes(engine: Engine) -> list[str]:
    """Return what a preview would change, each resource with what is done to it; also where it is refused."""
    try:
        document = engine.preview()
    except RefusedError as refused:
        document = refused.document
    return [
        f"{step['op']} {name_of(step['urn'])}"
        for step in document["steps"]
        if step["op"] not in ("same", "read") and "::pulumi:providers:" not in step["urn"]
        if type_of(step["urn"]) != resource_types.STACK
    ]


def _parts(split: Split, engine: Engine) -> state_parts.Parts:
    zones = file_parts.used_zones(split.source.settings, split.systems) if split.settings else ()
    return state_parts.divided(engine.export_state(), split.source.name, split.target, split.systems, zones)


def _taken(split: Split, engine: Engine, beside: Engine) -> str:
    """Let the state of the new stack have what is still in that of the first one."""
    parts = _parts(split, engine)
    if not parts.urns:
        return ""
    moved = file_parts.with_fingerprints(parts.moved, secrets_files(beside, read_stack(split.target)))
    state = beside.export_state()
    whole = state_parts.joined(state, moved)
    if state_parts.records_of(state) == state_parts.records_of(whole):
        return ""
    beside.import_state(whole)
    return count(len(parts.urns), "resource")


def _let_go(split: Split, engine: Engine) -> str:
    parts = _parts(split, engine)
    if not parts.urns:
        return ""
    engine.import_state(parts.left)
    return f"{count(len(parts.urns), 'resource')} less"


def _written(edit: Edit) -> str:
    if edit.before == edit.after:
        return ""
    edit.write()
    return edit.file.name
