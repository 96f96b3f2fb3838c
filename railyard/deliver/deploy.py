"""``railyard deploy``: the reviewed plan, ``up``, checks, on failure the way back, and a message to who is on call.

Owns the order of these, and what is said of how it ended. Each of them is another module's work.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from railway_api.counting import count
from railyard.accounts.github import GitHub
from railyard.accounts.railway_client import Railway, SandboxOption, connected
from railyard.accounts.running_services_query import running_systems
from railyard.deliver import notify
from railyard.deliver import plan as deploy_plan
from railyard.deliver.plan import Plan
from railyard.engine.engines import Engine, engine_for
from railyard.operate.verify_checks import Result as Check
from railyard.operate.verify_checks import verify
from railyard.review import checkout as diff_checkout
from railyard.review.resource_changes import Change, counted
from railyard.shared.console import PROBLEM, CallError, JsonOption, OperationError, StackOption, people, write_json
from railyard.shared.project import project_directory
from railyard.shared.stack import Stack, read_stack

PlanOption = Annotated[
    Path | None, typer.Option("--plan", metavar="FILE", help="The reviewed plan; stop when the world has changed.")
]
BackOption = Annotated[
    str,
    typer.Option(
        "--rollback-to",
        metavar="COMMIT",
        help="Where to go back to on failure. Default: at GitHub the last commit whose deployment succeeded, elsewhere "
        "the one before HEAD, or HEAD where files differ from it.",
    ),
]

LOOKED_AGAIN_AFTER_S: Final = (15, 45)
"""A new name or a cache takes a moment: no single glance takes a release back. In API time."""


class Result(StrEnum):
    """How a deployment ended."""

    DEPLOYED = "deployed"
    """What was planned runs and is healthy."""
    STOPPED = "stopped"
    """Nothing was begun."""
    ROLLED_BACK = "rolled back"
    """It failed, and what ran before runs again and is healthy."""
    BROKEN = "broken"
    """It failed, and so did the way back, or there is none: somebody has to look."""


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How it ended and why."""

    result: Result
    commit: str
    changes: str = "nothing changes"
    problems: Sequence[str] = ()
    back_to: str = ""
    """The commit that was gone back to."""
    back_problems: Sequence[str] = ()
    """What went wrong on the way back."""
    notices: Sequence[str] = ()
    """What fails as well, and no release can have broken."""

    @property
    def same_again(self) -> bool:
        """Whether it was gone back to the very commit that failed, since that one had succeeded before."""
        return self.back_to == self.commit != ""

    def document(self, stack: str) -> dict[str, Any]:
        """For programs."""
        return {
            "stack": stack,
            "result": self.result.value,
            "commit": self.commit,
            "changes": self.changes,
            "problems": list(self.problems),
            "rolledBackTo": self.back_to or None,
            "rollbackProblems": list(self.back_problems),
            "notices": list(self.notices),
        }


def deploy(
    stack: StackOption = "staging",
    plan: PlanOption = None,
    rollback_to: BackOption = "",
    *,
    sandbox: SandboxOption = False,
    json: JsonOption = False,
) -> None:
    """Bring a stack up as it was reviewed, check it, and go back when it fails.

    With --plan nothing begins unless an up would do exactly what the plan says. On failure the stack is brought back to
    the commit before, and the message for whoever is on call goes to DISCORD_WEBHOOK_URL and SLACK_WEBHOOK_URL, where
    they are set. Exit code 1 for everything but success. What the release cannot have broken, such as a certificate
    that was not renewed, is told in the same way and is no failure.
    """
    with people(json=json):
        ending = _carried_out(stack, plan, rollback_to, sandbox=sandbox, quiet=json)
        if json:
            write_json(ending.document(stack))
        else:
            typer.echo(f"{stack}: {ending.result.value}")
            for problem in (*ending.problems, *ending.back_problems):
                typer.echo(f"  {problem}")
            for notice in ending.notices:
                typer.echo(f"  not of this release: {notice}")
        if ending.result is not Result.DEPLOYED or ending.notices:
            notify.tell(message(stack, ending))
        if ending.result is not Result.DEPLOYED:
            raise typer.Exit(PROBLEM)


def _carried_out(stack: str, plan: Path | None, rollback_to: str, *, sandbox: bool, quiet: bool) -> Ending:
    """All of it. Whatever stops it before it begins is an ending too, of which whoever is on call has to hear."""
    try:
        work = Deployment(read_stack(stack), sandbox=sandbox, quiet=quiet)
        return work.carry_out(deploy_plan.read(plan) if plan else None, rollback_to)
    except CallError:
        raise
    except OperationError as error:
        return Ending(result=Result.STOPPED, commit=deploy_plan.current_commit(), problems=[str(error)])


class Deployment:
    """One deployment of one stack."""

    def __init__(self, stack: Stack, *, sandbox: bool, quiet: bool) -> None:
        self._stack, self._sandbox, self._quiet = stack, sandbox, quiet
        self._engine: Engine = engine_for(stack, sandbox=sandbox)

    def carry_out(self, reviewed: Plan | None, rollback_to: str) -> Ending:
        """Do it all; raises ``OperationError`` only while nothing has begun."""
        commit = deploy_plan.current_commit()
        root = project_directory()
        back = diff_checkout.commit(root, rollback_to) if rollback_to else ""
        now = deploy_plan.plan_of(self._engine, self._stack)
        if reviewed and (found := deploy_plan.differences(reviewed, now)):
            return Ending(result=Result.STOPPED, commit=commit, problems=[WORLD_CHANGED, *found])
        self._say(f"{self._stack.name}: {counted(now.changes)}")
        problems, notices = self._brought_up(root, now.changes)
        ending = Ending(
            result=Result.BROKEN if problems else Result.DEPLOYED,
            commit=commit,
            changes=counted(now.changes),
            problems=problems,
            notices=notices,
        )
        if problems:
            self._say("it failed:", *problems)
            return self._roll_back(ending, now.changes, back)
        return ending

    def _brought_up(self, project: Path, changes: Sequence[Change]) -> tuple[list[str], list[str]]:
        """Up and checks: what went wrong, and what fails that ``changes`` cannot have broken."""
        problems = self._engine.up_all(project, quiet=self._quiet)
        return (problems, []) if problems else self._unhealthy(changes)

    def _unhealthy(self, changes: Sequence[Change]) -> tuple[list[str], list[str]]:
        """What `railyard verify` finds wrong with what runs now, in the same two parts."""
        try:
            with connected(self._stack, sandbox=self._sandbox) as railway:
                results = railway.run(last_look(railway, self._stack, say=self._say))
        except OperationError as error:
            return [f"whether it is healthy could not be found out: {error}"], []
        self._say(f"{count(len(results), 'check')} of railyard verify done")
        parts: tuple[list[str], list[str]] = ([], [])
        for each in results:
            if not each.passed:
                parts[not can_have_broken(each, changes)].append(f"{each.where} {each.check}: {each.found}")
        return parts

    def _roll_back(self, failed: Ending, changes: Sequence[Change], wanted: str) -> Ending:
        root = project_directory()
        commit = wanted or _before(root, self._stack.name)
        if not commit:
            return failed
        self._say(f"going back to {commit[:7]}")
        with tempfile.TemporaryDirectory(prefix="railyard-rollback-") as folder:
            project = Path(folder) / "project"
            try:
                diff_checkout.unpack(root, commit, project)
                problems, notices = self._brought_up(project, changes)
            except OperationError as error:
                problems, notices = [str(error)], failed.notices
        result = Result.BROKEN if problems else Result.ROLLED_BACK
        return replace(failed, result=result, back_to=commit, back_problems=problems, notices=notices)

    def _say(self, *lines: str) -> None:
        if not self._quiet:
            for line in lines:
                typer.echo(line)


def can_have_broken(failed: Check, changes: Sequence[Change]) -> bool:
    """Whether bringing up ``changes`` can be why a check fails: else going back would mend nothing."""
    return failed.broken_by is None or any(change.type.startswith(failed.broken_by) for change in changes)


async def last_look(
    railway: Railway, stack: Stack, systems: Sequence[str] = (), *, say: Callable[[str], object]
) -> Sequence[Check]:
    """The checks of `railyard verify`, made again a little later while one of them fails."""

    async def look() -> Sequence[Check]:
        return await verify(railway, stack, await running_systems(railway.client, stack, systems))

    results = await look()
    for pause_s in LOOKED_AGAIN_AFTER_S:
        failed = [each for each in results if not each.passed]
        if not failed:
            break
        say(f"{count(len(failed), 'check')} of {len(results)} failed; looking again in {pause_s} s")
        await railway.client.clock.sleep(pause_s)
        results = await look()
    return results


WORLD_CHANGED = "an up would not do what was reviewed; nothing was begun. Plan again, and review that:"


def _before(root: Path, stack: str) -> str:
    """The commit that ran before this one, as well as it can be known; empty when it cannot."""
    try:
        found = GitHub().last_deployed(stack)
    except OperationError:
        found = None
    # Files that were changed by hand came after HEAD.
    here = deploy_plan.current_commit()
    try:
        return found or diff_checkout.commit(root, "HEAD" if here.endswith(deploy_plan.CHANGED) else "HEAD^")
    except OperationError:
        return ""


def message(stack: str, ending: Ending) -> notify.Message:
    """What whoever is on call gets to read."""
    commit = deploy_plan.commit_name(ending.commit)
    verify = f"./bin/railyard verify -s {stack}"
    mend = f"Revert {commit} or mend it in a pull request: the next deployment tries it again."
    if ending.same_again:
        mend = f"{commit} had been deployed before, and is not to blame: read what failed, and run the workflow again."
    title, runs_now, next_step = {
        Result.DEPLOYED: (
            f"{stack} was deployed, and something else fails",
            f"{commit}, all services healthy.",
            f"Nobody has to get up. {verify} says what to do about each.",
        ),
        Result.STOPPED: (
            f"{stack} was not deployed",
            "What ran before: nothing was begun.",
            "Read the problem, plan again (run the workflow once more), and approve what it shows.",
        ),
        Result.ROLLED_BACK: (
            f"{stack} was rolled back",
            f"{ending.back_to[:7]} again, all services healthy.",
            f"Nobody has to get up. {mend}",
        ),
        Result.BROKEN: (
            f"{stack} is broken: somebody has to look",
            _mix(ending),
            f"./bin/railyard status -s {stack}, then ./bin/railyard logs -s {stack} for what is unhealthy; "
            f"./bin/railyard rollback SYSTEM -s {stack} --now goes back with Railway's own rollback.",
        ),
    }[ending.result]
    return notify.Message(
        title=title,
        failed="\n".join([*ending.problems, *(f"not of this release: {each}" for each in ending.notices)]),
        where=f"stack {stack}, commit {commit} ({ending.changes})",
        runs_now=runs_now,
        next_step=next_step,
        link=notify.run_link(),
        good=ending.result is Result.DEPLOYED,
    )


def _mix(ending: Ending) -> str:
    kept = "A service whose new deployment is unhealthy keeps serving its old one."
    problems = "; ".join(ending.back_problems)
    if ending.same_again:
        return f"Part of {ending.commit[:7]}, which had been deployed before and failed once more: {problems}. {kept}"
    if not ending.back_to:
        return f"Part of {ending.commit[:7]}; there is no commit to go back to. {kept}"
    return f"A mix of {ending.commit[:7]} and {ending.back_to[:7]}, to which going back failed: {problems}. {kept}"
