"""Keeps the rate limit: Railway is never asked more often than the plan allows.

Being refused costs more than waiting: a 429 loses the request, and the edge in front of the API may block an address
for a day. Budgets stand in ``plans``. Does not retry anything.
"""

from __future__ import annotations

import asyncio
from typing import Final

from railway_api.clock import Clock
from railway_api.plans import Budget
from railway_api.status_context import show_status

HOUR_S: Final = 3_600.0
TOLD_S: Final = 5.0
"""A wait of this length is told to the user, in API time."""
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
                if missing_s >= TOLD_S:
                    why = (
                        "Railway's rate limit is used up" if self._closed_s() > 0 else "the plan's requests are used up"
                    )
                    await show_status(f"waiting {missing_s:.0f} s, {why}...")
                await self._clock.sleep(missing_s)
            self._second -= 1
            self._hour -= 1

    def close(self, seconds: float) -> None:
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
