"""A Pro account of the simulated Railway for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sandbox_railway.railway_client import Client, open_account
from tests.sandbox_railway.shop import Shop


@pytest.fixture
def railway() -> Iterator[Client]:
    """A Pro account with a clock that stands still. What its requests change is noted row by row, to be stored."""
    client = open_account()
    client.note(everything=True)
    yield client
    client.note()
    assert client.noted == {name: table.rows() for name, table in client.cloud.state.tables().items()}


@pytest.fixture
def shop(railway: Client) -> Shop:
    """A project of it with one service."""
    return Shop(railway)
