"""Failures to order: the next calls of an operation answer wrongly, before or after they took effect.

Owns the list of ordered faults and its bookkeeping. ``wire`` asks it once per request; the list is part of the state,
so that a fault ordered in one command strikes in the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

from railway_sandbox.railway.state import Fault

When = Literal["before", "after", "lost"]


class Faults:
    """The ordered faults of one cloud."""

    def __init__(self, ordered: list[Fault], touch: Callable[[], None]) -> None:
        self.ordered = ordered
        self._touch = touch

    def add(
        self,
        *,
        operation: str,
        when: When = "before",
        status: int = 503,
        message: str | None = None,
        count: int = 1,
    ) -> None:
        """Order a fault for the next ``count`` requests that contain ``operation`` (``*``: any operation).

        ``before`` refuses the request; ``after`` lets it take effect and then answers with the error; ``lost`` lets it
        take effect and then drops the connection. A ``status`` of 200 with a ``message`` answers with that GraphQL
        error, any other status with a gateway's error page.
        """
        if when not in ("before", "after", "lost"):
            raise ValueError(f"when must be before, after or lost, not {when!r}")
        self.ordered.append(Fault(operation=operation, when=when, status=status, message=message, count=count))
        self._touch()

    def take(self, operations: Iterable[str]) -> Fault | None:
        """The fault that strikes a request with these operations, counted down; ``None`` when none does."""
        names = set(operations)
        for fault in self.ordered:
            if fault.operation == "*" or fault.operation in names:
                fault.count -= 1
                if fault.count <= 0:
                    self.ordered.remove(fault)
                self._touch()
                return fault
        return None

    def clear(self) -> None:
        """Forget every ordered fault."""
        self.ordered.clear()
        self._touch()
