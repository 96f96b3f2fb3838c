"""One simulated Railway per test on loopback, and the live suite pointed at it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from pulumiverse_railway.provider.configuration import Configuration, build_client
from railway_sandbox.clock import Clock
from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.server import Sandbox
from railyard.contract.checks import POINTS
from railyard.contract.suite import Run
from tests.simulated import Address, serve

SPEED = 300.0
"""Simulated seconds per second."""

Try = Callable[[Sequence[int]], Run]


def account(directory: Path, plan: str = "pro") -> Sandbox:
    """A sandbox in which nothing exists."""
    return Sandbox(directory, clock=Clock(speed=SPEED), plan=plan)


@contextmanager
def pointed_at(sandbox: Sandbox) -> Iterator[Address]:
    """The account answers, and the environment variables name it."""
    with serve(sandbox) as address, pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAILWAY_API_URL", address.url)
        patch.setenv("RAILWAY_API_TOKEN", sandbox.railway.account_token)
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
def address(tmp_path: Path) -> Iterator[Address]:
    """Where an account on the pro plan answers."""
    with pointed_at(account(tmp_path / ".sandbox")) as served:
        yield served


@pytest.fixture
def cloud(address: Address) -> RailwayCloud:
    """That account."""
    return address.sandbox.railway


@pytest.fixture
def attempt(cloud: RailwayCloud) -> Try:
    """Tries points on it."""
    return lambda numbers: tried(cloud, numbers)
