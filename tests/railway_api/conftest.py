"""Plain ``async def test_…`` in virtual time, and Railway as a function of this process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from railway_api import Client, Token, connect
from railway_sandbox.identifiers import Identifiers
from railway_sandbox.railway.cloud import RailwayCloud
from tests import virtual_time
from tests.provider.in_process import Connection
from tests.railway_api.callers import Waiter


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """Virtual time for all tests of this folder."""
    return virtual_time.VIRTUAL_TIME


@pytest.fixture
def cloud() -> RailwayCloud:
    """An account on the pro plan in which nothing exists."""
    return RailwayCloud(virtual_time.now, Identifiers("client"), lambda _name, _type: [])


@pytest.fixture
def connection(cloud: RailwayCloud) -> Connection:
    """What carries requests to that account, and keeps them."""
    return Connection(cloud)


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
