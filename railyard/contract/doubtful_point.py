"""A doubtful point of Railway's API, and the verdict of trying one.

The points are declared in ``checks``, and those that are not tried in ``skipped``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from railyard.contract.project_under_test import ProjectUnderTest


class Outcome(StrEnum):
    """The outcome of trying a point."""

    AS_ASSUMED = "as assumed"
    OTHERWISE = "otherwise"
    COULD_NOT_TELL = "could not tell"


@dataclass(frozen=True)
class Verdict:
    """The outcome, and what was observed, or why nothing could be told."""

    outcome: Outcome
    observation: str

    @classmethod
    def unknown(cls, why: str) -> Verdict:
        """Return the verdict that nothing could be told."""
        return cls(Outcome.COULD_NOT_TELL, why)


Ask = Callable[[ProjectUnderTest], Awaitable[Verdict]]


@dataclass(frozen=True, kw_only=True)
class DoubtfulPoint:
    """One doubtful point: what is assumed, and how Railway is asked."""

    number: int
    """As in docs/doubtful-points.md."""
    question: str
    """The heading there."""
    assumed: str
    """Behaviour that the provider relies on and the sandbox has."""
    change: Sequence[str]
    """Files to change when it is otherwise: those of the provider as in the page, then those of the sandbox."""
    ask: Ask
    requests: int
    """Requests at most."""
    seconds: int
    """Time limit in seconds of API time; then it is given up."""
    containers: int = 0
    """Containers that it starts."""
    volumes: int = 0
    """Volumes that it creates."""
    last: bool = False
    """True when nothing can be tried after it."""


def doubtful_point(
    number: int,
    question: str,
    *,
    assumed: str,
    change: Sequence[str],
    requests: int = 20,
    seconds: int = 90,
    containers: int = 0,
    volumes: int = 0,
    last: bool = False,
) -> Callable[[Ask], DoubtfulPoint]:
    """Return a decorator that makes a point of the function that asks."""

    def declare(ask: Ask) -> DoubtfulPoint:
        return DoubtfulPoint(
            number=number,
            question=question,
            assumed=assumed,
            change=change,
            ask=ask,
            requests=requests,
            seconds=seconds,
            containers=containers,
            volumes=volumes,
            last=last,
        )

    return declare


def verdict(*observations: tuple[bool, str]) -> Verdict:
    """Return the verdict on observations, each whether it is as assumed and its text; what is otherwise comes first."""
    ordered = sorted(observations, key=lambda each: each[0])
    outcome = Outcome.AS_ASSUMED if all(right for right, _ in observations) else Outcome.OTHERWISE
    return Verdict(outcome, "; ".join(text for _, text in ordered))
