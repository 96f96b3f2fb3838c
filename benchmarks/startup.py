"""How long things take before the first resource is looked at, and how much memory they hold.

    python -m benchmarks.startup             a table
    python -m benchmarks.startup --json      the same for programs

Each figure is the median of several runs, each in a process of its own, with compiled modules as any second run finds
them. What a run costs a user is the preview of the whole stack; the lines below it say where that goes. The plugin's
line is what every engine waits for: from its start until the handshake is answered.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

import grpc
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc
from rich.console import Console
from rich.table import Table

from railyard.engine.engines import code_of

ROOT: Final = Path(__file__).resolve().parent.parent
RUNS: Final = 5
PLUGIN: Final = ROOT / "packages" / "pulumiverse-railway"
PROGRAM_IMPORTS: Final = ("pulumi", "pulumi_cloudflare", "pulumi_digitalocean", "pulumiverse_railway", "stacks")
"""In the order in which a program imports them, each on top of ``pulumi``."""
_IMPORT: Final = "import sys, time; began = time.perf_counter(); import {}; print(time.perf_counter() - began, {})"
_MODULES_AND_PEAK: Final = "len(sys.modules), __import__('resource').getrusage(0).ru_maxrss"
_KIB_IN_MB: Final = 1024


@dataclass(frozen=True)
class Cost:
    """What one thing costs."""

    what: str
    seconds: float
    megabytes: float
    """Peak of resident memory of its process, in MB."""
    modules: int = 0
    """Python modules that are loaded afterwards."""


def importing(package: str) -> Cost:
    """Import ``package`` after ``pulumi``, as programs do; for ``pulumi`` itself, in a bare interpreter."""
    script = _IMPORT.format(package, _MODULES_AND_PEAK)
    if package != "pulumi":
        script = f"import pulumi; {script}"

    def once() -> Cost:
        done = subprocess.run(
            [sys.executable, "-c", script], cwd=ROOT, env=_environment(), capture_output=True, text=True, check=True
        )
        seconds, modules, peak = done.stdout.split()
        return Cost(f"import {package}", float(seconds), int(peak) / _KIB_IN_MB, int(modules))

    return _median(once)


def plugin() -> Cost:
    """Start the Railway provider's plugin, until it has answered the handshake."""

    def once() -> Cost:
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, str(PLUGIN), "127.0.0.1:1"], env=_environment(), stdout=subprocess.PIPE, text=True
        )
        with process:
            assert process.stdout is not None
            with grpc.insecure_channel(f"127.0.0.1:{process.stdout.readline().strip()}") as channel:
                stub: Any = provider_pb2_grpc.ResourceProviderStub(channel)
                stub.Handshake(provider_pb2.ProviderHandshakeRequest())
            seconds = time.perf_counter() - began
            peak = _peak(process.pid)
            process.kill()
        return Cost("plugin until its first answer", seconds, peak)

    return _median(once)


def preview() -> Cost:
    """Preview all of staging with the embedded engine, in an empty sandbox."""

    def once() -> Cost:
        with tempfile.TemporaryDirectory() as directory:
            variables = {**_environment(), "RAILYARD_SANDBOX": directory}
            command = [sys.executable, "-m", "railyard.engine", "preview", "--engine", "embedded", "--json"]
            began = time.perf_counter()
            process = subprocess.Popen(
                command, cwd=ROOT, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise SystemExit("the preview of staging fails: run `make preview` to see why")
        return Cost("preview of staging", time.perf_counter() - began, used.ru_maxrss / _KIB_IN_MB)

    return _median(once)


def measure() -> list[Cost]:
    """All of it, the whole first."""
    return [preview(), plugin(), *(importing(package) for package in PROGRAM_IMPORTS)]


def _environment() -> dict[str, str]:
    """Our own variables, with compiled modules kept: a run without them is no second run."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, **code_of(ROOT)}


def _median(once: Callable[[], Cost]) -> Cost:
    once()  # the first run may compile modules and fill the system's caches
    found = [once() for _ in range(RUNS)]
    return Cost(
        found[0].what, median(cost.seconds for cost in found), median(cost.megabytes for cost in found),
        found[0].modules,
    )  # fmt: skip


def _peak(process: int) -> float:
    """The peak of resident memory of a running process, in MB; 0 where the system does not tell."""
    status = Path(f"/proc/{process}/status")
    lines = status.read_text(encoding="ascii").splitlines() if status.exists() else []
    return next((int(line.split()[1]) / _KIB_IN_MB for line in lines if line.startswith("VmHWM:")), 0.0)


def _table(costs: Sequence[Cost]) -> Table:
    table = Table("", "seconds", "of the preview", "memory, MB", "modules", title=f"Start-up, median of {RUNS} runs")
    whole = costs[0].seconds
    for cost in costs:
        share = f"{cost.seconds / whole:.0%}"
        table.add_row(cost.what, f"{cost.seconds:.2f}", share, f"{cost.megabytes:.0f}", str(cost.modules or ""))
    return table


def main() -> None:
    """Measure, and print."""
    costs = measure()
    if "--json" in sys.argv[1:]:
        sys.stdout.write(json.dumps([asdict(cost) for cost in costs], indent=2) + "\n")
    else:
        Console().print(_table(costs))


if __name__ == "__main__":
    main()
