"""Two things go wrong in one run, one after the other: the next run ends where an undisturbed one does.

Each fault alone is tried by the fault matrix; here the second one meets what the first made the provider do.
"""

from __future__ import annotations

import sys
from itertools import product
from typing import Final

import pytest

from tests import virtual_time
from tests.provider.driver import Half, Refused
from tests.provider.in_process import pointed_here
from tests.provider.kills.engine import up
from tests.provider.lives.rows import LIVES
from tests.provider.test_killed_operations import Dying, Prepared, a_run, end, prepare, undisturbed_run

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


async def _all_of(kind: str) -> tuple[list[str], int]:
    """Try every pair of faults with the making of one resource."""
    prepared = await prepare(kind, "create")
    undisturbed, count = await undisturbed_run(prepared)
    pairs = list(product(FAULTS, repeat=2)) if count else []
    wrong = [f"{kind}: {pair}" for pair in pairs if await _disturbed(prepared, pair) != undisturbed]
    return wrong, len(pairs)


def test_two_faults_one_after_the_other(capsys: pytest.CaptureFixture[str]) -> None:
    """Refused, done without an answer, or lost: in each order nothing is lost, doubled or left over."""
    with pointed_here():
        problems = [virtual_time.run(_all_of(kind)) for kind in sorted(LIVES)]

    tried = sum(count for _, count in problems)
    with capsys.disabled():
        sys.stdout.write(f"\n{tried} runs with two faults\n")
    assert [each for wrong, _ in problems for each in wrong] == []
    assert tried >= 100
