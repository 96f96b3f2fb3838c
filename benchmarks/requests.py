"""The number of requests that Railyard sends to Railway for a topology of ordinary size, beside other tools.

    python -m benchmarks.requests            a table
    python -m benchmarks.requests --json     the same for programs

Railyard's figures are measured: the topology is brought up, refreshed and changed in an empty sandbox by the embedded
engine. The other tools' figures were read off their source code in August 2026 and are kept below as data; nobody ran
them. Polls, which wait for deployments and certificates, are counted apart: nobody else's figures hold any.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from components.inputs import DomainInputs, VolumeInputs
from components.project import Project, ProjectArgs
from components.service import Service, ServiceArgs
from components.zone import Zone, ZoneArgs
from pulumi_embedded import standins
from pulumi_embedded.runner import Options, run
from pulumi_operations.events import Operation
from railway_sandbox.addresses import environment
from railway_sandbox.cloudflare.zones import ZONE_IDS
from railway_sandbox.server import Sandbox

ROOT: Final = Path(__file__).resolve().parent.parent
SPEED: Final = 20.0
"""Simulated seconds per second: so slow that this machine's own delays count as little as they do in reality."""
ZONE: Final = "seance.dev"
TOPOLOGY: Final = "1 project, 1 environment, 6 services (image, settings, 10 variables each), 3 volumes, 5 domains"
SOURCE: Final = "read off the peers' source, 2026-08"
CREATE, REFRESH, IMAGE, IMAGE_REFRESHED = "create", "idle refresh", "new image", "and refreshed first"
CASES: Final = (CREATE, REFRESH, IMAGE, IMAGE_REFRESHED)

PEERS: Final[Mapping[str, Mapping[str, str]]] = {
    "Terraform, single variables": {CREATE: "299", REFRESH: "101", IMAGE: "8", IMAGE_REFRESHED: "109"},
    "Terraform, collections": {CREATE: "83", REFRESH: "47", IMAGE: "8", IMAGE_REFRESHED: "55"},
    "jamesprnich's fork, single variables": {CREATE: "297", REFRESH: "87", IMAGE: "3", IMAGE_REFRESHED: "90"},
    "jamesprnich's fork, collections": {CREATE: "81", REFRESH: "33", IMAGE: "3", IMAGE_REFRESHED: "36"},
    "TheGreatAxios/pulumi-railway (does not deploy)": {CREATE: "151", REFRESH: "91", IMAGE: "1", IMAGE_REFRESHED: "92"},
    "infracraft": {CREATE: "66 to 78", REFRESH: "22", IMAGE: "3", IMAGE_REFRESHED: "25"},
    "railway-next (without domains)": {CREATE: "59", REFRESH: "17", IMAGE: "3", IMAGE_REFRESHED: "20"},
    "railway config apply (project exists)": {CREATE: "13", REFRESH: "5", IMAGE: "13", IMAGE_REFRESHED: "13"},
}
"""Requests by tool and case."""


@dataclass(frozen=True)
class Sent:
    """The requests that one operation sent to Railway."""

    requests: int
    polls: int


def topology(tag: str) -> Callable[[], None]:
    """Return the program; ``tag`` is the image tag of the first service."""

    def program() -> None:
        project = Project("shop", ProjectArgs(name="shop", environment="production"))
        zone = Zone("zone", ZoneArgs(name=ZONE, id=ZONE_IDS[ZONE]))
        for index in range(6):
            args = ServiceArgs(
                project=project,
                zones=[zone],
                image=f"example/service-{index}:{tag if index == 0 else '1'}",
                healthcheck_path="/health",
                memory_mb=1_000,
                port=8_080,
                # With PORT, which comes of the port, there are ten.
                variables={f"VARIABLE_{number}": f"value {number}" for number in range(9)},
                volume=VolumeInputs(mount_path="/data", size_gb=60, backups=("daily",)) if index < 3 else None,
                domains=(DomainInputs(hostname=f"service-{index}.{ZONE}"),) if index < 5 else (),
            )
            Service(f"service-{index}", args)

    return program


def is_poll(request: Mapping[str, object]) -> bool:
    """Tell whether a line of the request log is the request that serves all who wait in an environment."""
    return str(request.get("query")).startswith("query environmentProgress")


def measure(directory: Path) -> dict[str, Sent]:
    """Bring the topology up in an empty sandbox in ``directory``, and so on; what was sent in each case."""
    log = directory / "requests.jsonl"

    def sent(operation: Operation, tag: str) -> Sent:
        before = len(log.read_text().splitlines()) if log.exists() else 0
        with Sandbox(directory, speed=SPEED).serve() as address:
            options = Options(
                root=ROOT,
                stack="benchmark",
                state_file=directory / "benchmark.json",
                config={},
                plugins={"cloudflare": [sys.executable, str(Path(standins.__file__).parent / "cloudflare")]},
                program=topology(tag),
                environment=environment(address, SPEED, directory),
            )
            result = run(operation, options)
        if not result.succeeded:
            raise SystemExit("\n".join(each.message for each in result.diagnostics if each.severity == "error"))
        lines = [json.loads(line) for line in log.read_text().splitlines()[before:]]
        railway = [line for line in lines if line["api"] == "railway"]
        polls = sum(is_poll(line) for line in railway)
        return Sent(len(railway) - polls, polls)

    create, refresh = sent(Operation.UP, "1"), sent(Operation.REFRESH, "1")
    image, again = sent(Operation.UP, "2"), sent(Operation.REFRESH, "2")
    later = sent(Operation.UP, "3")
    refreshed = Sent(again.requests + later.requests, again.polls + later.polls)
    return {CREATE: create, REFRESH: refresh, IMAGE: image, IMAGE_REFRESHED: refreshed}


def table(measured: Mapping[str, Sent]) -> Table:
    """Return everything side by side."""
    grid = Table(title=TOPOLOGY, caption=f"other tools: {SOURCE}", title_justify="left", caption_justify="left")
    grid.add_column("requests to Railway", no_wrap=True)
    for case in CASES:
        grid.add_column(case, justify="right", no_wrap=True)
    polls = [f"{measured[case].requests} + {measured[case].polls} polls" for case in CASES]
    grid.add_row("Railyard (measured)", *polls, style="bold")
    for tool, figures in PEERS.items():
        grid.add_row(tool, *(figures[case] for case in CASES))
    return grid


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.requests", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--json", action="store_true", help="print JSON in place of a table")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        measured = measure(Path(directory) / "sandbox")
    if arguments.json:
        railyard = {case: {"requests": sent.requests, "polls": sent.polls} for case, sent in measured.items()}
        document = {"topology": TOPOLOGY, "railyard": railyard, "others": PEERS, "source": SOURCE}
        json.dump(document, sys.stdout, indent=4)
        sys.stdout.write("\n")
        return
    Console(width=None if sys.stdout.isatty() else 120).print(table(measured))


if __name__ == "__main__":
    main()
