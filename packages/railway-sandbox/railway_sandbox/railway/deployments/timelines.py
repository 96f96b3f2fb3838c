"""The statuses of a deployment over time.

Owns the durations and the course of a deployment: all its moments are written down when it starts, so that the clock
alone, and never a reader, moves it. What replaces or ends it belongs to ``deployments``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from railway_sandbox.railway.state import Moment

QUEUED_S = 1.0
INITIALIZING_S = 1.0
BUILD_REPOSITORY_S = 20.0
BUILD_IMAGE_S = 8.0
DEPLOY_S = 6.0
RESTART_S = 1.0
"""How long one failing start takes."""
PRE_DEPLOY_S = 3.0
CRASH_LATER_S = 30.0
SLOW_S = 600.0
"""How much longer the deployment of a slow source takes."""
SLEEP_AFTER_S = 600.0
"""A serverless service without outbound traffic sleeps after ten minutes."""
CHECKS_S = 30.0
"""How long the CI checks of a commit take."""

RUNNING = ("SUCCESS", "SLEEPING")
ENDED = ("FAILED", "CRASHED", "REMOVED", "SKIPPED")
TAKES_OVER = (*RUNNING, "CRASHED")
"""What shows that a deployment has taken the traffic from the one before: without a health check, that it started."""


@dataclass(frozen=True, kw_only=True)
class Course:
    """The conditions that decide the course of a deployment."""

    starts_at: float
    from_repository: bool = True
    builds: bool = True
    waits_until: float = 0.0
    failure: str | None = None
    health_checked: bool = False
    healthcheck_timeout_s: float = 300.0
    restarts: int = 10
    sleeps: bool = False
    stays: Literal["SKIPPED", "NEEDS_APPROVAL"] | None = None
    """A status that it gets after waiting instead of being built."""


def moments(course: Course) -> list[Moment]:
    """Return the moments of a deployment that nothing interrupts."""
    at = course.starts_at
    timeline: list[Moment] = []
    if course.waits_until > at:
        timeline.append(Moment(at=at, status="WAITING"))
        at = course.waits_until
    if course.stays is not None:
        return [*timeline, Moment(at=at, status=course.stays)]
    timeline.append(Moment(at=at, status="QUEUED"))
    timeline.append(Moment(at=at + QUEUED_S, status="INITIALIZING"))
    at += QUEUED_S + INITIALIZING_S
    if course.builds:
        timeline.append(Moment(at=at, status="BUILDING"))
        at += BUILD_REPOSITORY_S if course.from_repository else BUILD_IMAGE_S
    if course.failure == "slow":
        at += SLOW_S
    if course.failure in ("build", "unpullable", "no-access"):
        return [*timeline, Moment(at=at, status="FAILED")]
    timeline.append(Moment(at=at, status="DEPLOYING"))
    return [*timeline, *_run(course, at)]


def _run(course: Course, at: float) -> list[Moment]:
    if course.failure == "pre-deploy":
        return [Moment(at=at + PRE_DEPLOY_S, status="FAILED")]
    if course.health_checked and course.failure in ("unhealthy", "crash"):
        return [Moment(at=at + course.healthcheck_timeout_s, status="FAILED")]
    if course.failure == "crash":
        return [Moment(at=at + DEPLOY_S + course.restarts * RESTART_S, status="CRASHED")]
    timeline = [Moment(at=at + DEPLOY_S, status="SUCCESS")]
    if course.failure == "crash-later":
        timeline.append(Moment(at=at + DEPLOY_S + CRASH_LATER_S, status="CRASHED"))
    elif course.sleeps:
        timeline.append(Moment(at=at + DEPLOY_S + SLEEP_AFTER_S, status="SLEEPING"))
    return timeline


def current(timeline: list[Moment], now: float) -> Moment:
    """Return the moment that counts at ``now``."""
    passed = [moment for moment in timeline if moment.at <= now]
    return passed[-1] if passed else timeline[0]


def first(timeline: list[Moment], *statuses: str) -> float | None:
    """Return when a timeline first reaches one of these statuses, if it does."""
    return next((moment.at for moment in timeline if moment.status in statuses), None)


def cut(timeline: list[Moment], now: float, *after: Moment) -> list[Moment]:
    """Return what has happened by ``now``, and then these moments instead of what was to come."""
    return [*(moment for moment in timeline if moment.at <= now), *after]
