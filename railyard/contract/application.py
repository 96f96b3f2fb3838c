"""The command: which points, where, and how its result is shown.

Exit codes: 0 all that was tried is as assumed, 1 something is otherwise or could not be told, 2 the call was wrong.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Coroutine, Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from railway_api.client import Client
from railway_api.failure import Failure
from railway_api.json_text import json_text
from railway_api.plans import PLANS, Plan
from railyard.contract import report
from railyard.contract.account_under_test import Account, CallError, account, workspace_of
from railyard.contract.checks import POINTS
from railyard.contract.doubtful_point import DoubtfulPoint
from railyard.contract.report import Cost, cost_of
from railyard.contract.skipped import SKIPPED
from railyard.contract.suite import Run
from railyard.contract.throwaway_project import delete, left_over
from railyard.shared.console import PROBLEM, WIDE, WRONG_CALL, JsonOption

application = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@application.command()
def live(
    only: Annotated[str, typer.Option(help="Only these points, such as 1,14.")] = "",
    workspace: Annotated[str | None, typer.Option(help="The workspace's id, when the token reaches several.")] = None,
    plan: Annotated[Plan, typer.Option(help="The plan whose request budget is kept.")] = Plan.HOBBY,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Start on a real account.")] = False,
    clean: Annotated[bool, typer.Option("--clean", help="Delete what killed runs left, and try nothing.")] = False,
    json: JsonOption = False,
) -> None:
    """Try the doubtful points of Railway's API (docs/doubtful-points.md) in one throwaway project.

    With RAILWAY_API_TOKEN set on that account, else in the sandbox.
    """
    try:
        points = chosen(only)
        with account(os.environ, plan) as tested_account:
            work = (
                _clean(tested_account, workspace, json=json)
                if clean
                else _try(tested_account, workspace, points, yes=yes, json=json)
            )
            good = asyncio.run(_until_told_to_end(work))
    except Failure as failure:
        if json:
            typer.echo(json_text({"error": str(failure)}))
        else:
            typer.echo(f"error: {failure}", err=True)
        raise typer.Exit(WRONG_CALL if isinstance(failure, CallError) else PROBLEM) from None
    except KeyboardInterrupt:
        # The first Ctrl-C deletes the project and ends the run; this is a second one, during the clean-up.
        typer.echo("interrupted again: the project may still be there, 'make live CLEAN=1' deletes it", err=True)
        raise typer.Exit(PROBLEM) from None
    if not good:
        raise typer.Exit(PROBLEM)


def chosen(only: str) -> Sequence[DoubtfulPoint]:
    """Return the points of a list of numbers, all points for an empty one; raises ``CallError`` for a wrong number."""
    points = {str(each.number): each for each in POINTS}
    names = [each.strip() for each in only.split(",") if each.strip()]
    skipped = {str(number): reason for number, reason in SKIPPED.items()}
    for number in names:
        if number in skipped:
            raise CallError(f"point {number} is not tried, because {skipped[number]}")
        if number not in points:
            raise CallError(f"there is no point {number}: docs/doubtful-points.md has them all")
    return [each for each in POINTS if not names or str(each.number) in names]


async def _until_told_to_end(work: Coroutine[Any, Any, bool]) -> bool:
    """Return the result of ``work``, False when it is cancelled; SIGTERM cancels it as Ctrl-C does."""
    task = asyncio.ensure_future(work)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        return False


async def _try(
    tested_account: Account, workspace: str | None, points: Sequence[DoubtfulPoint], *, yes: bool, json: bool
) -> bool:
    cost = cost_of(points)
    console = Console(stderr=True)
    console.print(report.plan(points, cost, tested_account.place), highlight=False, soft_wrap=True)
    _check_budget(cost, tested_account.configuration.plan)
    if tested_account.real and not yes:
        raise CallError("nothing was sent yet: start with --yes ('make live YES=1')")
    client = tested_account.client()
    try:
        run = Run(client, await workspace_of(client, workspace))
        await _name_left_over(client, run.workspace_id, console)
        try:
            await _run(run, points, console)
        finally:
            if run.results:
                _show(run, cost, tested_account.place, json=json)
        return run.all_as_assumed
    finally:
        await client.close()


def _check_budget(cost: Cost, plan: Plan) -> None:
    if cost.requests > (allowed := PLANS[plan].requests.per_hour):
        text = f"the {plan} plan allows {allowed} requests an hour: choose fewer points, as with --only 1,14"
        raise CallError(f"{text}, or another --plan if you have it")


async def _run(run: Run, points: Sequence[DoubtfulPoint], console: Console) -> None:
    with console.status("making the throwaway project...") as status:
        try:
            # Brackets in a question are no markup.
            await run.start(points, lambda text: status.update(Text(text)))
        except asyncio.CancelledError:
            console.print(f"interrupted: {run.leftover or f'the project {run.project} was deleted'}", soft_wrap=True)
            raise


def _show(run: Run, cost: Cost, place: str, *, json: bool) -> None:
    if json:
        typer.echo(json_text(report.document(run, cost, place)))
        return
    console = Console()
    console = console if console.is_terminal else Console(width=WIDE)
    console.print(report.table(run))


async def _name_left_over(client: Client, workspace_id: str | None, console: Console) -> None:
    if projects := await left_over(client, workspace_id):
        names = ", ".join(each["name"] for each in projects)
        text = f"An earlier run was killed, or another one is under way: {names}. 'make live CLEAN=1' deletes them."
        console.print(text, style="yellow", soft_wrap=True)


async def _clean(tested_account: Account, workspace: str | None, *, json: bool) -> bool:
    client = tested_account.client()
    try:
        workspace_id = await workspace_of(client, workspace)
        projects = await left_over(client, workspace_id)
        failures: dict[str, str] = {}
        for each in projects:
            try:
                await delete(client, each, workspace_id)
            except Failure as failure:
                failures[each["name"]] = str(failure)
    finally:
        await client.close()
    names = [each["name"] for each in projects if each["name"] not in failures]
    if json:
        typer.echo(json_text({"place": tested_account.place, "deleted": names, "leftBehind": failures}))
    elif names or failures:
        typer.echo(f"deleted: {', '.join(names) or 'none'}")
        for name, text in failures.items():
            typer.echo(f"error: {name}: {text}", err=True)
    else:
        typer.echo(f"nothing was left on {tested_account.place}")
    return not failures
