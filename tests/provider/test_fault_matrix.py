"""Whatever goes wrong with a mutation, after the next run everything is as if nothing had happened.

Each row's verdicts are those of docs/railway/faults.md, which ``make faults`` writes: one that changes shows here.
"""

from __future__ import annotations

import pytest

from railway_api.documents import MUTATIONS
from tests.pages.faults import documented
from tests.pages.operations import COMMAND_LINE, users
from tests.provider.matrix.cells import cells
from tests.provider.matrix.rows import ROWS, Row
from tests.provider.matrix.trouble import FAULTS

DOCUMENTED = documented()


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_nothing_is_lost_doubled_or_orphaned(row: Row) -> None:
    """Account and state end as those of an undisturbed run, by the way that the page names."""
    verdicts = {cell.fault: cell.verdict for cell in cells(row)}
    assert verdicts == DOCUMENTED.get(row.name, {})


def test_every_mutation_has_a_row() -> None:
    """A new mutation cannot be sent before somebody thought about its faults; railyard's commands have own tests."""
    by = users()
    sent = {field for field in MUTATIONS if by.get(field) != [COMMAND_LINE]}
    assert {row.mutation for row in ROWS} == sent


def test_the_page_has_every_cell() -> None:
    """No row or column is left over from an earlier time."""
    assert list(DOCUMENTED) == [row.name for row in ROWS]
    assert all(list(verdicts) == [fault.name for fault in FAULTS] for verdicts in DOCUMENTED.values())
