"""Netia in staging, brought up once and copied for each test, and a real PostgreSQL behind its TCP proxy."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from railway_sandbox.railway.records import TCPProxy, VolumeInstance
from railway_sandbox.server import Sandbox
from railyard.accounts.spaces_client import spaces_client
from railyard.data.postgres import query
from railyard.data.programs import Server
from railyard.engine import operate
from tests.lifecycle.conftest import InProcess
from tests.operations.conftest import Railyard, World
from tests.operations_backup import servers
from tests.railyard_command import point_nowhere

WHERE = "netia/postgres"
FULL = "staging/netia/postgres"
PEOPLE = 250


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each dump and archive begins in a second of its own, by which it is named."""
    begun, seconds = datetime.now(UTC), count()

    def time_now() -> str:
        return f"{begun + timedelta(seconds=next(seconds)):%Y-%m-%dT%H%M%SZ}"

    for module in ("dumping", "files"):
        monkeypatch.setattr(f"railyard.data.{module}.time_now", time_now)


def disk_of(world: World, where: str = WHERE) -> VolumeInstance:
    """The volume of a service, by default that of the database."""
    _, service = world.find(where)
    return next(each for each in world.railway.state.volume_instances.values() if each.service_id == service.id)


def proxies(railyard: Railyard) -> list[TCPProxy]:
    """The TCP proxies that are open."""
    with railyard.world() as world:
        return [each for each in world.railway.state.tcp_proxies.values() if each.deleted_at is None]


@pytest.fixture(scope="session")
def netia(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clouds after an up of Netia in staging."""
    checkout = InProcess(tmp_path_factory.mktemp("netia") / "railyard")
    checkout.json("up", "-s", "staging", "--system", "netia")
    return checkout.listed()


@pytest.fixture
def railyard(netia: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Railyard:
    """The command line on a copy of these clouds."""
    point_nowhere(monkeypatch, "RAILYARD_SANDBOX_TCP")
    shutil.copytree(netia, tmp_path / "clouds")
    (tmp_path / "clouds" / "requests.jsonl").unlink()
    monkeypatch.setenv("RAILYARD_SANDBOX", str(tmp_path / "clouds"))
    return Railyard(tmp_path / "clouds")


def _password(clouds: Path) -> str:
    world = World(clouds)
    environment, service = world.find(WHERE)
    return environment.config["services"][service.id]["variables"]["POSTGRES_PASSWORD"]["value"]


@pytest.fixture(scope="session")
def running(netia: Path) -> Iterator[Server]:
    """A PostgreSQL with the password that the settings have."""
    before = os.environ["PATH"]
    os.environ["PATH"] = f"{servers.binaries()}{os.pathsep}{before}"
    try:
        with servers.running(_password(netia)) as server:
            yield server
    finally:
        os.environ["PATH"] = before


@pytest.fixture
def server(running: Server, railyard: Railyard, monkeypatch: pytest.MonkeyPatch) -> Server:
    """It, behind Netia's proxy, with one database of two tables."""
    beside = running.to("postgres")
    for (name,) in query(beside, "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres'"):
        query(beside, f'DROP DATABASE "{name}" WITH (FORCE)')
    query(beside, f'CREATE DATABASE "{running.database}"')
    query(
        running,
        f"""CREATE TABLE people (id serial PRIMARY KEY, name text);
        INSERT INTO people (name) SELECT 'person ' || number FROM generate_series(1, {PEOPLE}) number;
        CREATE TABLE "Odd name" (x int REFERENCES people); INSERT INTO "Odd name" VALUES (1)""",
    )
    monkeypatch.setenv("RAILYARD_SANDBOX_TCP", f"netia-staging/postgres={running.port}")
    monkeypatch.setenv("PATH", f"{servers.binaries()}{os.pathsep}{os.environ['PATH']}")
    return running


def databases(server: Server) -> list[str]:
    """The databases of a server, its own two left out."""
    databases = query(server.to("postgres"), "SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY 1")
    return [row[0] for row in databases if row[0] != "postgres"]


def people(server: Server) -> int:
    """Rows of the table in the live database."""
    return int(query(server, "SELECT count(*) FROM people")[0][0])


@contextmanager
def spaces(railyard: Railyard) -> Iterator[Any]:
    """Spaces, as somebody uses it between two commands."""
    with Sandbox(railyard.directory).serve() as address, pytest.MonkeyPatch.context() as patch:
        for name, value in operate.environment(address, railyard.directory).items():
            patch.setenv(name, value)
        yield spaces_client("nyc3")


def objects(railyard: Railyard, bucket: str = "railyard-backups-staging") -> dict[str, Any]:
    """What is in the bucket, half uploads too."""
    with spaces(railyard) as client:
        there = [each["Key"] for each in client.list_objects_v2(Bucket=bucket).get("Contents", ())]
        return {"keys": there, "uploads": client.list_multipart_uploads(Bucket=bucket).get("Uploads", [])}
