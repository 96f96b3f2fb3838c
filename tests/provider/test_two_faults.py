"""Two things go wrong in one run, one after the other: the next run ends where an undisturbed one does.

Each fault alone is tried by the fault matrix; here the second one meets what the first made the provider do.
"""

from __future__ import annotations

from itertools import product
from typing import Final

import pytest

from tests import virtual_time
from tests.provider.driver import Half, Refused
from tests.provider.in_process import pointed_here
from tests.provider.kills.engine import up
from tests.provider.lives.rows import LIVES
from tests.provider.test_killed_operations import Dying, Prepared, a_run, end, only_asks, prepare, undisturbed_run

FAULTS: Final = (("before", 503), ("after", 502), ("lost", 0))
"""When a request goes wrong, and with which status."""


async def _disturbed(prepared: Prepared, faults: tuple[tuple[str, int], ...]) -> object:
    kept = prepared.kept.copy()
    with prepared.account() as sandbox:
        async with a_run(sandbox) as (driver, _):
            assert isinstance(driver.address, Dying)
            for when, status in faults:
                driver.address.fail("mutation", when=when, status=status)
            try:
                await up(driver, kept, prepared.wanted, deletes_first=prepared.deletes_first)
            except Half as half:
                kept.made, kept.pending = half.made, False
            except Refused:
                pass
        sandbox.faults.clear()
        return await end(prepared, sandbox, kept)


async def _wrong(kind: str) -> tuple[list[object], int]:
    """Return the pairs of faults after which the making of a resource ends otherwise, and how many were tried."""
    prepared = await prepare(kind, "create")
    undisturbed, count = await undisturbed_run(prepared)
    pairs = list(product(FAULTS, repeat=2)) if count else []
    return [pair for pair in pairs if await _disturbed(prepared, pair) != undisturbed], len(pairs)


@pytest.mark.parametrize("kind", sorted(LIVES))
def test_two_faults_one_after_the_other(kind: str) -> None:
    """Refused, done without an answer, or lost: in each order nothing is lost, doubled or left over."""
    with pointed_here():
        wrong, tried = virtual_time.run(_wrong(kind))

    assert wrong == []
    assert (tried == 0) is only_asks(kind, "create")
