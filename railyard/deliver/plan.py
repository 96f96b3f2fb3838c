"""``railyard plan``: what an ``up`` would do, kept as a document that is reviewed and that ``deploy`` keeps to.

Owns the document and the comparison of two. Pulumi's own update plans are experimental and belong to one engine; a list
of what happens to what, with the values as they are shown, is what a person reviews, and serves both engines.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Final, Literal

import typer

from railyard.accounts.railway_client import SandboxOption
from railyard.deliver.system_release import limited
from railyard.engine.engine import Engine, RefusedError
from railyard.engine.engines import engine_for
from railyard.map.picture import declared, draw, with_plan
from railyard.map.svg import page
from railyard.output.money import MoneyDifference, of_document
from railyard.review.checkout import changes_digest, commit_name, current_commit
from railyard.review.comment_text import block, change_lines
from railyard.review.resource_changes import Change, Model, by_system, changes_of, counted, refusals
from railyard.shared.console import (
    PROBLEM,
    CallError,
    JsonOption,
    OperationError,
    SystemsArgument,
    reported_errors,
    shown,
    write_json,
)
from railyard.shared.files import read_document, write_whole
from railyard.shared.options import StackOption
from railyard.shared.project import project_directory
from railyard.shared.stack import Stack, read_stack
from stacks.monthly_cost import Calculation

FORMAT: Final = 1
_LARGEST: Final = 50_000_000
"""Bytes of a plan."""

MarkdownOption = Annotated[bool, typer.Option("--markdown", help="The Markdown of a workflow's summary.")]
OutOption = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Keep the plan for `railyard deploy`.")]
HtmlOption = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Write a page with a picture as well, changes marked.")
]
WithoutOption = Annotated[
    list[str] | None,
    typer.Option(
        "--without", metavar="SYSTEM", help="Leave these out; one option may name several, separated by blanks."
    ),
]


class Plan(Model):
    """A plan as it was reviewed."""

    format: Literal[1] = FORMAT
    stack: str
    commit: str
    """Of this repository, so that code and settings are those that were reviewed; empty outside of git."""
    files: str = ""
    """Digest of the changes of files since the commit; empty where there are none."""
    systems: tuple[str, ...] = ()
    """The only ones that it is about; empty: all that the change touches."""
    without: tuple[str, ...] = ()
    """Those that it leaves out."""
    changes: tuple[Change, ...] = ()
    refused: tuple[str, ...] = ()
    """Why an ``up`` would be refused: then the plan is not kept."""
    money: MoneyDifference | None = None
    """Monthly cost; for the reader, and not compared."""


def plan(
    systems: SystemsArgument = None,
    stack_name: StackOption = "",
    out: OutOption = None,
    without: WithoutOption = None,
    html: HtmlOption = None,
    *,
    markdown: MarkdownOption = False,
    sandbox: SandboxOption = False,
    json: JsonOption = False,
) -> None:
    """Show what an up would do against the state to each system, and keep it for review.

    It is about the systems that a change touches, or those named.
    """
    with reported_errors(json=json):
        stack = read_stack(stack_name)
        chosen = list(stack.chosen(systems or ()))
        left_out = [name for each in without or () for name in each.split()]
        if unknown := [name for name in left_out if name not in stack.known]:
            raise CallError(f"--without {unknown[0]}: name one of {', '.join(stack.known)}")
        try:
            result = plan_of(engine_for(stack, sandbox=sandbox), stack, systems or (), left_out)
        except PlanRefusedError as error:
            result = error.plan
        if out and not result.refused:
            write_whole(out, result.model_dump_json(indent=4) + "\n")
        if html:
            picture = with_plan(draw(stack, declared(stack.name), chosen), result.changes)
            write_whole(html, page(picture, list(text(result))))
        if json:
            write_json(result.model_dump(mode="json"))
        else:
            for line in block("diff", list(text(result, markdown=True))) if markdown else text(result):
                typer.echo(line)
        if result.refused:
            raise typer.Exit(PROBLEM)


class PlanRefusedError(OperationError):
    """An ``up`` would be refused; ``plan`` says why, and what else would change."""

    def __init__(self, plan: Plan) -> None:
        super().__init__("\n".join(plan.refused))
        self.plan = plan


def plan_of(engine: Engine, stack: Stack, systems: Sequence[str] = (), without: Sequence[str] = ()) -> Plan:
    """Return what an up would do now to ``systems``, or to all but those ``without``.

    Raises ``PlanRefusedError`` when an up would be refused, ``OperationError`` when nothing can be said.
    """
    failure: str | None = None
    try:
        document = engine.preview(systems)
    except RefusedError as error:
        document, failure = error.document, str(error) or "the preview failed, and does not say why"
    steps = limited(document["steps"], stack, systems, without)
    calculation = Calculation(stack.settings.plan, stack.settings.stack.prices, stack.settings.stack.usage)
    changes = changes_of(steps)
    result = Plan(
        stack=stack.name,
        commit=current_commit(project_directory()),
        files=changes_digest(project_directory()),
        systems=tuple(systems),
        without=tuple(without),
        changes=changes,
        refused=() if failure is None else tuple(refusals(document, changes)) or (failure,),
        money=of_document(steps, calculation, stack.settings),
    )
    if result.refused:
        raise PlanRefusedError(result)
    return result


def read(file: Path, stack: str) -> Plan:
    """Return the plan in ``file``; raises ``OperationError``, and ``CallError`` for a plan of another stack."""
    plan = read_document(file, Plan, command="railyard plan", option="--out", limit=_LARGEST)
    if plan.stack != stack:
        raise CallError(f"{shown(file)} is a plan of {plan.stack}: give --stack {plan.stack}, or another plan")
    return plan


def text(plan: Plan, *, markdown: bool = False) -> Iterator[str]:
    """Yield the lines of the plan for people; ``markdown``: those of a ``diff`` block, coloured by their first sign."""
    summary = f"refused: {counted(plan.changes)}" if plan.refused else counted(plan.changes)
    yield f"{plan.stack} at {plan.commit[:7] or 'an unknown commit'}: {summary}"
    for reason in plan.refused:
        yield from (f"  refused: {line}" if not at else f"    {line}" for at, line in enumerate(reason.splitlines()))
    for system, changes in by_system(plan.changes).items():
        yield f"  {system or 'the stack itself'}"
        for change in changes:
            lines = change_lines(change, True) if markdown else change_lines(change, True, lambda kind: kind.sign)
            yield from (line if markdown else f"    {line}" for line in lines)
    if plan.money and plan.money.systems:
        yield f"  {plan.money.sentence()}"


def differences(reviewed: Plan, now: Plan) -> list[str]:
    """Return why ``now`` is not what was reviewed, a line each; empty when it is."""
    lines: list[str] = []
    if reviewed.commit != now.commit:
        lines.append(f"the plan is of {commit_name(reviewed.commit)}, this is {commit_name(now.commit)}")
    elif reviewed.files != now.files:
        lines.append(f"the plan is of {commit_name(reviewed.commit)}, and files were changed again since")
    lines += [f"not in the plan: {line}" for line in _only(now.changes, reviewed.changes)]
    lines += [f"only in the plan: {line}" for line in _only(reviewed.changes, now.changes)]
    return lines


def _only(these: Sequence[Change], others: Sequence[Change]) -> Iterator[str]:
    for change in these:
        if change not in others:
            values = ", ".join(f"{each.path}: {each.old} → {each.new}" for each in change.properties)
            yield f"{change.kind.sign} {change.type} {change.name}" + (f" ({values})" if values else "")
