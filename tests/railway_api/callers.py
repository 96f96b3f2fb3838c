"""Somebody who waits for the client: what a Pulumi provider or a command is to it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field


@dataclass
class Limit:
    """A deadline in virtual time."""

    limit_s: float = 3_600.0

    def remaining_s(self) -> float:
        return max(0.0, self.limit_s - asyncio.get_running_loop().time())

    def extend(self, seconds: float) -> None:
        self.limit_s = max(self.limit_s, asyncio.get_running_loop().time() + seconds)


@dataclass
class Waiter:
    """A caller that keeps the texts it is shown."""

    deadline: Limit = field(default_factory=Limit)
    stopped: bool = False
    shown: list[str] = field(default_factory=list[str])

    def cancelled(self) -> bool:
        return self.stopped

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def status(self, text: str) -> None:
        self.shown.append(text)
