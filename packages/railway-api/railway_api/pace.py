"""Keeps to the pace that Railway allows: of requests by the plan, and of what it lets one create only so often.

Being refused costs more than waiting: a 429 loses the request, and the edge in front of the API may block an address
for a day. Budgets of requests are in ``plans``; requests are not retried here. One project per 30 s, one environment
per user per 30 s, volumes "too quickly": refusals of these come as ordinary errors, and are avoided by waiting first
and repeated when they come all the same. One object per process, so that parallel creations queue up here instead of at
Railway.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from railway_api.caller import Caller
from railway_api.clock import Clock
from railway_api.errors import PROJECT_COOL_DOWN_S, Throttled
from railway_api.plans import Budget
from railway_api.status_context import show_status

HOUR_S: Final = 3_600.0
ANNOUNCE_WAIT_S: Final = 5.0
"""Shortest wait that is announced to the user, in API time."""
ROUNDING_S: Final = 1e-6
"""Waits shorter than this come from rounding alone."""


class Limiter:
    """Hold two token buckets, one per second and one per hour; ``acquire`` waits until both have one left."""

    def __init__(self, budget: Budget, clock: Clock) -> None:
        self.budget = budget
        self._clock = clock
        self._lock = asyncio.Lock()
        self._second = float(budget.per_second)
        self._hour = float(budget.per_hour)
        self._filled_at = clock.now()
        self._closed_until = self._filled_at

    async def acquire(self) -> None:
        """Take one request from the budget, waiting for it when there is none."""
        async with self._lock:
            while (missing_s := max(self._missing_s(), self._closed_s())) > ROUNDING_S:
                if missing_s >= ANNOUNCE_WAIT_S:
                    why = (
                        "Railway's rate limit is used up" if self._closed_s() > 0 else "the plan's requests are used up"
                    )
                    await show_status(f"waiting {missing_s:.0f} s, {why}...")
                await self._clock.sleep(missing_s)
            self._second -= 1
            self._hour -= 1

    def pause(self, seconds: float) -> None:
        """Let nothing out for ``seconds``, after Railway said 429. Several refusals at once count as one."""
        self._closed_until = max(self._closed_until, self._clock.now() + seconds)

    def _closed_s(self) -> float:
        return self._closed_until - self._clock.now()

    def _missing_s(self) -> float:
        now = self._clock.now()
        passed = now - self._filled_at
        self._filled_at = now
        self._second = min(self.budget.per_second, self._second + passed * self.budget.per_second)
        self._hour = min(self.budget.per_hour, self._hour + passed * self.budget.per_hour / HOUR_S)
        second_s = (1 - self._second) / self.budget.per_second
        hour_s = (1 - self._hour) * HOUR_S / self.budget.per_hour
        return max(second_s, hour_s, 0.0)


T = TypeVar("T")

VOLUME_SPACING_S: Final = 1.5
"""Time between two creates of volumes, so that none is refused: Railway says "try again in a sec", and this is a little
longer. After a refusal the wait is ``errors.VOLUME_COOL_DOWN_S``."""


class CreateCooldown:
    """Let one creation of a kind through per ``seconds``, in API time."""

    def __init__(self, clock: Clock, noun: str, seconds: float) -> None:
        self._clock = clock
        self._noun = noun
        self._seconds = seconds
        self._lock = asyncio.Lock()
        self._free_at = clock.now()

    async def run(self, caller: Caller, create: Callable[[], Awaitable[T]]) -> T:
        """Return what ``create`` makes, once its turn has come. Throttled attempts are repeated until the deadline."""
        if self._lock.locked():
            await caller.status(f"waiting for its turn, Railway creates one {self._noun} at a time...")
        async with self._lock:
            wait_s = self._free_at - self._clock.now()
            while True:
                if wait_s > 0:
                    await caller.status(f"waiting {wait_s:.0f} s, Railway limits how often {self._noun}s are made...")
                    await caller.sleep(wait_s)
                try:
                    created = await create()
                except Throttled as refused:
                    wait_s = refused.retry_after_s
                    if caller.cancelled() or caller.deadline.remaining_s() < wait_s:
                        raise
                else:
                    self._free_at = self._clock.now() + self._seconds
                    return created


class CreateCooldowns:
    """Hold the kinds of creation that Railway limits."""

    def __init__(self, clock: Clock) -> None:
        self.project = CreateCooldown(clock, "project", PROJECT_COOL_DOWN_S)
        self.environment = CreateCooldown(clock, "environment", PROJECT_COOL_DOWN_S)
        self.volume = CreateCooldown(clock, "volume", VOLUME_SPACING_S)
