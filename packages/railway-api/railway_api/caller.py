"""Describes what the client needs of the caller of an operation: a place for status texts, a clock, a limit.

A Pulumi provider passes the context of its call, a command line an object of its own.
"""

from __future__ import annotations

from typing import Protocol


class Deadline(Protocol):
    """The time that an operation may still take."""

    def remaining_s(self) -> float:
        """Return the seconds left, in the time of the API (simulated in a sandbox); 0 when it is over."""
        ...

    def extend(self, seconds: float) -> None:
        """Extend the limit for a clean-up after a failure, so that at least ``seconds`` are left."""
        ...


class Caller(Protocol):
    """The caller of an operation of the client, which waits for it."""

    @property
    def deadline(self) -> Deadline: ...

    def cancelled(self) -> bool:
        """Tell whether the user asked to stop; waits then end soon."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait in API time; returns early when cancelled."""
        ...

    async def status(self, text: str) -> None:
        """Show what is being waited for."""
        ...
