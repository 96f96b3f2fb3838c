"""What becomes of a run of the provider when something goes wrong with one of its requests.

    python -m tests.pages.faults              tries every cell and prints the table
    python -m tests.pages.faults --write      also writes docs/railway/faults.md

Owns the page. Rows, faults and verdicts stand in ``tests/provider/matrix``.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from tests.provider.matrix.cells import VERDICTS, cells
from tests.provider.matrix.rows import ROWS
from tests.provider.matrix.trouble import FAULTS

ROOT: Final = Path(__file__).resolve().parents[2]
PAGE: Final = ROOT / "docs" / "railway" / "faults.md"
WIDTH: Final = 170
_SHORT: Final = {"at once": "✓", "next run": "✓ next", "import": "import", "warning": "warning", "none": ""}

Verdicts = Mapping[str, Mapping[str, str]]
"""By row, then by fault."""

_HEAD: Final = """\
# When something goes wrong

Each mutation that the provider can send meets each of these faults, against the simulated Railway. Then the program is
run once more. At the end everything in the account and in the state has to be as after an undisturbed run, and a
refresh finds no difference: nothing is lost, doubled or orphaned. What the run says has to be so: a failure in
Railway's words, and nobody blamed for what nobody did. Railway answers a commit before it applies it, so the last
columns are failures that come afterwards; the state then has to say what Railway has.

`make faults` tries all of it and writes this page; the test suite holds the provider to it. A mutation without a row
fails the tests.

## Faults
"""


def measured() -> Verdicts:
    """Try every cell."""
    return {row.name: {cell.fault: cell.verdict for cell in cells(row)} for row in ROWS}


def documented() -> Verdicts:
    """What the page says."""
    faults = [fault.name for fault in FAULTS]
    rows = [line.strip("|\n ").split(" | ") for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    return {row.replace("`", ""): dict(zip(faults, verdicts, strict=True)) for row, *verdicts in rows}


def _counts(verdicts: Verdicts, fault: str) -> str:
    counted = Counter(row[fault] for row in verdicts.values())
    return ", ".join(f"{counted[verdict]} {verdict}" for verdict in VERDICTS if counted[verdict])


def _runs(verdicts: Verdicts) -> int:
    return sum(verdict != "none" for row in verdicts.values() for verdict in row.values())


KINDS: Final = ("lost", "doubled", "orphaned", "wrongly told")


def _found(verdicts: Verdicts) -> str:
    """Count what is wrong by its kind; anything else, a run that failed again say, is the last one."""
    every = [verdict for _, _, verdict in _wrong(verdicts)]
    counted = {kind: sum(kind in verdict for verdict in every) for kind in KINDS}
    others = sum(not any(kind in verdict for kind in KINDS) for verdict in every)
    return ", ".join([*(f"{count} {kind}" for kind, count in counted.items()), *([f"{others} failed"] * (others > 0))])


def _cell(verdict: str) -> str:
    return verdict if verdict in VERDICTS else "WRONG"


def page(verdicts: Verdicts) -> str:
    """The page as Markdown."""
    lines = [_HEAD, "| fault | what happens | ends |", "| --- | --- | --- |"]
    lines += [f"| {fault.name} | {fault.meaning} | {_counts(verdicts, fault.name)} |" for fault in FAULTS]
    lines += ["", "## Ends", "", "| end | meaning |", "| --- | --- |"]
    lines += [f"| {verdict} | {meaning} |" for verdict, meaning in VERDICTS.items()]
    lines += [
        "",
        "## The matrix",
        "",
        f"{len(verdicts)} rows, {_runs(verdicts)} runs with a fault: {_found(verdicts)}.",
        "",
    ]
    lines += [f"| mutation | {' | '.join(fault.name for fault in FAULTS)} |", f"| --- |{' --- |' * len(FAULTS)}"]
    for name, row in verdicts.items():
        mutation, _, what = name.partition(": ")
        lines.append(f"| `{mutation}`: {what} | {' | '.join(_cell(verdict) for verdict in row.values())} |")
    return "\n".join([*lines, ""])


def _print(verdicts: Verdicts, took_s: float) -> None:
    console = Console(width=WIDTH)
    table = Table("mutation", *(fault.name for fault in FAULTS))
    for name, row in verdicts.items():
        table.add_row(name, *(_SHORT.get(verdict, "WRONG") for verdict in row.values()))
    console.print(table)
    for verdict, meaning in VERDICTS.items():
        console.print(f"{_SHORT[verdict]:>7}  {meaning}")
    for fault in FAULTS:
        console.print(f"{fault.name:>15}: {_counts(verdicts, fault.name)}")
    for name, fault, verdict in _wrong(verdicts):
        console.print(f"WRONG {name}, {fault}: {verdict}", markup=False)
    console.print(f"{_runs(verdicts)} runs with a fault in {took_s:.0f} s: {_found(verdicts)}")


def _wrong(verdicts: Verdicts) -> Sequence[tuple[str, str, str]]:
    return [
        (name, fault, verdict)
        for name, row in verdicts.items()
        for fault, verdict in row.items()
        if verdict not in VERDICTS
    ]


def main() -> int:
    """Try everything; 1 when something was lost, doubled or orphaned."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.pages.faults", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument(
        "--write", action="store_true", help=f"also write {PAGE.relative_to(ROOT)}, if nothing is wrong"
    )
    arguments = parser.parse_args()
    started = time.monotonic()
    verdicts = measured()
    _print(verdicts, time.monotonic() - started)
    if _wrong(verdicts):
        return 1
    if arguments.write:
        PAGE.write_text(page(verdicts))
    return 0


if __name__ == "__main__":
    sys.exit(main())
