"""One simulated Railway per test and the live suite pointed at it, in this process and in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest

from pulumiverse_railway.provider.configuration import Configuration, build_client
from railway_api.client import Client
from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.server import Sandbox
from railyard.contract import account_under_test
from railyard.contract.checks import POINTS, access
from railyard.contract.suite import Run
from tests import virtual_time
from tests.provider.in_process import Connection, LoopClock, pointed_here

T = TypeVar("T")
Try = Callable[[Sequence[int]], Run]


def account(directory: Path, plan: str = "pro") -> Connection:
    """An account in which nothing exists, in this process."""
    return Connection(Sandbox(directory, clock=LoopClock(), plan=plan))


@contextmanager
def reached(connection: Connection) -> Iterator[None]:
    """Let every client of the suite reach this account until the block ends."""
    connected = partial(build_client, transport=connection.transport())
    with pointed_here(), pytest.MonkeyPatch.context() as patch:
        for module in (account_under_test, access):
            patch.setattr(module, "build_client", connected)
        yield


def timed(connection: Connection, work: Coroutine[Any, Any, T]) -> T:
    """What ``work`` gives, run in virtual time; what is run after it goes on from there."""

    async def body() -> T:
        try:
            return await work
        finally:
            connection.sandbox.clock.advance(virtual_time.now())

    return virtual_time.run(body())


def tried(connection: Connection, numbers: Sequence[int]) -> Run:
    """A run over these points, in virtual time; another one goes on after it."""

    async def body() -> Run:
        client = client_of(connection)
        run = Run(client, next(iter(connection.sandbox.railway.state.workspaces)))
        try:
            await run.start([each for each in POINTS if each.number in numbers], lambda _text: None)
        finally:
            await client.close()
        return run

    with reached(connection):
        return timed(connection, body())


def client_of(connection: Connection) -> Client:
    """A client of the account."""
    return build_client(Configuration(token=connection.sandbox.railway.account_token), transport=connection.transport())


def living(cloud: RailwayCloud) -> list[str]:
    """Names of the projects that exist."""
    return [each.name for each in cloud.state.projects.values() if each.deleted_at is None]


@pytest.fixture
def connection(tmp_path: Path) -> Connection:
    """An account on the pro plan, in this process."""
    return account(tmp_path)


@pytest.fixture
def attempt(connection: Connection) -> Try:
    """Tries points on it."""
    return lambda numbers: tried(connection, numbers)


@pytest.fixture
def cloud(connection: Connection) -> Iterator[RailwayCloud]:
    """The account that answers commands: the environment variables name it, and its time is virtual."""
    with reached(connection), pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAILWAY_API_TOKEN", connection.sandbox.railway.account_token)
        patch.setattr(asyncio, "run", partial(timed, connection))
        yield connection.sandbox.railway
