"""One simulated Railway per test, in virtual time and without sockets, and the real provider in front of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from railway_sandbox.edge.certificate_authority import CertificateAuthority
from railway_sandbox.edge.server import NO_SUCH_NAME
from railway_sandbox.http_messages import Request, Response
from railway_sandbox.http_server import Certificate, HttpServer, TlsEndpoint
from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.server import Sandbox
from tests import virtual_time
from tests.provider.driver import Driver, Records, driving
from tests.provider.in_process import Connection, LoopClock, pointed_here


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """Virtual time for all tests of this folder."""
    return virtual_time.VIRTUAL_TIME


@pytest.fixture
def records() -> Records:
    """The DNS that the simulated Railway sees."""
    return Records()


@pytest.fixture
def sandbox(records: Records, tmp_path: Path) -> Iterator[Sandbox]:
    """A sandbox in which nothing exists; its Railway sees the records."""
    made = Sandbox(tmp_path / ".sandbox", clock=LoopClock())
    made.railway.dns, made.railway.proxied = records.find, records.is_proxied
    with made.storage.database.kept_open():
        yield made


@pytest.fixture
def cloud(sandbox: Sandbox) -> RailwayCloud:
    """An account on the pro plan in which nothing exists."""
    return sandbox.railway


@pytest.fixture
def address(sandbox: Sandbox) -> Iterator[Connection]:
    """Where that account answers; the provider is pointed there."""
    with pointed_here():
        yield Connection(sandbox)


@dataclass
class Visitors:
    """The public edge in front of the proxied names, and who asked it."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Server": "cloudflare"})
    asked: list[str] = field(default_factory=list[str])
    certified: set[str] = field(default_factory=set[str])
    """Names without a proxy that have a certificate of Railway's."""

    def answer(self, request: Request) -> Response:
        self.asked.append(request.host)
        return Response(status=self.status, headers=self.headers)


@pytest.fixture
def visitors(records: Records, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Visitors]:
    """A TLS server that stands for the whole Internet; a proxied name has a certificate, any other no address."""
    found, authority = Visitors(), CertificateAuthority(tmp_path)

    def certificate(name: str) -> Certificate:
        return authority.context([name], "WE1") if name in found.certified or records.is_proxied(name) else NO_SUCH_NAME

    listener = HttpServer(found.answer, secure=TlsEndpoint(certificate, found.answer))
    monkeypatch.setenv("RAILYARD_EDGE", listener.address.removeprefix("http://"))
    monkeypatch.setenv("RAILYARD_EDGE_AUTHORITY", str(authority.file))
    yield found
    listener.close()


@pytest.fixture
async def driver(cloud: RailwayCloud, address: Connection) -> AsyncIterator[Driver]:
    """A freshly started provider."""
    async with driving(cloud, address) as driver:
        yield driver
