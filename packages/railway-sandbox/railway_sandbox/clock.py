"""Simulated time, which every model of the sandbox uses as the current time.

Owns the mapping from real to simulated seconds. The server stores ``now()`` with the rest of the state, so that no
simulated time passes between two commands.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
"""Simulated second 0 as a date, for the timestamps that the APIs answer with."""

SPEED = 100.0
"""Simulated seconds per real second."""


@dataclass
class Clock:
    """Runs ``speed`` times faster than real time, starting at ``start_s`` simulated seconds."""

    start_s: float = 0.0
    speed: float = SPEED
    _started: float = field(default_factory=time.monotonic)

    def now(self) -> float:
        """Return the simulated seconds since the epoch of the sandbox."""
        return self.start_s + (time.monotonic() - self._started) * self.speed

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` of simulated time pass at once."""
        self.start_s += seconds


@dataclass
class ManualClock:
    """Stands still until a test moves it."""

    current_s: float = 0.0

    def now(self) -> float:
        """Return the simulated seconds since the epoch of the sandbox."""
        return self.current_s

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` of simulated time pass."""
        self.current_s += seconds


def timestamp(now_s: float) -> str:
    """Return the RFC 3339 form of a simulated moment."""
    return (EPOCH + timedelta(seconds=now_s)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
