"""One simulated Railway per test on loopback, and the live suite pointed at it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest

from pulumiverse_railway.provider.configuration import Configuration, build_client
from railway_sandbox.clock import Clock
from railway_sandbox.identifiers import Identifiers
from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.railway.loopback import Address, serve
from railyard.contract.checks import POINTS
from railyard.contract.suite import Run

SPEED = 300.0
"""Simulated seconds per second."""

Try = Callable[[Sequence[int]], Run]


def account(plan: str = "pro") -> RailwayCloud:
    """An account in which nothing exists."""
    return RailwayCloud(Clock(speed=SPEED).now, Identifiers("live"), lambda _name, _kind: [], plan=plan)


@contextmanager
def pointed_at(cloud: RailwayCloud) -> Iterator[Address]:
    """The account answers, and the environment variables name it."""
    with serve(cloud) as address, pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAILWAY_API_URL", address.url)
        patch.setenv("RAILWAY_API_TOKEN", cloud.account_token)
        patch.setenv("RAILWAY_SANDBOX_SPEED", str(SPEED))
        patch.delenv("RAILWAY_TOKEN", raising=False)
        yield address


def tried(cloud: RailwayCloud, numbers: Sequence[int]) -> Run:
    """A run over these points."""

    async def body() -> Run:
        client = build_client(Configuration())
        workspace = next(iter(cloud.state.workspaces))
        run = Run(client, workspace)
        try:
            await run.start([each for each in POINTS if each.number in numbers], lambda _text: None)
        finally:
            await client.close()
        return run

    return asyncio.run(body())


def living(cloud: RailwayCloud) -> list[str]:
    """Names of the projects that exist."""
    return [each.name for each in cloud.state.projects.values() if each.deleted_at is None]


@pytest.fixture
def cloud() -> RailwayCloud:
    """An account on the pro plan."""
    return account()


@pytest.fixture
def address(cloud: RailwayCloud) -> Iterator[Address]:
    """Where it answers."""
    with pointed_at(cloud) as served:
        yield served


@pytest.fixture
def attempt(cloud: RailwayCloud, address: Address) -> Try:
    """Tries points on it."""
    return lambda numbers: tried(cloud, numbers)
