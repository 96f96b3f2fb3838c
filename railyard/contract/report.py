"""The report of a run: before it a plan with the most that it may cost, after it a table or a JSON document.

Owns the form, and the sums of requests, time and money. The figures of each point are declared with the point.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from rich.console import Group
from rich.table import Table
from rich.text import Text

from railway_api.counting import count
from railway_api.plans import Plan
from railway_api.prices import (
    CPU_USD_PER_VCPU_MONTH,
    DEFAULT_VOLUME_GB,
    HOURS_PER_MONTH,
    MEMORY_USD_PER_GB_MONTH,
    VOLUME_USD_PER_GB_MONTH,
)
from railyard.contract.doubtful_point import DoubtfulPoint, Outcome
from railyard.contract.project_under_test import MEMORY_BYTES, VCPUS
from railyard.contract.skipped import SKIPPED
from railyard.contract.suite import PointResult, Run

_STYLES: Final = {Outcome.AS_ASSUMED: "green", Outcome.OTHERWISE: "bold red", Outcome.COULD_NOT_TELL: "yellow"}


def plan(points: Sequence[DoubtfulPoint], cost: Cost, place: str) -> str:
    """Return what is about to happen, in one paragraph."""
    return (
        f"Trying {count(len(points), 'doubtful point')} of Railway's API on {place}, in one throwaway project: "
        f"at most {count(cost.requests, 'request')}, "
        f"{cost.seconds / 60:.0f} minutes and {cost.dollars:.2f} US dollars of usage."
    )


def table(run: Run) -> Group:
    """Return each point with its verdict, and what follows from it."""
    shown = Table(title_justify="left", show_lines=True)
    shown.add_column("", justify="right", no_wrap=True)
    shown.add_column("question", ratio=3)
    shown.add_column("verdict", no_wrap=True)
    shown.add_column("seen", ratio=4)
    shown.add_column("s", justify="right", no_wrap=True)
    for each in sorted(run.results, key=lambda each: each.point.number):
        verdict = Text(each.verdict.outcome, style=_STYLES[each.verdict.outcome])
        # What Railway says may hold brackets, which are no markup.
        question, observed = Text(each.point.question.replace("`", "")), Text(_observation(each))
        shown.add_row(str(each.point.number), question, verdict, observed, f"{each.seconds:.0f}")
    return Group(shown, Text(summary(run)))


def _observation(tried: PointResult) -> str:
    if tried.verdict.outcome is not Outcome.OTHERWISE:
        return tried.verdict.observation
    point = tried.point
    return f"{tried.verdict.observation}\nassumed: {point.assumed}\nchange: {', '.join(point.change)}"


def summary(run: Run) -> str:
    """Return the counts, what was not tried, and what was left behind."""
    counts = [(outcome, sum(each.verdict.outcome is outcome for each in run.results)) for outcome in Outcome]
    lines = [", ".join(f"{number} {outcome}" for outcome, number in counts)]
    lines[0] += f"; {count(run.client.requests, 'request')}; "
    lines[0] += "nothing is left behind" if not run.leftover else "SOMETHING IS LEFT BEHIND"
    lines += [f"not tried: {number}, because {reason}" for number, reason in SKIPPED.items()]
    return "\n".join([*lines, *filter(None, [run.leftover])])


def document(run: Run, cost: Cost, place: str) -> dict[str, Any]:
    """Return the same for programs."""
    return {
        "place": place,
        "project": run.project,
        "bounds": {"requests": cost.requests, "seconds": cost.seconds, "dollars": round(cost.dollars, 2)},
        "requests": run.client.requests,
        "points": [_row(each) for each in sorted(run.results, key=lambda each: each.point.number)],
        "notTried": [{"number": number, "reason": reason} for number, reason in SKIPPED.items()],
        "leftBehind": run.leftover or None,
    }


def _row(tried: PointResult) -> dict[str, Any]:
    point, verdict = tried.point, tried.verdict
    return {
        "number": point.number,
        "question": point.question,
        "assumed": point.assumed,
        "verdict": verdict.outcome,
        "seen": verdict.observation,
        "change": list(point.change) if verdict.outcome is Outcome.OTHERWISE else [],
        "seconds": round(tried.seconds, 1),
        "requests": tried.requests,
    }


MONTH_S: Final = HOURS_PER_MONTH * 3_600
VOLUME_GB: Final = DEFAULT_VOLUME_GB[Plan.PRO]
"""GB of a volume on the largest public plan; only stored data are billed."""
FRAME_REQUESTS: Final = 16
"""To find out who the token is and what earlier runs left, and to make and delete the project."""
FRAME_S: Final = 120


@dataclass(frozen=True)
class Cost:
    """Upper bounds."""

    requests: int
    seconds: int
    dollars: float


def cost_of(points: Sequence[DoubtfulPoint]) -> Cost:
    """Return what trying ``points`` costs at most. Whatever is made is billed as if it lasted for the whole run."""
    seconds = FRAME_S + sum(point.seconds for point in points)
    container = VCPUS * CPU_USD_PER_VCPU_MONTH + MEMORY_BYTES / 1e9 * MEMORY_USD_PER_GB_MONTH
    volume = VOLUME_GB * VOLUME_USD_PER_GB_MONTH
    per_month = sum(point.containers * container + point.volumes * volume for point in points)
    requests = FRAME_REQUESTS + sum(point.requests for point in points)
    return Cost(requests, seconds, per_month * seconds / MONTH_S)
