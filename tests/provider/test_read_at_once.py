"""What was just made is read by whoever looks next: lists of Railway's lag behind, and what they lack is not gone."""

from __future__ import annotations

import pytest

from tests import virtual_time
from tests.provider.driver import Made, Records, a_project
from tests.provider.in_process import URL
from tests.provider.lives.rows import LIVES, World
from tests.provider.test_killed_operations import a_run, an_account


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
def test_a_refresh_right_after_a_create_finds_it(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a process that remembers nothing, without a second between the two."""
    monkeypatch.setenv("RAILWAY_API_URL", URL)
    for name in ("RAILWAY_SANDBOX_SPEED", "RAILWAY_API_TOKEN", "RAILWAY_TOKEN"):
        monkeypatch.delenv(name, raising=False)

    assert virtual_time.run(_refreshed(kind)) is not None
