"""Spaces out what Railway lets one create only so often.

One project per 30 s, one environment per user per 30 s, volumes "too quickly": refusals of these come as ordinary
errors, and are avoided by waiting first and repeated when they come all the same. One object per provider process, so
that parallel creations queue up here instead of at Railway.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from railway_api.caller import Caller
from railway_api.clock import Clock
from railway_api.errors import PROJECT_COOL_DOWN_S, Throttled

T = TypeVar("T")

VOLUME_SPACING_S: Final = 1.5
"""Railway asks to "try again in a sec" after a volume that came too soon."""


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
