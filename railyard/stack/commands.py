"""``railyard stack``: which stacks there are, and a stack that becomes two.

Owns the commands: what they print and how they end. The steps of a split are those of ``split``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from railway_api.counting import count
from railyard.accounts.railway_client import SandboxOption, surroundings
from railyard.engine.engine import Engine
from railyard.engine.engines import engine_for
from railyard.promote.promote import DryRunOption, show_edit
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
from railyard.shared.project import project_directory
from railyard.shared.stack import Stack, read_stack, read_stacks
from railyard.stack import split as splits
from railyard.workflows.generate import FOLDER
from stacks.project_folder import RAILYARD

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
        named = [name for each in systems for name in each.split(",") if name]
        if not named:
            raise CallError("--systems names no system")
        plan = splits.prepared(read_stack(stack), target, named, age or ())
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
            pending = [] if plan.is_begun else splits.changes(engine)
            steps = _carry_out(plan, engine, quiet=json)
            remaining = _left(plan, engine, pending)
        _end(plan, steps, remaining, json=json, written=True)
        if any(remaining.values()):
            raise typer.Exit(PROBLEM)


def _carry_out(plan: splits.Split, engine: Engine, *, quiet: bool) -> list[str]:
    steps_done: list[str] = []
    for step in splits.steps(plan, engine):
        result = step.do()
        steps_done += [step.name] if result else []
        if not quiet:
            typer.echo(f"{step.name}: {result or 'nothing to do'}")
    return steps_done


def _left(plan: splits.Split, engine: Engine, waiting: Sequence[str]) -> dict[str, list[str]]:
    """Return what previews would change, by stack, beside what was ``waiting`` for the next up before."""
    engines = {plan.source.name: engine, plan.target: engine.beside(read_stack(plan.target))}
    return {name: [each for each in splits.changes(one) if each not in waiting] for name, one in engines.items()}


def _end(plan: splits.Split, steps_done: list[str], left: dict[str, list[str]], *, json: bool, written: bool) -> None:
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
    both = f"Pulumi.{plan.source.name}.yaml and Pulumi.{plan.target}.yaml"
    if (project_directory() / FOLDER).is_dir():
        typer.echo(f"next: {RAILYARD} workflows, which writes the jobs of {plan.target}; then commit them with {both}")
    typer.echo(f"next: commit {both} together, before anybody else's up")
