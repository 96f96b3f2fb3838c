"""The message of one deployment for a channel at Discord or Slack: systems, commit, author, how it ended, what is next.

Owns the words. What a message looks like there, and how it is sent, is ``notify``'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from railyard.deliver import notify
from railyard.deliver import plan as deploy_plan
from railyard.deliver.system_release import DeployOutcome, Result, SystemRelease
from railyard.review.checkout import authorship
from railyard.shared.project import project_directory
from stacks.project_folder import RAILYARD

_MOST_NAMED = 6
"""Systems of one result that a title names."""


def message(stack: str, outcome: DeployOutcome, *, begun: bool = False) -> notify.Message:
    """Return the message; ``begun``: it is under way, and nothing is known yet of how it ends."""
    problems = [line for release in outcome.failed for line in _named(release, outcome, release.problems)]
    author = authorship(project_directory(), outcome.commit.removesuffix(deploy_plan.CHANGED))
    return notify.Message(
        title=f"{stack}: deploying {_names(outcome.releases)}" if begun else title(stack, outcome),
        failed="\n".join([*outcome.stopped, *problems, *(f"not of this release: {each}" for each in outcome.notices)]),
        change=f"{author.subject}, by {author.name}" if author else "",
        where=f"stack {stack}, commit {deploy_plan.commit_name(outcome.commit)} ({outcome.changes})",
        runs_now="" if begun else "\n".join(_runs_now(outcome)),
        took="" if begun or outcome.stopped else notify.duration(outcome.took_s),
        next_step="" if begun else "\n".join(dict.fromkeys(_next_steps(stack, outcome))),
        link=notify.run_link(),
        mood=notify.MessageColor.UNDER_WAY if begun else _mood(outcome),
    )


def title(stack: str, outcome: DeployOutcome) -> str:
    """Return how it ended in one line: ``staging: seance deployed, omnistack rolled back``."""
    if outcome.stopped:
        return f"{stack} was not deployed"
    words = {Result.DEPLOYED: "deployed", Result.ROLLED_BACK: "rolled back", Result.BROKEN: "broken"}
    outcomes = [
        f"{_names(group)} {verb}"
        for result, verb in words.items()
        if (group := [release for release in outcome.releases if release.result is result])
    ]
    tail = "; something else fails" if outcome.notices and not outcome.failed else ""
    look = ": somebody has to look" if outcome.result is Result.BROKEN else ""
    return f"{stack}: {', '.join(outcomes) or 'nothing changed'}{look}{tail}"


def _mood(outcome: DeployOutcome) -> notify.MessageColor:
    return notify.MessageColor.GOOD if outcome.result is Result.DEPLOYED else notify.MessageColor.BAD


def _names(releases: Sequence[SystemRelease]) -> str:
    names = [release.label for release in releases if release.system or release.changes]
    if not names:
        return "the stack, in which no resource changes,"
    return ", ".join(names) if len(names) <= _MOST_NAMED else f"{len(names)} systems"


def _named(release: SystemRelease, outcome: DeployOutcome, lines: Iterable[str]) -> list[str]:
    """Set the system before the first line, where there are several."""
    texts = list(lines)
    return [f"{release.label}: {texts[0]}", *texts[1:]] if texts and len(outcome.releases) > 1 else texts


def _runs_now(outcome: DeployOutcome) -> list[str]:
    if outcome.stopped:
        return ["What ran before: nothing was begun."]
    commit = deploy_plan.commit_name(outcome.commit)
    lines: list[str] = []
    for release in outcome.releases:
        match release.result:
            case Result.DEPLOYED:
                text = f"{commit}, all services healthy."
            case Result.ROLLED_BACK:
                text = f"{release.back_to[:7]} again, all services healthy."
            case _:
                text = _mix(release, outcome.commit)
        # Beside trouble elsewhere, too, it has to be plain whose services are healthy.
        lines.append(f"{release.label}: {text}" if len(outcome.releases) > 1 or outcome.notices else text)
    return lines


def _mix(release: SystemRelease, commit: str) -> str:
    kept = "A service whose new deployment is unhealthy keeps serving its old one."
    problems = "; ".join(release.back_problems)
    if release.back_to == commit != "":
        return f"Part of {commit[:7]}, which had been deployed before and failed once more: {problems}. {kept}"
    if not release.back_to:
        return f"Part of {commit[:7]}; there is no commit to go back to. {kept}"
    return f"A mix of {commit[:7]} and {release.back_to[:7]}, to which going back failed: {problems}. {kept}"


def _next_steps(stack: str, outcome: DeployOutcome) -> list[str]:
    if outcome.stopped:
        return ["Read the problem, plan again (run the workflow once more), and approve what it shows."]
    commit = deploy_plan.commit_name(outcome.commit)
    steps: list[str] = []
    for release in outcome.failed:
        if release.result is Result.BROKEN:
            system = release.system or "SYSTEM"
            steps.append(
                f"{RAILYARD} status {release.system} -s {stack}, then {RAILYARD} logs {system}/SERVICE "
                f"-s {stack} for what is unhealthy; {RAILYARD} rollback {system} -s {stack} --now goes back with "
                "Railway's own rollback."
            )
        elif release.back_to == outcome.commit:
            steps.append(
                f"Nobody has to get up. {commit} had been deployed before, and is not to blame: read what failed, and "
                "run the workflow again."
            )
        else:
            steps.append(
                f"Nobody has to get up. Revert what {commit} changes in {release.label}, or mend it in a pull "
                "request: the next deployment tries it again."
            )
    if outcome.notices:
        whom = " ".join(outcome.unwell)
        steps.append(f"{RAILYARD} verify {whom} -s {stack} says what to do about what else fails.")
    return steps or ["Nothing has to be done."]
