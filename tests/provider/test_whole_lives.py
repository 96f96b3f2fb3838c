"""The whole life of each resource, in one order of events, against the simulated Railway.

A resource that is declared and has no row fails.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import pytest

from pulumiverse_railway.provider.resources import ALL
from railway_sandbox.railway.cloud import RailwayCloud
from tests import virtual_time
from tests.provider.driver import Driver, Made, Place, Records, Refused, a_project, driving
from tests.provider.lives.rows import LIVES, Life, World
from tests.simulated import Address

LISTED_S: Final = 100.0
"""Lists lag up to a minute and a half behind a create, in simulated time."""
APPLIED_S: Final = 60.0
REFUSED_TWICE: Final = {"Environment", "NotificationRule", "ProjectMember"}
"""What a create never takes over."""
KINDS = {resource.token.rpartition(":")[2]: resource for resource in ALL}


def test_every_resource_has_a_life() -> None:
    """A new resource cannot be declared without being tried from its first check to its second delete."""
    assert sorted(LIVES) == sorted(KINDS)


@pytest.mark.parametrize("kind", sorted(LIVES))
def test_whole_life(cloud: RailwayCloud, address: Address, records: Records, kind: str) -> None:
    """Refused, previewed, made, unchanged, changed, cleared, replaced, imported, drifted, deleted twice."""
    virtual_time.run(Lived(cloud, address, records, kind).whole())


@dataclass
class Lived:
    """One resource on its way. Each event is a run of its own, with a provider that remembers nothing."""

    cloud: RailwayCloud
    address: Address
    records: Records
    kind: str

    @property
    def life(self) -> Life:
        return LIVES[self.kind]

    @asynccontextmanager
    async def run(self, project: Made) -> AsyncIterator[World]:
        """A freshly started provider."""
        async with driving(self.cloud, self.address) as driver:
            yield World(Place(driver, project), self.records)

    async def whole(self) -> None:
        """All events in their order."""
        async with driving(self.cloud, self.address) as driver:
            project = (await a_project(driver)).project
        async with self.run(project) as world:
            inputs = await self.life.inputs(world)
            await _refused_and_previewed(world.place.driver, self.kind, self.life, inputs)
            made = await world.place.driver.create(self.kind, **inputs)
        for event in BEFORE_THE_END:
            async with self.run(project) as world:
                made = await event(world, self.life, made)
        if self.life.drift is not None:
            async with self.run(project) as world:
                await _unchanged(world, self.life, made)
        for event in (_deleted, _deleted, _gone):
            async with self.run(project) as world:
                await event(world, self.life, made)


async def _refused_and_previewed(driver: Driver, kind: str, life: Life, inputs: Mapping[str, Any]) -> None:
    before = len(driver.operations)
    wrong = {name: value for name, value in {**inputs, **life.bad}.items() if value is not None}
    reasons = await driver.check(kind, wrong)
    assert [reason for reason in reasons if reason.startswith(life.reason)], reasons
    shown = await driver.preview(kind, **inputs)
    assert {name: shown[name] for name in inputs} == inputs
    assert driver.operations[before:] == [], "neither asks anybody"


async def _unchanged(world: World, life: Life, made: Made) -> Made:
    """Nothing to do: neither for a preview, nor after a refresh."""
    driver = world.place.driver
    assert await driver.diff(made) == {}
    read = await driver.refresh(made)
    assert read is not None
    assert await driver.diff(read, **made.inputs) == {}
    assert (read.inputs, read.outputs) == (made.inputs, made.outputs)
    return made


async def _changed(world: World, life: Life, made: Made) -> Made:
    return await _updated(world, made, life.changes) if life.changes else made


async def _cleared(world: World, life: Life, made: Made) -> Made:
    """What is taken out of the inputs is not on Railway any more, as an import shows."""
    if not life.cleared:
        return made
    driver = world.place.driver
    made = await _updated(world, made, life.cleared)
    await driver.settle(LISTED_S)
    imported = await driver.import_(made.kind, made.id)
    assert imported is not None
    assert {name: imported.inputs.get(name) for name in life.cleared} == life.cleared
    return made


async def _updated(world: World, made: Made, changes: Mapping[str, Any]) -> Made:
    driver = world.place.driver
    difference = await driver.diff(made, **changes)
    assert {re.split(r"[.\[]", path)[0] for path in difference} == set(changes)
    assert not [path for path, how in difference.items() if how.endswith("REPLACE")]
    return await driver.update(made, **changes)


async def _replaced(world: World, life: Life, made: Made) -> Made:
    driver = world.place.driver
    changes = await life.replacing(world)
    difference = await driver.diff(made, **changes)
    assert any(how.endswith("REPLACE") for how in difference.values())
    if "workspaceId" in changes:
        return made  # the account has one workspace
    wanted = {**made.inputs, **changes}
    if KINDS[made.kind].delete_before_replace:
        await driver.delete(made)
        return await driver.create(made.kind, **wanted)
    new = await driver.create(made.kind, **wanted)
    assert new.id != made.id
    await driver.delete(made, same_run=True)
    return new


async def _forced(world: World, life: Life, made: Made) -> Made:
    """``pulumi up --replace``: the engine creates, whatever the difference, and then deletes the old one."""
    driver = world.place.driver
    if made.kind in REFUSED_TWICE:
        with pytest.raises(Refused, match="already"):
            await driver.create(made.kind, **made.inputs)
        return made
    await driver.diff(made)
    new = await driver.create(made.kind, **made.inputs)
    if new.id == made.id:  # what an engine asks after an interrupted run: that is no second resource
        assert (await driver.create(made.kind, **made.inputs)).id == made.id
    await driver.delete(made, same_run=True)
    kept = [text for _, text in driver.engine.said if "is not deleted" in text]
    assert len(kept) == (new.id == made.id)
    return new


async def _imported(world: World, life: Life, made: Made) -> Made:
    """By its id alone everything comes back: neither what the import wrote nor the program shows a difference."""
    driver = world.place.driver
    await driver.settle(LISTED_S)
    imported = await driver.import_(made.kind, made.id)
    assert imported is not None
    assert await driver.check(made.kind, imported.inputs) == []
    assert await driver.diff(imported) == {}
    program = {**dict.fromkeys(imported.inputs), **made.inputs}
    assert set(await driver.diff(imported, **program)) == life.unreadable
    return made


async def _drifted(world: World, life: Life, made: Made) -> Made:
    """What somebody did at the dashboard shows, and is put right."""
    driver = world.place.driver
    life.outside(world, made)
    await driver.settle(APPLIED_S)
    read = await driver.refresh(made)
    if life.drift is None:
        assert read is None
        return made
    assert read is not None
    assert await driver.diff(read, **made.inputs) == life.drift
    return await driver.update(read, **made.inputs)


async def _deleted(world: World, life: Life, made: Made) -> None:
    await world.place.driver.delete(made)


async def _gone(world: World, life: Life, made: Made) -> None:
    driver = world.place.driver
    if made.kind == "ServiceInstance":
        assert await driver.import_(made.kind, made.id) is None  # an empty service stays
    else:
        assert (await driver.refresh(made) is None) == (life.drift is None or not life.stays)


BEFORE_THE_END: Final = (
    _unchanged, _changed, _cleared, _unchanged, _replaced, _unchanged, _forced, _unchanged, _imported, _drifted
)  # fmt: skip
