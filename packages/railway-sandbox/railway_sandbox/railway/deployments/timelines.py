"""The statuses of a deployment over time.

All status changes of a deployment are computed when it starts, so that only the clock advances it, never a read.
``deployments`` replaces and ends deployments.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from railway_sandbox.railway.records import StatusChange

QUEUED_S = 1.0
INITIALIZING_S = 1.0
BUILD_REPOSITORY_S = 20.0
BUILD_IMAGE_S = 8.0
DEPLOY_S = 6.0
RESTART_S = 1.0
"""Duration of one failing start."""
PRE_DEPLOY_S = 3.0
CRASH_LATER_S = 30.0
SLOW_S = 600.0
"""Additional duration of a slow source's deployment."""
SLEEP_AFTER_S = 600.0
"""A serverless service without outbound traffic sleeps after ten minutes."""
CHECKS_S = 30.0
"""Duration of a commit's CI checks."""

RUNNING = ("SUCCESS", "SLEEPING")
ENDED = ("FAILED", "CRASHED", "REMOVED", "SKIPPED")
TAKES_OVER = (*RUNNING, "CRASHED")
"""Statuses in which a deployment has taken over the traffic: without a health check, that it started."""


@dataclass(frozen=True, kw_only=True)
class TimelineConditions:
    """The conditions that decide the timeline of a deployment."""

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


def timeline_of(conditions: TimelineConditions) -> list[StatusChange]:
    """Return the status changes of a deployment that nothing interrupts."""
    at = conditions.starts_at
    timeline: list[StatusChange] = []
    if conditions.waits_until > at:
        timeline.append(StatusChange(at=at, status="WAITING"))
        at = conditions.waits_until
    if conditions.stays is not None:
        return [*timeline, StatusChange(at=at, status=conditions.stays)]
    timeline.append(StatusChange(at=at, status="QUEUED"))
    timeline.append(StatusChange(at=at + QUEUED_S, status="INITIALIZING"))
    at += QUEUED_S + INITIALIZING_S
    if conditions.builds:
        timeline.append(StatusChange(at=at, status="BUILDING"))
        at += BUILD_REPOSITORY_S if conditions.from_repository else BUILD_IMAGE_S
    if conditions.failure == "slow":
        at += SLOW_S
    if conditions.failure in ("build", "unpullable", "no-access"):
        return [*timeline, StatusChange(at=at, status="FAILED")]
    timeline.append(StatusChange(at=at, status="DEPLOYING"))
    return [*timeline, *_run(conditions, at)]


def _run(conditions: TimelineConditions, at: float) -> list[StatusChange]:
    if conditions.failure == "pre-deploy":
        return [StatusChange(at=at + PRE_DEPLOY_S, status="FAILED")]
    if conditions.health_checked and conditions.failure in ("unhealthy", "crash"):
        return [StatusChange(at=at + conditions.healthcheck_timeout_s, status="FAILED")]
    if conditions.failure == "crash":
        return [StatusChange(at=at + DEPLOY_S + conditions.restarts * RESTART_S, status="CRASHED")]
    timeline = [StatusChange(at=at + DEPLOY_S, status="SUCCESS")]
    if conditions.failure == "crash-later":
        timeline.append(StatusChange(at=at + DEPLOY_S + CRASH_LATER_S, status="CRASHED"))
    elif conditions.sleeps:
        timeline.append(StatusChange(at=at + DEPLOY_S + SLEEP_AFTER_S, status="SLEEPING"))
    return timeline


def current(timeline: list[StatusChange], now: float) -> StatusChange:
    """Return the status change in effect at ``now``."""
    passed = [moment for moment in timeline if moment.at <= now]
    return passed[-1] if passed else timeline[0]


def first(timeline: list[StatusChange], *statuses: str) -> float | None:
    """Return when a timeline first reaches one of these statuses, if it does."""
    return next((moment.at for moment in timeline if moment.status in statuses), None)


def cut(timeline: list[StatusChange], now: float, *after: StatusChange) -> list[StatusChange]:
    """Return the status changes up to ``now``, followed by these in place of the later ones."""
    return [*(moment for moment in timeline if moment.at <= now), *after]
