"""A provider that is killed in the middle of an operation, at each request of each operation of each resource.

The next run, by a provider that remembers nothing, ends where an undisturbed run ends: nothing lost, nothing doubled,
nothing left that was to be replaced or deleted.
"""

from __future__ import annotations

import json
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


OPERATIONS: Final = ("create", "update", "replace", AGAIN, "delete")


def only_asks(kind: str, operation: str) -> bool:
    """Whether the operation sends no request that changes something."""
    return (
        kind == "CustomDomainValidation"
        or (kind == "PrivateNetworkEndpoint" and operation in ("replace", AGAIN, "delete"))
        or (operation == AGAIN and kind not in ("ProjectToken", "ServiceCdn"))  # it takes over what is there
    )


async def _wrong(kind: str, operation: str) -> tuple[list[Kill], int]:
    """Return the kills after which all ends otherwise than after an undisturbed run, and how many were tried."""
    prepared = await prepare(kind, operation)
    undisturbed, count = await undisturbed_run(prepared)
    kills = kills_of(count)
    return [kill for kill in kills if await _killed(prepared, kill) != undisturbed], len(kills)


@pytest.mark.parametrize(
    ("kind", "operation"), [(kind, each) for kind in sorted(LIVES) for each in OPERATIONS if _has(kind, each)]
)
def test_after_one_more_run_nothing_is_left_undone(kind: str, operation: str) -> None:
    """Killed before or after any request that changes something: all ends as after an undisturbed run."""
    with pointed_here():
        wrong, tried = virtual_time.run(_wrong(kind, operation))

    assert wrong == []
    assert (tried == 0) is only_asks(kind, operation)
