"""How an environment is getting on: one poll that serves everybody who waits in it.

Six services that deploy at the same time cost one request per interval, not six. Does not judge what it sees.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pulumiverse_railway.provider.api.documents.environment import PROGRESS
from pulumiverse_railway.provider.api.snapshot import Deployment, latest_deployments, nodes
from pulumiverse_railway.provider.api.waiting import Waiting

if TYPE_CHECKING:
    # Loads the HTTP library, which a preview does not need.
    from pulumiverse_railway.provider.api.transport import Transport

FASTER_AT_FIRST: Final = 2.5
"""The first polls after a change come this much sooner: a commit takes a second or two."""
SLOWING: Final = 1.5


@dataclass(frozen=True)
class Progress:
    """One answer of the poll."""

    patches: Sequence[Mapping[str, Any]]
    """The latest patches: ``id``, ``status``, ``lastAppliedError``."""
    latest: Mapping[str, Deployment]
    """The newest deployment of each service."""


class Poll:
    """Asks for ``Progress`` as long as somebody waits, and for all of them at once."""

    def __init__(self, transport: Transport, environment_id: str, waiting: Waiting, interval_s: float) -> None:
        self._transport = transport
        self._environment_id = environment_id
        self._waiting = waiting
        self._longest_s = interval_s
        self._interval_s = interval_s / FASTER_AT_FIRST
        self._next: asyncio.Task[Progress] | None = None

    def hurry(self) -> None:
        """Something was just changed: ask sooner for a while."""
        self._interval_s = self._longest_s / FASTER_AT_FIRST

    async def next(self) -> Progress:
        """The next answer, the same for everybody who waits now."""
        if self._next is None or self._next.done():
            self._next = asyncio.create_task(self._ask())
        return await asyncio.shield(self._next)

    async def _ask(self) -> Progress:
        await self._waiting.sleep(self._interval_s)
        self._interval_s = min(self._interval_s * SLOWING, self._longest_s)
        data = await self._transport.read(PROGRESS, environmentId=self._environment_id)
        return Progress(nodes(data["environmentPatches"]), latest_deployments(data["environment"]))
