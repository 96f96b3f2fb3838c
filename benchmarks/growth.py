"""The cost of one more service in a preview by the embedded engine, in stacks of several sizes.

    python -m benchmarks.growth             a table
    python -m benchmarks.growth --json      the same for programs

Each size is previewed in a process of its own, from an empty state. Counted is the processor's time, of the engine and
of its plugin, less that of a preview of one service: so neither start-up nor what else the machine does counts.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from benchmarks.shop import shop
from pulumi_embedded.runner import Options, run
from pulumi_operations.events import Operation
from railyard.engine.operate import UNREACHABLE_URL, environment

ROOT: Final = Path(__file__).resolve().parent.parent
SIZES: Final = (100, 300, 1_000)
RESOURCES_OF_A_SERVICE: Final = 3
"""The component, the service and its instance."""


@dataclass(frozen=True)
class Growth:
    """Hold what a preview of so many services costs."""

    services: int
    cpu_s: float
    """Of the whole preview."""
    service_cpu_s: float
    """Of each service after the first."""


def preview(services: int) -> None:
    """Preview a project with so many services, all alike."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        options = Options(
            root=ROOT,
            stack="benchmark",
            state_file=directory / "benchmark.json",
            config={},
            program=partial(shop, services),
            environment=environment(UNREACHABLE_URL, directory),
        )
        result = run(Operation.PREVIEW, options)
    if not result.succeeded or len(result.steps) <= services * (RESOURCES_OF_A_SERVICE - 1):
        raise SystemExit("\n".join(each.message for each in result.diagnostics) or "the preview lacks resources")


def cpu_of(services: int) -> float:
    """Return seconds of the processor that a preview of so many services takes, plugin included."""
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.growth", str(services)], cwd=ROOT)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"the preview of {services} services fails")
    return used.ru_utime + used.ru_stime


def measure() -> list[Growth]:
    """Measure all sizes."""
    cpu_of(1)  # compiles modules where that is still to do
    single_service = cpu_of(1)
    costs = {services: cpu_of(services) for services in SIZES}
    return [Growth(services, cost, (cost - single_service) / (services - 1)) for services, cost in costs.items()]


def main() -> None:
    """Measure, and print."""
    arguments = sys.argv[1:]
    if arguments and arguments[0].isdigit():
        preview(int(arguments[0]))
        return
    growths = measure()
    if "--json" in arguments:
        sys.stdout.write(json.dumps([asdict(each) for each in growths], indent=2) + "\n")
        return
    table = Table("services", "CPU seconds", "CPU ms a service", title="Growth: preview by the embedded engine")
    for each in growths:
        table.add_row(f"{each.services:,}", f"{each.cpu_s:.1f}", f"{each.service_cpu_s * 1000:.0f}")
    Console().print(table)


if __name__ == "__main__":
    main()
