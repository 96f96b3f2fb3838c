"""``railyard deploy``: the reviewed plan, taken up system by system; what fails goes back, and what went well stays.

Owns the order. What a system's release is and how it ends is in ``system_release``, its messages in ``notify``.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Final, ParamSpec, TypeVar

import typer

from pulumi_operations.project import ProjectError, read_text
from railway_api.counting import count
from railyard.accounts.github import GitHub
from railyard.accounts.railway_client import Railway, SandboxOption, connected
from railyard.accounts.running_services_query import Projects, living_projects, other_systems, running_systems
from railyard.deliver import notify
from railyard.deliver import plan as deploy_plan
from railyard.deliver.notify import message
from railyard.deliver.plan import Plan
from railyard.deliver.system_release import (
    SHARED,
    DeployOutcome,
    Result,
    SystemRelease,
    by_release,
    can_have_broken,
    releases_of,
    targets_of,
)
from railyard.engine.engine import Engine
from railyard.engine.engines import engine_for
from railyard.engine.up_run import LockedError
from railyard.operate.verify_checks import Result as Check
from railyard.operate.verify_checks import verify
from railyard.review import checkout as diff_checkout
from railyard.review.resource_changes import counted
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
from railyard.shared.project import project_directory
from railyard.shared.stack import Stack, read_stack, settings_in
from stacks.problems import SettingsError
from stacks.shared_settings import file_name

PlanOption = Annotated[
    Path | None, typer.Option("--plan", metavar="FILE", help="The reviewed plan; stop when the world has changed.")
]
BackOption = Annotated[
    str,
    typer.Option(
        "--rollback-to",
        metavar="COMMIT",
        help="Commit to which a system goes back on failure. Default: at GitHub the last commit with which it "
        "succeeded, elsewhere the one before HEAD, or HEAD where files differ from it.",
    ),
]

LOOKED_AGAIN_AFTER_S: Final = (15, 45)
"""A new name or a cache takes a moment: no single glance takes a release back. In API time."""
WaitOption = Annotated[
    int, typer.Option(metavar="MINUTES", min=0, help="Time to wait while another run holds the stack.")
]
LOOKS_EVERY_S: Final = 20
"""Seconds of API time between looks whether another run has released the stack."""
Parameters = ParamSpec("Parameters")
ResultT = TypeVar("ResultT")
WORLD_CHANGED: Final = "an up would not do what was reviewed; nothing was begun. Plan again, and review that:"


def deploy(
    systems: SystemsArgument = None,
    stack: StackOption = "",
    plan: PlanOption = None,
    rollback_to: BackOption = "",
    *,
    wait: WaitOption = 50,
    sandbox: SandboxOption = False,
    json: JsonOption = False,
) -> None:
    """Bring up the systems that a change touches, or those named, check each, and take back those that fail.

    What was done by hand to a system that is named, such as a rollback in the dashboard, is undone too.
    With --plan nothing begins unless an up would do exactly what the plan says. A system that fails is brought back to
    the commit before by itself; what went well stays. The outcome is sent to DISCORD_WEBHOOK_URL and
    SLACK_WEBHOOK_URL, where they are set. What no step of the plan touches is never taken back: the same
    message reports trouble there. Exit code 1 unless every system of the plan is deployed.
    """
    with reported_errors(json=json):
        telling = notify.DeployMessage()
        how = _DeployOptions(sandbox=sandbox, quiet=json, waits_s=wait * 60)
        ending = _outcome_of(stack, systems or (), plan, rollback_to, how, telling)
        if json:
            write_json(ending.document(stack))
        else:
            for line in text(stack, ending):
                typer.echo(line)
        telling.end(message(stack, ending))
        _leave_outputs(ending)
        if ending.result is not Result.DEPLOYED:
            raise typer.Exit(PROBLEM)


def text(stack: str, outcome: DeployOutcome) -> list[str]:
    """Say for people how it ended: for the whole stack, then for each system where they differ or one failed."""
    lines = [f"{stack}: {outcome.result.value}"]
    for release in outcome.releases:
        if release.problems or len(outcome.releases) > 1:
            to = f" to {release.back_to[:7]}" if release.result is Result.ROLLED_BACK else ""
            lines.append(f"  {release.label}: {release.result.value}{to}")
            lines += [f"    {line}" for line in (*release.problems, *release.back_problems)]
    lines += [f"  {problem}" for problem in outcome.stopped]
    return [*lines, *(f"  not of this release: {notice}" for notice in outcome.notices)]


def _leave_outputs(outcome: DeployOutcome) -> None:
    """Leave for a workflow's later jobs that this one came to an end, and which systems have to wait."""
    if output := os.environ.get("GITHUB_OUTPUT"):
        with Path(output).open("a", encoding="utf-8") as file:
            file.write(f"settled={'false' if outcome.stopped else 'true'}\nwaiting={' '.join(outcome.waiting)}\n")


@dataclass(frozen=True, kw_only=True)
class _DeployOptions:
    """The way in which a deployment is carried out."""

    sandbox: bool
    quiet: bool
    """True when progress is not shown."""
    waits_s: int
    """Seconds of API time to wait while another run holds the stack."""


def _outcome_of(
    stack_name: str,
    systems: Sequence[str],
    plan: Path | None,
    rollback_to: str,
    how: _DeployOptions,
    telling: notify.DeployMessage,
) -> DeployOutcome:
    """Return the outcome of the whole deployment; an error before it begins is an outcome too, which is reported."""
    try:
        stack = read_stack(stack_name)
        stack.chosen(systems)
        reviewed = deploy_plan.read(plan, stack_name) if plan else None
        return Deployment(stack, how, telling).carry_out(reviewed, systems, rollback_to)
    except CallError:
        raise
    except OperationError as error:
        return DeployOutcome(commit=diff_checkout.current_commit(project_directory()), stopped=[str(error)])


class Deployment:
    """One deployment of one stack: the releases of its systems, side by side."""

    def __init__(self, stack: Stack, how: _DeployOptions, telling: notify.DeployMessage) -> None:
        self._stack, self._sandbox, self._quiet, self._waits_s = stack, how.sandbox, how.quiet, how.waits_s
        self._engine: Engine = engine_for(stack, sandbox=how.sandbox)
        self._telling = telling
        self._began = time.monotonic()
        self._begun = False
        self._notices: dict[str, str] = {}

    def carry_out(self, reviewed: Plan | None, systems: Sequence[str], rollback_to: str) -> DeployOutcome:
        """Do it all; raises ``OperationError`` only while nothing has begun."""
        commit = diff_checkout.current_commit(project_directory())
        root = project_directory()
        back = diff_checkout.commit(root, rollback_to) if rollback_to else ""
        only = systems or (reviewed.systems if reviewed else ())
        without = reviewed.without if reviewed else ()
        if systems and reviewed is None:  # a named system becomes what the settings say, whatever was done by hand
            targets = [target for system in systems for target in targets_of(system)]
            self._once_free(self._engine.refresh, targets)
        now = self._once_free(deploy_plan.plan_of, self._engine, self._stack, only, without)
        if reviewed and (differing := deploy_plan.differences(reviewed, now)):
            return DeployOutcome(commit=commit, stopped=[WORLD_CHANGED, *differing])
        self._say(f"{self._stack.name}: {counted(now.changes)}")
        # Where no resource changes, an output of the stack may: then the stack as a whole is brought up.
        releases = releases_of(now.changes, self._stack) or ([] if only or without else [SystemRelease(system=SHARED)])
        self._telling.begin(message(self._stack.name, DeployOutcome(commit=commit, releases=releases), begun=True))
        self._bring_up(root, releases)
        self._check(releases)
        self._take_back([release for release in releases if release.problems], back)
        ending = DeployOutcome(
            commit=commit,
            releases=releases,
            notices=list(self._notices),
            unwell=[system for system in dict.fromkeys(self._notices.values()) if system],
            took_s=self._passed(),
        )
        covered = only or [name for name in self._stack.settings.systems if name not in without]
        self._record(ending, list(dict.fromkeys([*covered, *(each.system for each in releases if each.system)])))
        return ending

    def _passed(self) -> float:
        return time.monotonic() - self._began

    def _once_free(
        self, begin: Callable[Parameters, ResultT], *arguments: Parameters.args, **options: Parameters.kwargs
    ) -> ResultT:
        """Begin something that needs the stack's state for itself, once no other run holds it.

        Raises ``LockedError`` when one still does after the time that this one waits.
        """
        for waited_s in range(0, self._waits_s, LOOKS_EVERY_S):
            try:
                return begin(*arguments, **options)
            except LockedError:
                if not waited_s:
                    self._say(f"another run holds {self._stack.name}: waiting until it has ended")
            with connected(self._stack, sandbox=self._sandbox) as railway:
                railway.run(railway.client.clock.sleep(LOOKS_EVERY_S))
        return begin(*arguments, **options)

    def _bring_up(self, project: Path, releases: Sequence[SystemRelease], *, back: bool = False) -> None:
        """Take the releases up side by side, until each of them is up or has failed by its own fault.

        An engine that fails at one resource begins nothing else. So those that did not fail are taken up once more,
        which goes on where they stopped.
        """
        waiting = list(releases)
        while waiting:
            targets = [target for release in waiting for target in release.targets]
            systems = [release.system for release in waiting]
            only = () if SHARED in systems else systems
            try:
                run = self._once_free(self._engine.up_from, project, targets, only, quiet=self._quiet)
            except OperationError as error:
                if not self._begun:
                    raise
                for release in waiting:
                    _problems(release, back).append(str(error))
                return
            self._begun = True
            if not run.problems:
                return
            failures = by_release(run.failed, waiting) or {index: list(run.problems) for index in range(len(waiting))}
            for index, lines in failures.items():
                _problems(waiting[index], back).extend(lines)
            waiting = [release for index, release in enumerate(waiting) if index not in failures]
            if waiting:
                self._say(f"going on with {', '.join(release.label for release in waiting)}")

    def _check(self, releases: Sequence[SystemRelease], before: Stack | None = None) -> None:
        """Verify what came up, and look at all other systems; what no change here can have broken is a notice.

        On the way back ``before`` is the stack as the commit says to which it leads.
        """
        back, stack = before is not None, before or self._stack
        unproblematic = {each.system: each for each in releases if not _problems(each, back)}
        systems = [name for name in unproblematic if name in stack.settings.systems]
        others = [name for name in self._stack.settings.systems if name not in {each.system for each in releases}]
        try:
            with connected(self._stack, sandbox=self._sandbox) as railway:
                projects = railway.run(living_projects(railway, [*systems, *others]))
                if not back:
                    self._notices |= _troubles(railway, self._stack, others, projects)
                if not systems:
                    return
                checked = railway.run(last_look(railway, stack, systems, projects, say=self._say))
        except OperationError as error:
            for release in unproblematic.values():
                _problems(release, back).append(f"whether it is healthy could not be found out: {error}")
            return
        self._say(f"{count(len(checked), 'check')} of railyard verify done")
        checked_parts = [each.where for each in checked if "/" in each.where]
        for each in checked:
            if each.passed:
                continue
            system = each.where.partition("/")[0]
            text = f"{each.where} {each.check}: {each.found}"
            if can_have_broken(each, unproblematic[system].changes, checked_parts):
                _problems(unproblematic[system], back).append(text)
            else:
                self._notices[text] = system

    def _take_back(self, failed: Sequence[SystemRelease], commit_named: str) -> None:
        """Bring each system that failed back to the commit with which it ran before; nothing else is touched."""
        for release in failed:
            self._say(f"{release.label} failed:", *release.problems)
            release.back_to = commit_named or self._before(release.system)
        for commit in dict.fromkeys(release.back_to for release in failed if release.back_to):
            group = [release for release in failed if release.back_to == commit]
            self._say(f"going back to {commit[:7]} with {', '.join(release.label for release in group)}")
            with tempfile.TemporaryDirectory(prefix="railyard-rollback-") as folder:
                project = Path(folder) / "project"
                try:
                    diff_checkout.unpack(project_directory(), commit, project)
                    self._bring_up(project, group, back=True)
                except OperationError as error:
                    for release in group:
                        release.back_problems.append(str(error))
                self._check(group, self._as_in(project))

    def _as_in(self, project: Path) -> Stack:
        """Return the stack as the files in another folder say it; as it is here where they cannot be read."""
        name = file_name(self._stack.name)
        try:
            return replace(self._stack, settings=settings_in(name, read_text(project / name), project))
        except (ProjectError, SettingsError, OperationError):
            return self._stack

    def _before(self, system: str) -> str:
        """Return the commit that ran before this one, as well as it can be known; empty when it cannot."""
        root, stack = project_directory(), self._stack.name
        try:
            github = GitHub()
            deployed = (github.last_deployed(f"{stack}/{system}") if system else None) or github.last_deployed(stack)
        except OperationError:
            deployed = None
        # Files that were changed by hand came after HEAD.
        commit = diff_checkout.current_commit(project_directory())
        try:
            return deployed or diff_checkout.commit(root, "HEAD" if commit.endswith(diff_checkout.CHANGED) else "HEAD^")
        except OperationError:
            return ""

    def _record(self, outcome: DeployOutcome, systems: Sequence[str]) -> None:
        """Keep at GitHub, in a workflow, with which commit each of ``systems`` went well: a rollback returns to it.

        A system in which the commit changes nothing is deployed as the commit says, too.
        """
        commit = outcome.commit
        if os.environ.get("GITHUB_ACTIONS") != "true" or not commit or commit.endswith(diff_checkout.CHANGED):
            return
        failed = {release.system for release in outcome.failed}
        released = {release.system for release in outcome.releases}
        try:
            github = GitHub()
            for name in [name for name in systems if name in released or name not in outcome.unwell]:
                github.record_deployment(
                    f"{self._stack.name}/{name}", commit, "failure" if name in failed else "success"
                )
        except OperationError as error:
            typer.echo(f"warning: GitHub was not told which systems went well: {error}", err=True)

    def _say(self, *lines: str) -> None:
        if not self._quiet:
            for line in lines:
                typer.echo(line)


def _problems(release: SystemRelease, back: bool) -> list[str]:
    """Return the list that takes what goes wrong now: in the deployment, or in the rollback."""
    return release.back_problems if back else release.problems


def _troubles(railway: Railway, stack: Stack, systems: Sequence[str], projects: Projects) -> dict[str, str]:
    """Return what is wrong with systems that are not part of the deployment, each with its system."""
    if not systems:
        return {}
    try:
        running = railway.run(other_systems(railway, stack, systems, projects))
    except OperationError as error:
        return {f"how other systems are could not be found out: {error}": ""}
    return {
        f"{system.name}/{service.name}: {problem}": system.name
        for system in running
        for service in system.services
        for problem in service.problems
    }


async def last_look(
    railway: Railway,
    stack: Stack,
    systems: Sequence[str] = (),
    projects: Projects | None = None,
    *,
    say: Callable[[str], object],
) -> Sequence[Check]:
    """Return the checks of `railyard verify`, made again a little later while one of them fails."""

    async def look() -> Sequence[Check]:
        return await verify(railway, stack, await running_systems(railway, stack, systems, projects))

    results = await look()
    for pause_s in LOOKED_AGAIN_AFTER_S:
        failed = [each for each in results if not each.passed]
        if not failed:
            break
        say(f"{count(len(failed), 'check')} of {len(results)} failed; looking again in {pause_s} s")
        await railway.client.clock.sleep(pause_s)
        results = await look()
    return results
