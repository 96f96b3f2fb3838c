"""A provider that is killed in the middle of an operation, at each request of each operation of each resource.

The next run, by a provider that remembers nothing, ends where an undisturbed run ends: nothing lost, nothing doubled,
nothing left that was to be replaced or deleted.
"""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, Final

import httpx
import pytest

from railway_sandbox.server import Sandbox
from tests import virtual_time
from tests.provider.driver import Driver, Records, a_project, driving
from tests.provider.in_process import Connection, pointed_here
from tests.provider.kills.death import Kill, Mortal, kills_of
from tests.provider.kills.engine import Kept, up
from tests.provider.lives.rows import LIVES, World
from tests.provider.matrix.accounts import an_account, content, shown
from tests.provider.test_whole_lives import KINDS, REFUSED_TWICE

ALL_OVER_S: Final = 200.0
"""After this time, simulated, nothing changes any more by itself."""
AGAIN: Final = "replace without a change"
"""``pulumi up --replace``."""


def _changes(http: httpx.Request) -> bool:
    return str(json.loads(http.content)["query"]).lstrip().startswith("mutation")


class Dying(Connection):
    """A simulated Railway whose client may die."""

    def __init__(self, sandbox: Sandbox, kill: Kill | None) -> None:
        super().__init__(sandbox)
        self.mortal = Mortal(_changes, kill)

    async def _answer(self, http: httpx.Request) -> httpx.Response:
        return await self.mortal.carry(http, super()._answer)


@dataclass(frozen=True)
class Prepared:
    """An account and an engine's state before the operation, and what the program wants then."""

    kept: Kept
    wanted: Mapping[str, Any] | None
    stored: str
    now_s: float
    records: Records
    deletes_first: bool

    @contextmanager
    def account(self) -> Iterator[Sandbox]:
        """A copy of the account."""
        with an_account(self.records, self.stored, self.now_s) as sandbox:
            yield sandbox


@asynccontextmanager
async def a_run(sandbox: Sandbox, kill: Kill | None = None) -> AsyncIterator[tuple[Driver, Mortal]]:
    """A provider, started anew."""
    dying = Dying(sandbox, kill)
    async with driving(sandbox.railway, dying) as driver:
        yield driver, dying.mortal


async def prepare(kind: str, operation: str) -> Prepared:
    """Make an account in which the operation can be tried, and what the program wants."""
    life, records = LIVES[kind], Records()
    with an_account(records) as sandbox:
        async with a_run(sandbox) as (driver, _):
            world = World(await a_project(driver), records)
            inputs = await life.inputs(world)
            kept, wanted = Kept(kind), inputs
            if operation != "create":
                kept.made = await driver.create(kind, **inputs)
                changes = {"replace": life.replacing, "update": _async(life.changes)}.get(operation)
                wanted = (
                    None if operation == "delete" else {**kept.made.inputs, **(await changes(world) if changes else {})}
                )
                kept.forced = operation == AGAIN
            await driver.settle(ALL_OVER_S)
        cloud = sandbox.railway
        deletes_first = KINDS[kind].delete_before_replace and not kept.forced
        return Prepared(kept, wanted, cloud.state.to_json(), cloud.now(), records, deletes_first)


def _async(value: Mapping[str, Any]) -> Callable[[World], Any]:
    async def ask(_: World) -> Mapping[str, Any]:
        return value

    return ask


@dataclass(frozen=True)
class Ended:
    """What there is after the last run, in the account and in the engine's state."""

    account: Mapping[str, list[str]]
    state: str


async def end(prepared: Prepared, sandbox: Sandbox, kept: Kept) -> Ended:
    """Run the program once more and look."""
    async with a_run(sandbox) as (driver, _):
        await up(driver, kept, prepared.wanted, deletes_first=prepared.deletes_first)
        await driver.settle(ALL_OVER_S)
    assert not kept.condemned
    return Ended(content(sandbox.railway), shown(sandbox.railway, kept.made))


async def undisturbed_run(prepared: Prepared) -> tuple[Ended, int]:
    """How an undisturbed run ends, and how many requests of it change something."""
    kept = prepared.kept.copy()
    with prepared.account() as sandbox:
        async with a_run(sandbox) as (driver, mortal):
            await up(driver, kept, prepared.wanted, deletes_first=prepared.deletes_first)
        ended = await end(prepared, sandbox, kept)
        async with a_run(sandbox) as (driver, _):
            if kept.made is not None:
                read = await driver.refresh(kept.made)
                assert read is not None
                assert await driver.diff(read, **kept.made.inputs) == {}
        return ended, mortal.count


async def _killed(prepared: Prepared, kill: Kill) -> Ended:
    kept = prepared.kept.copy()
    with prepared.account() as sandbox:
        async with a_run(sandbox, kill) as (driver, mortal):
            await mortal.until_dead(up(driver, kept, prepared.wanted, deletes_first=prepared.deletes_first))
            assert mortal.dead.is_set()
        return await end(prepared, sandbox, kept)


def _has(kind: str, operation: str) -> bool:
    """Whether the resource can be tried so."""
    return not (
        (operation == "update" and not LIVES[kind].changes)
        or (operation == AGAIN and kind in REFUSED_TWICE)  # a second one is refused
        or (operation == "replace" and kind in ("Project", "UsageLimit"))  # the account has one workspace
    )


async def _all_of(kind: str, operation: str) -> tuple[list[str], int]:
    """What is wrong with the operation of one resource, and at how many points it was killed."""
    prepared = await prepare(kind, operation)
    undisturbed, count = await undisturbed_run(prepared)
    kills = kills_of(count)
    wrong = [f"{kind}, {kill}" for kill in kills if await _killed(prepared, kill) != undisturbed]
    return wrong, len(kills)


@pytest.mark.parametrize(
    ("operation", "least"), [("create", 40), ("update", 30), ("replace", 60), (AGAIN, 6), ("delete", 36)]
)
def test_after_one_more_run_nothing_is_left_undone(
    operation: str, least: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Killed before or after any request that changes something: all ends as after an undisturbed run."""
    with pointed_here():
        problems = [virtual_time.run(_all_of(kind, operation)) for kind in sorted(LIVES) if _has(kind, operation)]

    points = sum(count for _, count in problems)
    with capsys.disabled():
        sys.stdout.write(f"\n{operation} of {len(problems)} of Railway's resources: killed at {points} points\n")
    assert [each for wrong, _ in problems for each in wrong] == []
    assert points >= least
