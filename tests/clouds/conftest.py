"""What the tests of the simulated clouds share: a sandbox of their own on a loopback port, and clients for it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from botocore.config import Config

from sandbox.clock import ManualClock
from sandbox.clouds import (
    CLOUDFLARE_TOKEN,
    DIGITALOCEAN_TOKEN,
    SPACES_ACCESS_KEY,
    SPACES_SECRET_KEY,
)
from sandbox.server import Sandbox


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / ".sandbox"


@pytest.fixture
def sandbox(directory: Path, clock: ManualClock) -> Sandbox:
    return Sandbox(directory, clock=clock)


@pytest.fixture
def address(sandbox: Sandbox) -> Generator[str]:
    with sandbox.serve() as address:
        yield address


@pytest.fixture
def cloudflare(address: str) -> Generator[httpx.Client]:
    headers = {"Authorization": f"Bearer {CLOUDFLARE_TOKEN}"}
    with httpx.Client(base_url=f"{address}/client/v4", headers=headers, trust_env=False) as client:
        yield client


@pytest.fixture
def digitalocean(address: str) -> Generator[httpx.Client]:
    headers = {"Authorization": f"Bearer {DIGITALOCEAN_TOKEN}"}
    with httpx.Client(base_url=f"{address}/v2", headers=headers, trust_env=False) as client:
        yield client


SpacesClient = Callable[..., Any]


@pytest.fixture
def spaces_at() -> Generator[SpacesClient]:
    """A boto3 client that reaches Spaces through the sandbox at an address."""
    with contextlib.ExitStack() as stack:

        def build(
            address: str,
            *,
            style: str = "virtual",
            region: str = "sfo3",
            access_key: str = SPACES_ACCESS_KEY,
            secret_key: str = SPACES_SECRET_KEY,
        ) -> Any:
            client: Any = boto3.client(  # pyright: ignore[reportUnknownMemberType]
                "s3",
                endpoint_url=f"http://{region}.digitaloceanspaces.com",
                region_name="us-east-1",
                aws_access_key_id=access_key,
                aws_secret_access_key=secret_key,
                config=Config(
                    proxies={"http": address}, s3={"addressing_style": style}, retries={"total_max_attempts": 1}
                ),
            )
            stack.callback(client.close)
            return client

        yield build


@pytest.fixture
def spaces(address: str, spaces_at: SpacesClient) -> Any:
    return spaces_at(address)
