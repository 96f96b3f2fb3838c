"""A provider that dies: from one request on nothing it sends arrives, and nothing answers.

To the cloud this is a process that was killed, before or after the effect of that request. It is in this process and in
virtual time, so that every request of every operation can be tried.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import httpx

T = TypeVar("T")
Moment = Literal["before", "after"]


@dataclass(frozen=True)
class Kill:
    """Where a provider dies: at which of the requests that change something, counted from 1, and on which side."""

    number: int
    moment: Moment


def kills_of(count: int) -> list[Kill]:
    """Return a kill before and after the effect of each of ``count`` requests."""
    return [Kill(number, moment) for number in range(1, count + 1) for moment in ("before", "after")]


@dataclass
class Mortal:
    """Carries requests until the provider dies, and counts those that change something."""

    changes: Callable[[httpx.Request], bool] = lambda _: False
    kill: Kill | None = None
    count: int = 0
    dead: asyncio.Event = field(default_factory=asyncio.Event)

    async def carry(
        self, http: httpx.Request, send: Callable[[httpx.Request], Coroutine[Any, Any, httpx.Response]]
    ) -> httpx.Response:
        """Return the answer of a request; none, ever, once the provider is dead."""
        if self.dead.is_set():
            return await _never()
        if not self.changes(http):
            answer = await send(http)
            return answer if not self.dead.is_set() else await _never()
        self.count += 1
        hit = self.kill is not None and self.kill.number == self.count
        if self.kill is not None and hit and self.kill.moment == "before":
            self.dead.set()
            return await _never()
        answer = await send(http)
        if hit:
            self.dead.set()
        return answer if not self.dead.is_set() else await _never()

    async def until_dead(self, work: Coroutine[Any, Any, T]) -> T | None:
        """Return the result of ``work``; None when the provider died before there was one."""
        doing, dying = asyncio.ensure_future(work), asyncio.ensure_future(self.dead.wait())
        await asyncio.wait({doing, dying}, return_when=asyncio.FIRST_COMPLETED)
        dying.cancel()
        if doing.done() and not self.dead.is_set():
            return doing.result()
        doing.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await asyncio.wait_for(doing, 1.0)
        return None


async def _never() -> httpx.Response:
    await asyncio.Event().wait()
    raise AssertionError
