"""``railyard drift``: what was changed by hand, found without changing anything, and one issue that reports it.

Owns the command and the issue's text. An engine finds the differences by reading what exists.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

import typer

from railway_api.counting import count
from railyard.accounts.github import GitHub, Posted
from railyard.accounts.railway_client import SandboxOption
from railyard.deliver.notify import run_link, write_told_output
from railyard.deliver.system_release import limited
from railyard.engine.engine import Engine
from railyard.engine.engines import engine_for
from railyard.output.values import SECRET_TEXT
from railyard.review.comment_text import LONGEST, block, change_lines, code
from railyard.review.resource_changes import Change, Kind, changes_of
from railyard.shared.console import (
    PROBLEM,
    CallError,
    JsonOption,
    OperationError,
    SystemsArgument,
    reported_errors,
    write_json,
)
from railyard.shared.options import StackOption
from railyard.shared.stack import read_stack
from stacks.project_folder import RAILYARD

_SHOWN: Final = 100
"""Resources in one issue."""
_OF_DEPLOYMENTS: Final = frozenset(
    {"image", "repo", "branch", "commitSha", "deploymentId", "deploymentStatus", "rolledBackDeploymentId"}
)
"""Properties of a service that say what is deployed, and how the deployment is."""

IssueOption = Annotated[
    bool, typer.Option("--issue", help="Open or update the issue at GitHub; close it when nothing differs any more.")
]


def drift(
    systems: SystemsArgument = None,
    stack_name: StackOption = "",
    *,
    issue: IssueOption = False,
    sandbox: SandboxOption = False,
    json: JsonOption = False,
) -> None:
    """Compare what exists with the state, of all systems or those named, and change neither.

    Exit code 1 when something differs. What the settings say already, after `rollback --now` for example, is reported
    and is not drift. With --issue it needs GITHUB_TOKEN with issues: write, and GITHUB_REPOSITORY.
    """
    with reported_errors(json=json):
        if systems and issue:
            raise CallError("--issue is about the whole stack: leave out the systems, or --issue")
        stack = read_stack(stack_name)
        stack.chosen(systems or ())
        engine = engine_for(stack, sandbox=sandbox)
        differences = changes_of(limited(engine.drift()["steps"], stack, systems or ()))
        waiting = _waiting(differences, engine) if differences else ()
        changes = [change for change in differences if change not in waiting]
        posted = _report(stack_name, changes) if issue else None
        if posted:
            write_told_output()
        if json:
            issue_document = {"action": posted.action, "url": posted.url} if posted else None
            write_json(
                {
                    "stack": stack_name,
                    "drifted": bool(changes),
                    "changes": [change.model_dump(mode="json") for change in changes],
                    "waiting": [change.model_dump(mode="json") for change in waiting],
                    "issue": issue_document,
                }
            )
        else:
            _show(stack_name, changes, waiting, posted)
    if changes:
        raise typer.Exit(PROBLEM)


def _waiting(differences: Sequence[Change], engine: Engine) -> tuple[Change, ...]:
    """Return the differences between the state and what exists that the next ``up`` settles, since settings say so.

    ``rollback --now`` lets Railway run what it ran before and writes that into the settings, not into the state. A
    deployment that failed is tried again by the next ``up``, which then is an update without a difference.
    """
    try:
        planned = {change.urn: change for change in changes_of(engine.preview()["steps"]) if change.kind is Kind.UPDATE}
    except OperationError:
        return ()  # what the next up does is not known
    return tuple(change for change in differences if change.urn in planned and _settles(planned[change.urn], change))


def _settles(planned: Change, change: Change) -> bool:
    """Tell whether ``planned`` sets all that differs; without a difference of its own it only deploys again."""
    if change.kind is not Kind.UPDATE:
        return False
    if not planned.properties:
        return all(each.path in _OF_DEPLOYMENTS for each in change.properties)
    planned_values = {each.path: each.new for each in planned.properties}
    # Two secrets look alike, whatever they are.
    return all(planned_values.get(each.path) == each.new != SECRET_TEXT for each in change.properties)


def _show(stack: str, changes: Sequence[Change], waiting: Sequence[Change], posted: Posted | None) -> None:
    if not changes and not waiting:
        typer.echo(f"{stack}: what exists is what the state says")
    if waiting:
        systems = " ".join(sorted({change.system.lower() for change in waiting if change.system}))
        names = ", ".join(change.name for change in waiting)
        typer.echo(
            f"{stack}: {count(len(waiting), 'resource')} waiting for the next up, after a rollback or a deployment "
            f"that failed: {names}\n  next: {RAILYARD} deploy {systems} -s {stack} settles it"
        )
    for line in _lines(changes):
        typer.echo(line)
    if changes:
        typer.echo(f"{stack}: {count(len(changes), 'resource')} changed outside of Railyard")
    if posted:
        typer.echo(f"issue {posted.action}: {posted.url}")


def marker(stack: str) -> str:
    """Return by what the issue of a stack is found again."""
    return f"<!-- railyard drift: {stack} -->"


def _report(stack: str, changes: Sequence[Change]) -> Posted | None:
    github = GitHub()
    if changes:
        return github.issue(marker(stack), f"Drift in {stack}", body(stack, changes))
    return github.close_issue(marker(stack), f"What exists in {code(stack)} is what the state says again.")


def body(stack: str, changes: Sequence[Change]) -> str:
    """Return the issue: what differs, and the two ways to fix it."""
    lines = [marker(stack), f"{count(len(changes), 'resource')} of {code(stack)} changed outside of Railyard."]
    lines += ["`-` is what the state says, and what the next `up` may bring back; `+` is what exists.", ""]
    shown = _fitting([_sides(change) for change in changes])
    lines += block("diff", [line for sides in shown for line in sides])
    if len(changes) > len(shown):
        lines.append(f"and {len(changes) - len(shown)} more: `{RAILYARD} drift -s {stack}` shows all")
    lines += [
        "",
        "Two ways to fix it:",
        f"- It was a mistake: `pulumi up -s {stack} --refresh` brings back what the settings say.",
        f"- It is wanted: write it into `Pulumi.{stack}.yaml`, so that the next `up` keeps it.",
        "",
        "This issue is closed when nothing differs any more.",
    ]
    run = run_link()
    return "\n".join(lines) + (f"\n\n[The run that found it]({run})" if run else "")


def _fitting(changes: Sequence[list[str]]) -> Sequence[list[str]]:
    """Return as many of them as one issue takes, each as a whole."""
    room, most = LONGEST, 0
    for lines in changes[:_SHOWN]:
        room -= sum(len(line) + 1 for line in lines)
        if room < 0:
            break
        most += 1
    return changes[:most]


def _sides(change: Change) -> list[str]:
    if change.kind is Kind.DELETE:
        return [f"- {change.type} {change.name} exists", f"+ {change.type} {change.name} is gone"]
    lines = [f"  {change.type} {change.name}"]
    for each in change.properties:
        lines += [f"-     {each.path}: {each.old}", f"+     {each.path}: {each.new}"]
    return lines


def _lines(changes: Sequence[Change]) -> list[str]:
    return [
        line
        for change in changes
        for line in (
            [f"- {change.type} {change.name} is gone"]
            if change.kind is Kind.DELETE
            else change_lines(change, True, lambda kind: kind.sign)
        )
    ]
