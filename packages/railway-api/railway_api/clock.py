"""Turns time as the API sees it into real time, for every wait of this package.

In the sandbox the simulated APIs run faster than real time; all durations in this package are in the time of the API,
and only this module turns them into real ones. Real time is that of the running event loop, so that tests may bring a
loop with a time of its own.
"""

from __future__ import annotations

import asyncio
import os
import time

from railway_api.loopback import is_loopback

SPEED_VARIABLE = "RAILWAY_SANDBOX_SPEED"
"""Environment variable that says how much faster than real time the sandbox runs. Ignored for any other API."""


def in_sandbox() -> bool:
    """Tell whether Railway's API is the simulated one on this machine, so that nothing may be asked outside of it."""
    return is_loopback(os.environ.get("RAILWAY_API_URL", ""))


def speed_of(url: str) -> float:
    """Return how much faster than real time the API at ``url`` runs: 1, except for the sandbox on this machine."""
    if not is_loopback(url):
        return 1.0
    try:
        speed = float(os.environ.get(SPEED_VARIABLE, "1"))
    except ValueError:
        return 1.0
    return speed if speed > 0 else 1.0


class Clock:
    """Sleep and read the time in seconds of the API, which runs ``speed`` times faster than real time."""

    def __init__(self, speed: float = 1.0) -> None:
        self.speed = speed

    def now(self) -> float:
        """Return seconds of API time since some fixed moment."""
        try:
            real_s = asyncio.get_running_loop().time()
        except RuntimeError:
            # Before the loop runs; the time of asyncio's own loops is this one.
            real_s = time.monotonic()
        return real_s * self.speed

    async def sleep(self, seconds: float) -> None:
        """Wait ``seconds`` of API time."""
        await asyncio.sleep(max(seconds, 0.0) / self.speed)
