"""Plain ``async def test_…`` in virtual time, and Railway as a function of this process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from railway_api import Client, Token, connect
from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.server import Sandbox
from tests import virtual_time
from tests.provider.in_process import Connection, LoopClock
from tests.railway_api.callers import Waiter


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """Virtual time for all tests of this folder."""
    return virtual_time.VIRTUAL_TIME


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    """What carries requests to an account on the pro plan in which nothing exists, and keeps them."""
    sandbox = Sandbox(tmp_path / ".sandbox", clock=LoopClock())
    with sandbox.storage.database.kept_open():
        yield Connection(sandbox)


@pytest.fixture
def cloud(connection: Connection) -> RailwayCloud:
    """That account."""
    return connection.sandbox.railway


@pytest.fixture
async def client(cloud: RailwayCloud, connection: Connection) -> AsyncIterator[Client]:
    """A client with the account's own token."""
    token = Token("account", cloud.account_token)
    async with connect(token, url=connection.url, transport=connection.transport()) as client:
        yield client


@pytest.fixture
def caller() -> Waiter:
    """Somebody with an hour."""
    return Waiter()
