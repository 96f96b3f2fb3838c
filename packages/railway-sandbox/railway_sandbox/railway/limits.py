"""The limits of Railway: on requests, by plan and token and by the edge in front of the API, and the pace of creates.

``wire`` writes the response headers. The counts are stored with the next change of the state: a restart forgets the
requests since the last one. The interval between two creates holds for the user, whichever token creates.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Literal

from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.railway.errors import Refused
from railway_sandbox.railway.records import RateWindow

HOUR_S = 3600.0
EDGE_REQUESTS_PER_S = 10
EDGE_BLOCK_S = 60.0
"""Seconds for which the edge refuses after too many requests without a query string; up to a day at Railway."""
EDGE_KEY = "edge"


@dataclass(frozen=True)
class RateLimit:
    """The rate limit of a request: ``limited`` names the limit that refuses it. ``resets_at`` is simulated time."""

    limited: Literal["edge", "plan"] | None
    limit: int = 0
    remaining: int = 0
    resets_at: float = 0.0
    retry_after_s: int = 0


def edge(cloud: RailwayCloud, *, has_query_string: bool) -> RateLimit:
    """Count a request at the edge, which looks only at those without a query string."""
    if has_query_string or not cloud.limits_requests:
        return RateLimit(None)
    now = cloud.now()
    window = _window(cloud, EDGE_KEY)
    window.recent = [*window.recent, now]
    if len(window.recent) > EDGE_REQUESTS_PER_S:
        cloud.state.edge_blocked_until = now + EDGE_BLOCK_S
    return RateLimit("edge" if now < cloud.state.edge_blocked_until else None)


def _window(cloud: RailwayCloud, token_id: str) -> RateWindow:
    now = cloud.now()
    window = cloud.state.rates.setdefault(token_id, RateWindow(hour_started_at=now))
    if now >= window.hour_started_at + HOUR_S:
        window.hour_started_at, window.used = now, 0
    window.recent = [at for at in window.recent if at > now - 1]
    return window


def plan(cloud: RailwayCloud, token_id: str) -> RateLimit:
    """Count a request of a token; a refused one does not count."""
    now = cloud.now()
    limits = cloud.plan
    window = _window(cloud, token_id)
    resets_at = window.hour_started_at + HOUR_S
    if cloud.limits_requests:
        if window.used >= limits.requests_per_hour:
            wait = math.ceil(resets_at - now)
            return RateLimit("plan", limits.requests_per_hour, 0, resets_at, max(wait, 1))
        if limits.requests_per_second is not None and len(window.recent) >= limits.requests_per_second:
            remaining = limits.requests_per_hour - window.used
            return RateLimit("plan", limits.requests_per_hour, remaining, resets_at, 1)
    window.used += 1
    window.recent = [*window.recent, now]
    return RateLimit(None, limits.requests_per_hour, max(limits.requests_per_hour - window.used, 0), resets_at)


def remaining(cloud: RailwayCloud, token_id: str) -> tuple[int, float]:
    """Return how many requests a token has left, and when the count starts again."""
    window = _window(cloud, token_id)
    return max(cloud.plan.requests_per_hour - window.used, 0), window.hour_started_at + HOUR_S


CREATES: Final = {
    "project": (30.0, "You are creating projects too quickly: 1 project per 30 seconds"),
    "environment": (30.0, "Only one environment can be created per user every 30s"),
    "volume": (1.0, "Whoa there pal! You are creating volumes too quickly. Try again in a sec"),
}
"""Seconds from one create of a kind to the next, and Railway's words for one that comes sooner."""


@contextmanager
def creating(cloud: RailwayCloud, kind: str) -> Generator[None]:
    """Create one of a kind in the block. Raises ``Refused`` before it when it comes too soon after the last one."""
    interval_s, refusal = CREATES[kind]
    last = cloud.state.throttled.get(kind)
    if last is not None and cloud.now() < last + interval_s:
        raise Refused(refusal)
    yield
    cloud.state.throttled[kind] = cloud.now()
