"""What was just made is read by whoever looks next: lists of Railway's lag behind, and what they lack is not gone."""

from __future__ import annotations

import pytest

from tests import virtual_time
from tests.provider.driver import Made, Records, a_project
from tests.provider.in_process import pointed_here
from tests.provider.lives.rows import LIVES, World
from tests.provider.matrix.accounts import an_account
from tests.provider.test_killed_operations import a_run


async def _refreshed(kind: str) -> Made | None:
    """A resource as a provider that was started anew reads it, in the moment in which it was made."""
    records = Records()
    with an_account(records) as sandbox:
        async with a_run(sandbox) as (driver, _):
            world = World(await a_project(driver), records)
            made = await driver.create(kind, **await LIVES[kind].inputs(world))
        async with a_run(sandbox) as (driver, _):
            return await driver.refresh(made)


@pytest.mark.parametrize("kind", sorted(LIVES))
def test_a_refresh_right_after_a_create_finds_it(kind: str) -> None:
    """By a process that remembers nothing, without a second between the two."""
    with pointed_here():
        assert virtual_time.run(_refreshed(kind)) is not None
