"""``railyard rollback``: the settings of a stack go back to what a system ran before and was healthy with.

Owns the command: what it asks, what it prints and how it ends. To what it leads is chosen in ``rollback_choice``, what
Railway does at once is ``rollback_now``'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from railway_api.counting import count
from railyard.accounts.railway_client import Railway, connected
from railyard.promote.promote import SandboxOption, show_edit
from railyard.promote.proof import short
from railyard.promote.rollback_choice import Ledger, Step, choose
from railyard.promote.rollback_now import Action, ServiceRollback, roll_back, service_rollbacks
from railyard.promote.settings_file import Edit, edited
from railyard.promote.system_in_stack import releases, sides, versions
from railyard.shared.console import CallError, JsonOption, OperationError, check_can_ask, reported_errors, write_json
from railyard.shared.options import DryRunOption, LastStackOption
from railyard.shared.stack import Stack, read_stack

ToOption = Annotated[
    str | None, typer.Option("--to", metavar="COMMIT", help="A commit or tag that it ran before.", show_default=False)
]
_DONE = {
    Action.NOTHING: "serves it already",
    Action.CANCEL: "serves it already; the deployment under way is cancelled",
    Action.ROLL_BACK: "Railway runs its former deployment again",
}


@dataclass(frozen=True, kw_only=True)
class Rollback:
    """All that a rollback comes to."""

    stack: Stack
    system: str
    steps: tuple[Step, ...]
    ledgers: tuple[Ledger, ...]
    services: tuple[ServiceRollback, ...]
    """Services that Railway rolls back at once; empty without ``--now``."""
    edit: Edit

    def document(self) -> dict[str, Any]:
        """Return the same for programs."""
        return {
            "stack": self.stack.name,
            "system": self.system,
            "moves": [
                {
                    "keys": [".".join(map(str, key)) for key in step.release.keys],
                    "from": step.was,
                    "to": step.value,
                    "origin": step.origin,
                    "skipped": list(step.skipped),
                }
                for step in self.steps
            ],
            "services": [
                {"service": each.service, "action": each.action, "deployment": each.deployment}
                for each in self.services
            ],
            "file": self.edit.file.name,
            "difference": self.edit.lines,
        }


def rollback(
    system: Annotated[str, typer.Argument(metavar="SYSTEM", show_default=False)],
    stack_name: LastStackOption = "",
    to: Annotated[
        str | None, typer.Option("--to", metavar="COMMIT", help="A commit or tag that it ran before.")
    ] = None,
    *,
    now: Annotated[bool, typer.Option("--now", help="Let Railway roll back at once, then write the settings.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="With --now: do not ask.")] = False,
    dry_run: DryRunOption = False,
    sandbox: SandboxOption = False,
    json: JsonOption = False,
) -> None:
    """Write what a system ran before, and was healthy with, into the settings of a stack.

    Without --to it is the value before the present one in the git history of the settings file, or in Railway's list
    of deployments where the settings name a branch alone.

    With --now Railway first runs the former deployments again, with their images and their variables of then, and the
    settings are written when all of them are healthy.
    """
    with reported_errors(json=json), ExitStack() as exits:
        if now and not (yes or dry_run):
            check_can_ask("--dry-run to see what would be done", json=json)
        stack = read_stack(stack_name, sandbox=sandbox)
        stack.chosen([system])
        railway = exits.enter_context(connected(stack, sandbox=sandbox, about=system))
        plan = _rollback(railway, stack, system, to, now=now)
        if not json:
            _show(plan)
        if dry_run or (not plan.edit.lines and not _acts(plan.services)):
            _end(plan, {}, json=json, written=False, dry_run=dry_run)
            return
        if now and not yes and _acts(plan.services) and not typer.confirm(f"Roll {system} back on Railway now?"):
            raise OperationError("nothing was changed")
        serving = railway.run(roll_back(railway.client, plan.ledgers[0].side, plan.services)) if now else {}
        plan.edit.write()
        _end(plan, serving, json=json, written=bool(plan.edit.lines), dry_run=False)


def _rollback(railway: Railway, stack: Stack, system: str, to: str | None, *, now: bool) -> Rollback:
    side = railway.run(sides(railway, stack, [system]))[system]
    if side.running.project_id is None:
        raise OperationError(
            f"{stack.name} has no project {side.running.project_name} on Railway: nothing runs that could go back"
        )
    settings_versions = versions(edited(stack.name, {}).file)
    own_releases = releases(system, stack.settings.systems[system])
    if not own_releases:
        raise CallError(f"{system} runs nothing of its own")
    ledgers = [Ledger(system=system, release=each, side=side, versions=settings_versions) for each in own_releases]
    steps = choose(ledgers, to)
    by_name = {ledger.release.name: ledger for ledger in ledgers}
    plan = stack.settings.plan
    services = (
        [each for step in steps for each in service_rollbacks(step, by_name[step.release.name], plan)] if now else []
    )
    changes = {
        (system, *key): step.value
        for step in steps
        for key in step.release.keys
        if step.was is None or not by_name[step.release.name].same(step.was, step.value)
    }
    return Rollback(
        stack=stack,
        system=system,
        steps=tuple(steps),
        ledgers=tuple(ledgers),
        services=tuple(services),
        edit=edited(stack.name, changes),
    )


def _acts(services: Sequence[ServiceRollback]) -> bool:
    return any(each.action is not Action.NOTHING for each in services)


def _show(plan: Rollback) -> None:
    for step in plan.steps:
        before = "not pinned" if step.was is None else short(step.was)
        typer.echo(f"{step.system} {step.release.name}: {before} → {short(step.value)} ({step.origin})")
        for skipped in step.skipped:
            typer.echo(f"  not to {skipped}")
    for each in plan.services:
        typer.echo(f"  {each.service}: {_DONE[each.action]}, deployment {each.deployment}")
    if _acts(plan.services):
        typer.echo("  Railway restores the variables of these deployments too; today's come back with the next up")
    show_edit(plan.edit)


def _end(plan: Rollback, serving: dict[str, str], *, json: bool, written: bool, dry_run: bool) -> None:
    name = plan.edit.file.name
    if json:
        write_json(plan.document() | {"serving": serving, "written": written})
        return
    for service, deployment in serving.items():
        typer.echo(f"{service} is healthy: deployment {deployment}")
    if dry_run:
        typer.echo(f"would change {name}" if plan.edit.lines else f"{name} would stay as it is")
    elif written:
        typer.echo(f"changed {name}")
    else:
        typer.echo(f"{name} says so already" if serving else "nothing to roll back")
    if serving:
        again = count(len(serving), "service")
        typer.echo(
            f"next: merge {name}; the next up of {plan.stack.name} deploys {again} once more, with the same "
            "image and today's variables"
        )
    elif written:
        typer.echo(f"next: merge {name} and bring {plan.stack.name} up, which deploys it")
