"""One simulated Railway per test and the live suite pointed at it: in virtual time, or on loopback for commands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest

from pulumiverse_railway.provider.configuration import Configuration, build_client
from railway_sandbox.clock import Clock
from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.server import Sandbox
from railyard.contract.checks import POINTS, access
from railyard.contract.suite import Run
from tests import virtual_time
from tests.provider.in_process import Connection, LoopClock, pointed_here
from tests.simulated import Address, serve

SPEED = 300.0
"""Simulated seconds per second."""

Try = Callable[[Sequence[int]], Run]


def account(directory: Path, plan: str = "pro") -> Connection:
    """An account in which nothing exists, in this process."""
    return Connection(Sandbox(directory, clock=LoopClock(), plan=plan))


def tried(connection: Connection, numbers: Sequence[int]) -> Run:
    """A run over these points, in virtual time; another one goes on after it."""
    sandbox, connected = connection.sandbox, partial(build_client, transport=connection.transport())

    async def body() -> Run:
        client = connected(Configuration(token=sandbox.railway.account_token))
        run = Run(client, next(iter(sandbox.railway.state.workspaces)))
        try:
            await run.start([each for each in POINTS if each.number in numbers], lambda _text: None)
        finally:
            await client.close()
            sandbox.clock.advance(virtual_time.now())
        return run

    with pointed_here(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(access, "build_client", connected)  # one point has a client with a project token
        return virtual_time.run(body())


def living(cloud: RailwayCloud) -> list[str]:
    """Names of the projects that exist."""
    return [each.name for each in cloud.state.projects.values() if each.deleted_at is None]


@pytest.fixture
def address(tmp_path: Path) -> Iterator[Address]:
    """Where an account on the pro plan answers commands; the environment variables name it."""
    sandbox = Sandbox(tmp_path / ".sandbox", clock=Clock(speed=SPEED))
    with serve(sandbox) as served, pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAILWAY_API_URL", served.url)
        patch.setenv("RAILWAY_API_TOKEN", sandbox.railway.account_token)
        patch.setenv("RAILWAY_SANDBOX_SPEED", str(SPEED))
        patch.delenv("RAILWAY_TOKEN", raising=False)
        yield served


@pytest.fixture
def cloud(address: Address) -> RailwayCloud:
    """The account that answers commands."""
    return address.sandbox.railway


@pytest.fixture
def connection(tmp_path: Path) -> Connection:
    """An account on the pro plan, in this process."""
    return account(tmp_path)


@pytest.fixture
def attempt(connection: Connection) -> Try:
    """Tries points on it."""
    return lambda numbers: tried(connection, numbers)
