"""Sends calls that become ready together as one request.

Pulumi runs resources side by side, so six services are asked for in the same moment: they leave as one aliased
document, and each caller gets its own answer or error. Does not decide whether a failed call is repeated.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol, cast

from railway_api.errors import LeftOut, RailwayError
from railway_api.operation import Answer, Operation

WINDOW_S: Final = 0.04
"""Time for which a call waits for others, in real time: what Pulumi starts together arrives within milliseconds,
except on a busy machine."""
LONGEST_S: Final = 0.5
"""Longest wait of the first call, while others keep coming."""
LARGEST: Final = 25
"""Calls per document; Railway publishes no limit."""


class Send(Protocol):
    """Send calls of one operation; for each its answer or its error."""

    async def __call__(
        self, operation: Operation[Answer], calls: Sequence[Mapping[str, object]], /
    ) -> Sequence[Answer | RailwayError]: ...


async def wait_until_settled(count: Callable[[], int], window_s: float) -> None:
    """Wait until nothing has been added for a moment, or for long enough."""
    now = asyncio.get_running_loop().time
    deadline = now() + LONGEST_S
    before = -1
    while count() != before and now() < deadline:
        before = count()
        await asyncio.sleep(window_s)


@dataclass
class _Waiting:
    """Hold calls of one operation that have not left yet."""

    calls: list[tuple[Mapping[str, object], asyncio.Future[object]]] = field(
        default_factory=list[tuple[Mapping[str, object], "asyncio.Future[object]"]]
    )


class Batch:
    """Collect calls per operation and send each collection in as few documents as possible."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._waiting: dict[str, _Waiting] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def call(self, operation: Operation[Answer], arguments: Mapping[str, object]) -> Answer:
        """Return the answer to one call; raises its ``RailwayError``."""
        future: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        waiting = self._waiting.get(operation.name)
        if waiting is None:
            waiting = self._waiting[operation.name] = _Waiting()
            task = asyncio.create_task(self._flush(operation, waiting))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        waiting.calls.append((arguments, future))
        return cast("Answer", await future)

    async def _flush(self, operation: Operation[object], waiting: _Waiting) -> None:
        await wait_until_settled(lambda: len(waiting.calls), WINDOW_S)
        del self._waiting[operation.name]
        size = 1 if operation.alone else LARGEST
        for start in range(0, len(waiting.calls), size):
            group = waiting.calls[start : start + size]
            results = await self._results(operation, [arguments for arguments, _ in group])
            for (_, future), result in zip(group, results, strict=True):
                if future.done():
                    continue
                if isinstance(result, BaseException):
                    future.set_exception(result)
                else:
                    future.set_result(result)

    async def _results(self, operation: Operation[object], calls: Sequence[Mapping[str, object]]) -> Sequence[object]:
        """Return for each call its answer or its error."""
        try:
            results = await self._send(operation, calls)
        except Exception as failure:  # noqa: BLE001 - whatever it is, the callers wait for it
            return [failure] * len(calls)
        if len(calls) == 1:
            return results
        return [
            (await self._results(operation, [call]))[0] if isinstance(result, LeftOut) else result
            for call, result in zip(calls, results, strict=True)
        ]
