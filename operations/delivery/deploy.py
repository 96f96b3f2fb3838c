"""``railyard deploy``: the reviewed plan, ``up``, checks, on failure the way back, and a message to who is on call.

Owns the order of these, and what is said of how it ended. Each of them is another module's work.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from operations import stack as stack_module
from operations.changes import counted
from operations.console import PROBLEM, CallError, JsonOption, OperationError, StackOption, people, write_json
from operations.delivery import notify
from operations.delivery import plan as deploy_plan
from operations.delivery.github import GitHub
from operations.delivery.plan import Plan
from operations.diff import checkout as diff_checkout
from operations.engines import Engine, engine_for
from operations.railway import Railway, SandboxOption, connected
from operations.running_systems import running_systems
from operations.stack import Stack, read_stack
from operations.verify_checks import Result as Check
from operations.verify_checks import verify
from pulumiverse_railway.provider.kernel.counting import count

PlanOption = Annotated[
    Path | None, typer.Option("--plan", metavar="FILE", help="The reviewed plan; stop when the world has changed.")
]
BackOption = Annotated[
    str,
    typer.Option(
        "--rollback-to",
        metavar="COMMIT",
        help="Where to go back to on failure. Default: at GitHub the last commit whose deployment succeeded, elsewhere "
        "the one before HEAD.",
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
    they are set. Exit code 1 for everything but success.
    """
    with people(json=json):
        ending = _carried_out(stack, plan, rollback_to, sandbox=sandbox, quiet=json)
        if json:
            write_json(ending.document(stack))
        else:
            typer.echo(f"{stack}: {ending.result.value}")
            for problem in (*ending.problems, *ending.back_problems):
                typer.echo(f"  {problem}")
        if ending.result is not Result.DEPLOYED:
            for warning in notify.send(message(stack, ending)):
                typer.echo(f"warning: {warning}", err=True)
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
        root = stack_module.ROOT
        back = diff_checkout.commit(root, rollback_to) if rollback_to else ""
        now = deploy_plan.plan_of(self._engine, self._stack)
        if reviewed and (found := deploy_plan.differences(reviewed, now)):
            return Ending(result=Result.STOPPED, commit=commit, problems=[WORLD_CHANGED, *found])
        self._say(f"{self._stack.name}: {counted(now.changes)}")
        problems = self._up(root) or self._unhealthy()
        changes = counted(now.changes)
        if not problems:
            return Ending(result=Result.DEPLOYED, commit=commit, changes=changes)
        self._say("it failed:", *problems)
        return self._roll_back(Ending(result=Result.BROKEN, commit=commit, changes=changes, problems=problems), back)

    def _up(self, project: Path) -> list[str]:
        try:
            return self._engine.up_all(project, quiet=self._quiet)
        except OperationError as error:
            return [str(error)]

    def _unhealthy(self) -> list[str]:
        """What `railyard verify` finds wrong with what runs now."""
        try:
            with connected(self._stack, sandbox=self._sandbox) as railway:
                results = railway.run(last_look(railway, self._stack, say=self._say))
        except OperationError as error:
            return [f"whether it is healthy could not be found out: {error}"]
        self._say(f"{count(len(results), 'check')} of railyard verify done")
        return [f"{each.where} {each.check}: {each.found}" for each in results if not each.passed]

    def _roll_back(self, failed: Ending, wanted: str) -> Ending:
        root = stack_module.ROOT
        commit = wanted or _before(root, self._stack.name)
        if not commit:
            return failed
        self._say(f"going back to {commit[:7]}")
        with tempfile.TemporaryDirectory(prefix="railyard-rollback-") as folder:
            project = Path(folder) / "project"
            try:
                diff_checkout.unpack(root, commit, project)
            except OperationError as error:
                problems = [str(error)]
            else:
                problems = self._up(project) or self._unhealthy()
        return Ending(
            result=Result.BROKEN if problems else Result.ROLLED_BACK,
            commit=failed.commit,
            changes=failed.changes,
            problems=failed.problems,
            back_to=commit,
            back_problems=problems,
        )

    def _say(self, *lines: str) -> None:
        if not self._quiet:
            for line in lines:
                typer.echo(line)


async def last_look(
    railway: Railway, stack: Stack, systems: Sequence[str] = (), *, say: Callable[[str], object]
) -> Sequence[Check]:
    """The checks of `railyard verify`, made again a little later while one of them fails."""
    results = await verify(railway, stack, await running_systems(railway.client, stack, systems))
    for pause_s in LOOKED_AGAIN_AFTER_S:
        failed = [each for each in results if not each.passed]
        if not failed:
            break
        say(f"{count(len(failed), 'check')} of {len(results)} failed; looking again in {pause_s} s")
        await railway.client.waiting.sleep(pause_s)
        results = await verify(railway, stack, await running_systems(railway.client, stack, systems))
    return results


WORLD_CHANGED = "an up would not do what was reviewed; nothing was begun. Plan again, and review that:"


def _before(root: Path, stack: str) -> str:
    """The commit that ran before this one, as well as it can be known; empty when it cannot."""
    try:
        found = GitHub().last_deployed(stack)
    except OperationError:
        found = None
    try:
        return found or diff_checkout.commit(root, "HEAD^")
    except OperationError:
        return ""


def message(stack: str, ending: Ending) -> notify.Message:
    """What whoever is on call gets to read."""
    commit = ending.commit[:7] or "an unknown commit"
    title, runs_now, next_step = {
        Result.DEPLOYED: (f"{stack} was deployed", f"{commit}, healthy", ""),
        Result.STOPPED: (
            f"{stack} was not deployed",
            "What ran before: nothing was begun.",
            "Read the problem, plan again (run the workflow once more), and approve what it shows.",
        ),
        Result.ROLLED_BACK: (
            f"{stack} was rolled back",
            f"{ending.back_to[:7]} again, all services healthy.",
            f"Nobody has to get up. Revert {commit} or mend it in a pull request: the next deployment tries it again.",
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
        failed="\n".join(ending.problems),
        where=f"stack {stack}, commit {commit} ({ending.changes})",
        runs_now=runs_now,
        next_step=next_step,
        link=notify.run_link(),
        good=ending.result is Result.DEPLOYED,
    )


def _mix(ending: Ending) -> str:
    kept = "A service whose new deployment is unhealthy keeps serving its old one."
    if not ending.back_to:
        return f"Part of {ending.commit[:7]}; there is no commit to go back to. {kept}"
    problems = "; ".join(ending.back_problems)
    return f"A mix of {ending.commit[:7]} and {ending.back_to[:7]}, to which going back failed: {problems}. {kept}"
