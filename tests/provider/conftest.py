"""One simulated Railway per test, served on loopback, and the real provider in front of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from railway_api import batch, environment, group_commits
from railway_sandbox.clock import Clock
from railway_sandbox.edge.authority import Authority
from railway_sandbox.edge.visitors import NO_SUCH_NAME
from railway_sandbox.exchange import Reply, Request
from railway_sandbox.identifiers import Identifiers
from railway_sandbox.listener import Certificate, Listener, Secure
from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.railway.loopback import Address, serve
from tests.provider.driver import Records, Scenario, driving


@pytest.fixture
def speed() -> float:
    """Simulated seconds per second: a deployment of 16 s takes 80 ms."""
    return 200.0


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> float:
    """A speed for tests of what travels together, with longer real waits for it: a busy machine parts nothing then."""
    for module in (batch, group_commits):
        monkeypatch.setattr(module, "WINDOW_S", 0.25)
    monkeypatch.setattr(batch, "LONGEST_S", 5.0)
    monkeypatch.setattr(environment, "PREPARED_S", 300.0)
    return 30.0


@pytest.fixture
def records() -> Records:
    """The DNS that the simulated Railway sees."""
    return Records()


@pytest.fixture
def cloud(records: Records, speed: float) -> RailwayCloud:
    """An account on the pro plan in which nothing exists."""
    return RailwayCloud(Clock(speed=speed).now, Identifiers("provider"), records.find, proxied=records.is_proxied)


@pytest.fixture
def address(cloud: RailwayCloud, speed: float, monkeypatch: pytest.MonkeyPatch) -> Iterator[Address]:
    """Where that account answers; the provider is pointed there."""
    with serve(cloud) as served:
        monkeypatch.setenv("RAILWAY_API_URL", served.url)
        monkeypatch.setenv("RAILWAY_SANDBOX_SPEED", str(speed))
        monkeypatch.delenv("RAILWAY_API_TOKEN", raising=False)
        monkeypatch.delenv("RAILWAY_TOKEN", raising=False)
        yield served


@dataclass
class Visitors:
    """The public edge in front of the proxied names, and who asked it."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Server": "cloudflare"})
    asked: list[str] = field(default_factory=list[str])
    certified: set[str] = field(default_factory=set[str])
    """Names without a proxy that have a certificate of Railway's."""

    def answer(self, request: Request) -> Reply:
        self.asked.append(request.host)
        return Reply(status=self.status, headers=self.headers)


@pytest.fixture
def visitors(records: Records, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Visitors]:
    """A TLS server that stands for the whole Internet; a proxied name has a certificate, any other no address."""
    found, authority = Visitors(), Authority(tmp_path)

    def certificate(name: str) -> Certificate:
        return authority.context([name], "WE1") if name in found.certified or records.is_proxied(name) else NO_SUCH_NAME

    listener = Listener(found.answer, secure=Secure(certificate, found.answer))
    monkeypatch.setenv("RAILYARD_EDGE", listener.address.removeprefix("http://"))
    monkeypatch.setenv("RAILYARD_EDGE_AUTHORITY", str(authority.file))
    yield found
    listener.close()


@pytest.fixture
def run(cloud: RailwayCloud, address: Address) -> Callable[[Scenario], None]:
    """Runs a scenario with a freshly started provider."""

    def start(scenario: Scenario) -> None:
        async def body() -> None:
            async with driving(cloud, address) as driver:
                await scenario(driver)

        asyncio.run(body())

    return start
