"""Shows texts for code that serves all resources and knows none of them, such as a rate limiter.

A context variable holds where texts go: each task works for one resource. Loads nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Final

Status = Callable[[str], Awaitable[None]]

_current: Final[ContextVar[Status | None]] = ContextVar("status", default=None)


def bind_status(status: Status) -> None:
    """Let ``show_status`` show texts by ``status``: in this task and in those that it starts."""
    _current.set(status)


async def show_status(text: str) -> None:
    """Show ``text`` in the row of the resource that is worked for; nothing where there is none."""
    status = _current.get()
    if status is not None:
        await status(text)
