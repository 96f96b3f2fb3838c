"""What the tests of the simulated clouds share: a sandbox of their own on a loopback port, and clients for it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from botocore.config import Config

from railway_api.certificates import trusted
from railway_sandbox.addresses import (
    CLOUDFLARE_TOKEN,
    DIGITALOCEAN_TOKEN,
    SPACES_ACCESS_KEY,
    SPACES_SECRET_KEY,
    environment,
)
from railway_sandbox.clock import ManualClock
from railway_sandbox.server import Sandbox
from tests.clouds.clients import SpacesClient
from tests.clouds.plugin import STANDINS, Engine
from tests.lifecycle.conftest import LONGEST_S


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
    with httpx.Client(
        base_url=f"{address}/client/v4", headers=headers, trust_env=False, verify=trusted(address)
    ) as client:
        yield client


@pytest.fixture
def digitalocean(address: str) -> Generator[httpx.Client]:
    headers = {"Authorization": f"Bearer {DIGITALOCEAN_TOKEN}"}
    with httpx.Client(base_url=f"{address}/v2", headers=headers, trust_env=False, verify=trusted(address)) as client:
        yield client


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


# Stand-in plugins


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Generator[tuple[Sandbox, str]]:
    """One sandbox for the module: starting a plugin is what takes time."""
    sandbox = Sandbox(tmp_path_factory.mktemp("standins") / ".sandbox", clock=ManualClock())
    with sandbox.serve() as address:
        yield sandbox, address


@pytest.fixture
def standin_sandbox(shared: tuple[Sandbox, str]) -> Sandbox:
    """The shared sandbox, empty again."""
    sandbox = shared[0]
    sandbox.cloudflare.load({})
    sandbox.digitalocean.load({})
    sandbox.spaces.reset()
    sandbox.storage.requests.unlink(missing_ok=True)
    return sandbox


@pytest.fixture(scope="module")
def started(
    shared: tuple[Sandbox, str], tmp_path_factory: pytest.TempPathFactory
) -> Generator[Callable[[str], Engine]]:
    """Starts a plugin as an engine does: in another directory, with the sandbox's environment alone."""
    running: dict[str, tuple[subprocess.Popen[str], Engine]] = {}

    def start(name: str) -> Engine:
        if name not in running:
            process = subprocess.Popen(
                [
                    sys.executable,
                    str(STANDINS / name),
                    "127.0.0.1:1",
                ],
                cwd=tmp_path_factory.mktemp(name),
                env={"PATH": os.environ["PATH"], **environment(shared[1])},
                stdout=subprocess.PIPE,
                text=True,
            )
            assert process.stdout
            running[name] = process, Engine(f"127.0.0.1:{process.stdout.readline().strip()}")
        return running[name][1]

    yield start
    for process, engine in running.values():
        engine.close()
        process.terminate()
        with process:
            process.wait(LONGEST_S)


@pytest.fixture
def cloudflare_plugin(standin_sandbox: Sandbox, started: Callable[[str], Engine]) -> Engine:
    return started("cloudflare")


@pytest.fixture
def digitalocean_plugin(standin_sandbox: Sandbox, started: Callable[[str], Engine]) -> Engine:
    return started("digitalocean")
