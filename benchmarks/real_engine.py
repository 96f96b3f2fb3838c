"""The time of ``pulumi preview``, with the real engine: of staging, of an empty program, and of many services.

    python -m benchmarks.real_engine             a table
    python -m benchmarks.real_engine --json      the same for programs

Each figure is the median of several runs of the CLI on a copy of the project, from an empty state, with the clouds'
stand-ins. ``make tools`` installs the CLI. Pulumi's own language host is used where it lies beside the CLI or on PATH,
and starts pip and Python before each program; where there is none, that of the conformance tests starts neither, so
that an empty program takes less than half as long and everything else a larger multiple of it.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Final

from rich.console import Console
from rich.table import Table

from tests import needs
from tests.conformance.conftest import RealEngine, has_language_host

ROOT: Final = Path(__file__).resolve().parent.parent
RUNS: Final = 3
STACK: Final = "staging"
SIZES: Final = (100, 300, 1_000)


@dataclass(frozen=True)
class Preview:
    """Hold how long a preview takes."""

    what: str
    seconds: float
    of_empty: float
    """Its time as a multiple of that of an empty program."""


def seconds(engine: RealEngine, text: str, runs: int = 1) -> float:
    """Return the median time of a preview of a program."""
    (engine.directory / "__main__.py").write_text(text)
    times: list[float] = []
    for _ in range(runs):
        began = time.perf_counter()
        engine.pulumi("preview", "--stack", STACK)
        times.append(time.perf_counter() - began)
    return median(times)


def measure() -> list[Preview]:
    """Measure all programs. Exits where there is no CLI."""
    if needs.pulumi() is None:
        raise SystemExit("there is no Pulumi CLI: make tools installs it, or builds it with Go")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # with it every run would compile the project anew
    with ExitStack() as running:
        directory = Path(running.enter_context(tempfile.TemporaryDirectory()))
        engine = RealEngine(directory / "project", running, STACK)
        (engine.directory / "benchmarks").symlink_to(ROOT / "benchmarks")
        staging = (ROOT / "__main__.py").read_text()
        seconds(engine, staging)  # compiles modules and fills the system's caches
        took = {
            "an empty program": (empty := seconds(engine, "import pulumi\n", RUNS)),
            STACK: seconds(engine, staging, RUNS),
        }
        for services in SIZES:
            text = f"from benchmarks.shop import shop\n\nshop({services})\n"
            took[f"{services:,} services, once"] = seconds(engine, text)
    return [Preview(what, each, each / empty) for what, each in took.items()]


def main() -> None:
    """Measure, and print."""
    previews = measure()
    if "--json" in sys.argv[1:]:
        sys.stdout.write(json.dumps([asdict(each) for each in previews], indent=2) + "\n")
        return
    host = "Pulumi's language host" if has_language_host() else "the tests' language host"
    table = Table("", "seconds", "of an empty program", title=f"pulumi preview with {host}, median of {RUNS} runs")
    for each in previews:
        table.add_row(each.what, f"{each.seconds:.2f}", f"{each.of_empty:.1f} x")
    Console(width=None if sys.stdout.isatty() else 120).print(table)


if __name__ == "__main__":
    main()
