"""Repeats what Railway is not ready for, and waits for what becomes visible some time after it was made.

All durations are seconds of API time. Everything here ends early when the caller is cancelled or its deadline is over.
Does not know what is made or looked for.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from railway_api.caller import Caller
from railway_api.errors import Busy, NotFound, OutcomeUnknown, Race, RailwayError

T = TypeVar("T")

LAG_S: Final = 90.0
"""Time for which Railway may not know a new resource."""
RETRY_S: Final = 3.0
UNSEEN_S: Final = (3.0, 6.0, 12.0, 12.0)
"""Pauses between looks for what may not have been made."""


def _is_over(caller: Caller, waited_s: float, for_s: float) -> bool:
    return waited_s >= for_s or caller.cancelled() or caller.deadline.remaining_s() <= 0


async def retry_on(
    caller: Caller,
    action: Callable[[], Awaitable[T]],
    *,
    on: tuple[type[RailwayError], ...],
    for_s: float = LAG_S,
    doing: str = "waiting for Railway to be ready...",
) -> T:
    """Repeat ``action`` while it raises one of the errors ``on``; raises the last one when the time is over."""
    waited_s = 0.0
    while True:
        try:
            return await action()
        except on:
            if _is_over(caller, waited_s, for_s):
                raise
            await caller.status(doing)
            await caller.sleep(RETRY_S)
            waited_s += RETRY_S


async def wait_for(
    caller: Caller,
    look: Callable[[], Awaitable[T | None]],
    *,
    doing: str,
    for_s: float | Callable[[], float] = LAG_S,
    at_once: bool = True,
) -> T | None:
    """Repeat ``look`` and return its first result that is not None; None when the time is over.

    ``for_s`` may be a function that is asked after each look. Without ``at_once`` the first look comes after a pause.
    """
    waited_s = 0.0
    result = await look() if at_once else None
    while result is None and not _is_over(caller, waited_s, for_s() if callable(for_s) else for_s):
        await caller.status(doing)
        await caller.sleep(RETRY_S)
        waited_s += RETRY_S
        result = await look()
    return result


async def wait_until_visible(caller: Caller, look: Callable[[], Awaitable[T | None]]) -> T | None:
    """Return what a create without an answer has made; None when ``look`` finds nothing while lists may lag."""
    result = await look()
    for pause_s in UNSEEN_S:
        if result is not None or caller.cancelled():
            break
        await caller.status("looking for what was made, Railway's answer was lost...")
        await caller.sleep(pause_s)
        result = await look()
    return result


async def _looked(looking: Awaitable[T | None], first: RailwayError) -> T | None:
    """Return what is found after an error; a look-up that fails never takes the place of that error."""
    try:
        return await looking
    except RailwayError:
        raise first from None


async def create_or_find(
    caller: Caller,
    create: Callable[[], Awaitable[T]],
    look: Callable[[], Awaitable[T | None]],
    *,
    on: tuple[type[RailwayError], ...],
) -> T:
    """Return what ``create`` returns or, after one of the errors ``on``, what it has made all the same; tried twice."""
    for last_attempt in (False, True):
        try:
            return await create()
        except on as first:
            if (created := await _looked(wait_until_visible(caller, look), first)) is not None:
                return created
            if last_attempt:
                raise
    raise AssertionError("the last attempt returns or raises")


async def create_through_races(
    caller: Caller,
    create: Callable[[], Awaitable[T]],
    look: Callable[[], Awaitable[T | None]],
    *,
    doubtful: tuple[type[RailwayError], ...],
) -> T:
    """Return what ``create`` returns, repeated while Railway is not ready for it.

    After a lost answer, or one of the errors ``doubtful``, a look comes first: the thing may have been made all the
    same.
    """

    async def attempt() -> T:
        try:
            return await create()
        except OutcomeUnknown as lost:
            if (created := await _looked(wait_until_visible(caller, look), lost)) is not None:
                return created
            raise Race(str(lost), reason=lost.reason) from lost
        except doubtful as first:
            if (created := await _looked(look(), first)) is not None:
                return created
            raise

    return await retry_on(caller, attempt, on=(Race, Busy, NotFound))
