"""A Pro account of the simulated Railway for each test."""

from __future__ import annotations

import pytest

from tests.sandbox_railway.railway_client import Client, open_account


@pytest.fixture
def railway() -> Client:
    """A Pro account with a clock that stands still."""
    return open_account()
