"""The time before the first resource is looked at, and the memory that is held then.

    python -m benchmarks.startup             a table
    python -m benchmarks.startup --json      the same for programs

Each figure is the median of several runs, each in a process of its own, with compiled modules as any second run finds
them. What a run costs a user is the preview of the whole stack; the lines below it say where that goes. It is measured
by a program that does nothing but import Pulumi and the clouds' resources that Railyard uses, which no preview can
undercut. The plugin's lines are what every engine waits for.
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
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, Final

import grpc
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc
from rich.console import Console
from rich.table import Table

from railyard.engine.engine import code_of

ROOT: Final = Path(__file__).resolve().parent.parent
RUNS: Final = 5
PLUGIN: Final = ROOT / "packages" / "pulumiverse-railway"
USED: Final = (
    "from components.packages import cloudflare as c, digitalocean as d; "
    "c.DnsRecord, c.ZoneSetting, c.UniversalSslSetting, c.get_zone, "
    "d.Cdn, d.SpacesBucket, d.SpacesKey, d.SpacesBucketCorsConfiguration"
)
PROGRAM_IMPORTS: Final = {
    "import pulumi": "import pulumi",
    "the clouds' resources that are used": f"import pulumi; began(); {USED}",
    "import pulumi_cloudflare, as a whole": "import pulumi; began(); import pulumi_cloudflare",
    "import pulumi_digitalocean, as a whole": "import pulumi; began(); import pulumi_digitalocean",
    "import pulumiverse_railway": "import pulumi; began(); import pulumiverse_railway",
    "import stacks": "import pulumi; began(); import stacks",
}
"""Name of the import → its script; what precedes ``began`` does not count."""
_SCRIPT: Final = """
import resource, sys, time
def began():
    global start
    start = time.perf_counter(), time.process_time()
began()
{}
print(time.perf_counter() - start[0], time.process_time() - start[1], len(sys.modules), resource.getrusage(0).ru_maxrss)
"""
_KIB_IN_MB: Final = 1024


@dataclass(frozen=True)
class Cost:
    """Hold what one thing costs."""

    what: str
    seconds: float
    cpu_s: float
    """Of the processor, with the processes that it starts: what other work on the machine changes less."""
    megabytes: float
    """Peak of resident memory of its process, in MB."""
    modules: int = 0
    """Python modules that are loaded afterwards."""


def importing(label: str, script: str) -> Cost:
    """Import something, as programs do."""

    def once() -> Cost:
        completed = subprocess.run(
            [sys.executable, "-c", _SCRIPT.format(script)],
            cwd=ROOT, env=_environment(), capture_output=True, text=True, check=True,
        )  # fmt: skip
        seconds, cpu_s, modules, peak = completed.stdout.split()
        return Cost(label, float(seconds), float(cpu_s), int(peak) / _KIB_IN_MB, int(modules))

    return _median(once)


def plugins() -> list[Cost]:
    """Start the Railway provider's plugin, until its port is told and until it has answered the handshake."""

    def once(until_answer: bool) -> Cost:
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, str(PLUGIN), "127.0.0.1:1"], env=_environment(), stdout=subprocess.PIPE, text=True
        )
        with process:
            assert process.stdout is not None
            port = process.stdout.readline().strip()
            if until_answer:
                with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                    stub: Any = provider_pb2_grpc.ResourceProviderStub(channel)
                    stub.Handshake(provider_pb2.ProviderHandshakeRequest())
            seconds, peak, cpu_s = time.perf_counter() - began, _peak(process.pid), _cpu_s(process.pid)
            process.kill()
        return Cost(f"plugin until its {'first answer' if until_answer else 'port'}", seconds, cpu_s, peak)

    return [_median(partial(once, until_answer)) for until_answer in (False, True)]


def preview() -> Cost:
    """Preview all of staging with the embedded engine, in an empty sandbox."""
    command = ["-m", "railyard.engine", "preview", "--engine", "embedded", "--json"]
    return _median(lambda: _whole("preview of staging", command))


def least() -> Cost:
    """Load what the preview cannot do without, from the start of a process."""
    return _median(lambda: _whole("a process that loads Pulumi and these", ["-c", f"import pulumi; {USED}"]))


def _whole(label: str, command: Sequence[str]) -> Cost:
    with tempfile.TemporaryDirectory() as directory:
        variables = {**_environment(), "RAILYARD_SANDBOX": directory}
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{label}: failed; run `make preview` to see why")
    cpu_s = used.ru_utime + used.ru_stime
    return Cost(label, time.perf_counter() - began, cpu_s, used.ru_maxrss / _KIB_IN_MB)


def measure() -> list[Cost]:
    """Measure all of it, the whole first."""
    imports = [importing(label, script) for label, script in PROGRAM_IMPORTS.items()]
    return [preview(), least(), *plugins(), *imports]


def _environment() -> dict[str, str]:
    """Return our own variables, with compiled modules kept: a run without them is no second run."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**environment, **code_of(ROOT)}


def _median(once: Callable[[], Cost]) -> Cost:
    once()  # the first run may compile modules and fill the system's caches
    times = [once() for _ in range(RUNS)]
    return Cost(
        times[0].what, median(cost.seconds for cost in times), median(cost.cpu_s for cost in times),
        median(cost.megabytes for cost in times), times[0].modules,
    )  # fmt: skip


def _peak(process: int) -> float:
    """Return the peak of resident memory of a running process, in MB; 0 where the system does not tell."""
    status = Path(f"/proc/{process}/status")
    lines = status.read_text(encoding="ascii").splitlines() if status.exists() else []
    return next((int(line.split()[1]) / _KIB_IN_MB for line in lines if line.startswith("VmHWM:")), 0.0)


def _cpu_s(process: int) -> float:
    """Return the processor's time of a running process, in seconds; 0 where the system does not tell."""
    path = Path(f"/proc/{process}/stat")
    if not path.exists():
        return 0.0
    user, system = path.read_text(encoding="ascii").rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _table(costs: Sequence[Cost]) -> Table:
    table = Table(
        "",
        "seconds",
        "of the preview",
        "CPU seconds",
        "memory, MB",
        "modules",
        title=f"Start-up, median of {RUNS} runs",
    )
    total = costs[0].seconds
    for cost in costs:
        share = f"{cost.seconds / total:.0%}"
        table.add_row(
            cost.what,
            f"{cost.seconds:.2f}",
            share,
            f"{cost.cpu_s:.2f}",
            f"{cost.megabytes:.0f}",
            str(cost.modules or ""),
        )
    return table


def main() -> None:
    """Measure, and print."""
    costs = measure()
    if "--json" in sys.argv[1:]:
        sys.stdout.write(json.dumps([asdict(cost) for cost in costs], indent=2) + "\n")
    else:
        Console(width=None if sys.stdout.isatty() else 120).print(_table(costs))


if __name__ == "__main__":
    main()
