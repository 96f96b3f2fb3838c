"""Waiting for Railway: what is not ready is repeated, what is not visible yet is looked for, and both end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from railway_api import Busy, NotFound, OutcomeUnknown, Race, RailwayError, Validation
from railway_api.retries import LAG_S, UNSEEN_S, create_or_find, create_through_races, retry_on, wait_for
from tests import virtual_time
from tests.railway_api.callers import Limit, Waiter


class Script:
    """Answers with one value after the other, the last one for ever; an error is raised."""

    def __init__(self, *answers: object) -> None:
        self.answers = list(answers)
        self.calls = 0

    async def __call__(self) -> str | None:
        self.calls += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer if answer is None else str(answer)


async def test_what_is_not_ready_is_repeated(caller: Waiter) -> None:
    """An error that passes is waited for, and the caller is told what for."""
    action = Script(Busy("busy"), Busy("busy"), "done")
    assert await retry_on(caller, action, on=(Busy,), doing="waiting...") == "done"
    assert (action.calls, virtual_time.now(), caller.shown) == (3, 6.0, ["waiting..."] * 2)


async def test_other_errors_are_not_repeated(caller: Waiter) -> None:
    """An error that does not pass by itself is raised at once."""
    action = Script(Validation("wrong"))
    with pytest.raises(Validation):
        await retry_on(caller, action, on=(Busy,))
    assert action.calls == 1


@pytest.mark.parametrize(
    ("caller", "seconds"),
    [(Waiter(), LAG_S), (Waiter(Limit(30.0)), 30.0), (Waiter(stopped=True), 0.0)],
    ids=["lag", "deadline", "cancelled"],
)
async def test_repeating_ends(caller: Waiter, seconds: float) -> None:
    """After a minute and a half, with the deadline, or when the user asks to stop, the last error is raised."""
    with pytest.raises(NotFound):
        await retry_on(caller, Script(NotFound("not there")), on=(NotFound,))
    assert virtual_time.now() == seconds


@pytest.mark.parametrize(("at_once", "looks"), [(True, 3), (False, 2)])
async def test_looking_goes_on_until_something_shows(caller: Waiter, looks: int, *, at_once: bool) -> None:
    """The first look is at once, or after a pause where the caller has just seen that there is nothing."""
    look = Script(*[None] * (looks - 1), "there")
    assert await wait_for(caller, look, doing="looking...", at_once=at_once) == "there"
    assert (look.calls, virtual_time.now()) == (looks, 6.0)


async def test_looking_ends_with_nothing(caller: Waiter) -> None:
    """How long it goes on may depend on what the last look showed."""
    look = Script(None)
    assert await wait_for(caller, look, doing="looking...", for_s=lambda: 12.0 if look.calls > 2 else 9.0) is None
    assert virtual_time.now() == 12.0


Create = Callable[[Waiter, Script, Script], Awaitable[str | None]]


async def twice(caller: Waiter, create: Script, look: Script) -> str | None:
    return await create_or_find(caller, create, look, on=(OutcomeUnknown,))


async def through_races(caller: Waiter, create: Script, look: Script) -> str | None:
    return await create_through_races(caller, create, look, doubtful=(Race,))


@pytest.mark.parametrize("way", [twice, through_races])
async def test_a_lost_answer_makes_nothing_twice(caller: Waiter, way: Create) -> None:
    """What a create without an answer has made is found, however late a list shows it, and not made again."""
    create, look = Script(OutcomeUnknown("lost")), Script(None, None, None, None, "made")
    assert await way(caller, create, look) == "made"
    assert (create.calls, virtual_time.now()) == (1, sum(UNSEEN_S))


@pytest.mark.parametrize("way", [twice, through_races])
async def test_a_create_that_did_not_happen_is_sent_again(caller: Waiter, way: Create) -> None:
    """Nothing shows while lists may lag: then nothing was made."""
    create, look = Script(OutcomeUnknown("lost"), "made"), Script(None)
    assert await way(caller, create, look) == "made"
    assert (create.calls, look.calls) == (2, 1 + len(UNSEEN_S))


async def test_a_race_may_have_made_it_all_the_same(caller: Waiter) -> None:
    """ "Please try again" is looked at first and then tried again."""
    create, look = Script(Race("please try again")), Script(None, "made")
    assert await through_races(caller, create, look) == "made"
    assert (create.calls, look.calls) == (2, 2)


async def test_giving_up_says_what_was_lost(caller: Waiter) -> None:
    """Two lost answers, and nothing to be seen: the error is that of the last one."""
    with pytest.raises(RailwayError, match="lost"):
        await twice(caller, Script(OutcomeUnknown("lost")), Script(None))
