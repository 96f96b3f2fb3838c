"""The cost of a write to the simulated Railway as the account grows: CPU time of a ``serviceCreate``.

    python -m benchmarks.simulator_growth

Owns the measurement: one project of a sandbox of its own, asked in this process as its server is asked. CPU time of
this process, and the cheapest of several creations, so that other programs on the machine count little.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from rich.console import Console

from railway_sandbox.addresses import RAILWAY_PATH, RAILWAY_TOKEN
from railway_sandbox.clock import ManualClock
from railway_sandbox.http_messages import Request
from railway_sandbox.server import Sandbox

SIZES: Final = (50, 400, 800)
"""Numbers of services at which a creation is measured."""
AROUND: Final = 20
"""Number of creates that are measured with it, before and after."""
GOAL: Final = 1.3
"""Highest cost of a create in the largest account, relative to one in the smallest."""
PROJECT: Final = """mutation($input: ProjectCreateInput!) {
    projectCreate(input: $input) { id environments { edges { node { id } } } } }"""
SERVICE: Final = "mutation($input: ServiceCreateInput!) { serviceCreate(input: $input) { id } }"


def ask(sandbox: Sandbox, query: str, **variables: Any) -> Any:
    """Return the data of the answer to one request."""
    request = Request(
        method="POST",
        host="127.0.0.1",
        path=RAILWAY_PATH,
        query="source=benchmark",
        headers={"authorization": f"Bearer {RAILWAY_TOKEN}"},
        body=json.dumps({"query": query, "variables": variables}).encode(),
    )
    return sandbox.handle(request).json["data"]


def costs_ms(sandbox: Sandbox, clock: ManualClock) -> list[float]:
    """Create services and return the CPU time of each creation, in milliseconds."""
    workspace = next(iter(sandbox.railway.state.workspaces))
    project = ask(sandbox, PROJECT, input={"name": "growth", "workspaceId": workspace})["projectCreate"]
    ids = {"projectId": project["id"], "environmentId": project["environments"]["edges"][0]["node"]["id"]}
    costs: list[float] = []
    for number in range(SIZES[-1] + AROUND):
        clock.advance(1)  # requests of the same second are kept for the rate limit
        began = time.process_time()
        ask(sandbox, SERVICE, input={**ids, "name": f"service-{number}"})
        costs.append((time.process_time() - began) * 1000)
    return costs


def measured() -> dict[int, float]:
    """Return the CPU time of a creation by the number of services, in milliseconds."""
    with TemporaryDirectory() as directory:
        clock = ManualClock()
        sandbox = Sandbox(Path(directory), clock=clock)
        sandbox.railway.limits_requests = False
        with sandbox.serve():
            costs = costs_ms(sandbox, clock)
    return {size: min(costs[size - AROUND : size + AROUND]) for size in SIZES}


def main() -> None:
    """Print the table."""
    costs = measured()
    console = Console(highlight=False)
    for size, cost_ms in costs.items():
        console.print(f"serviceCreate at {size:>3} services: {cost_ms:.2f} ms of CPU")
    ratio = costs[SIZES[-1]] / costs[SIZES[0]]
    console.print(f"at {SIZES[-1]} services {ratio:.2f} x the cost at {SIZES[0]} (goal: at most {GOAL})")


if __name__ == "__main__":
    main()
