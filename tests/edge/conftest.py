"""A sandbox with one web service, and its edge asked by a real client over real TLS."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from railway_api import dns, domain_probe
from railway_sandbox.addresses import environment
from railway_sandbox.clock import ManualClock
from railway_sandbox.cloudflare.zones import ZONE_IDS
from railway_sandbox.server import Sandbox
from tests.sandbox_railway.railway_client import Client

CREATE_DOMAIN = "mutation($i: CustomDomainCreateInput!) { customDomainCreate(input: $i) { id } }"
ZONE = ZONE_IDS["seance.dev"]


@dataclass
class World:
    """One sandbox that is being served."""

    sandbox: Sandbox
    clock: ManualClock

    def __post_init__(self) -> None:
        self.railway = Client(self.sandbox.railway, self.clock, token=self.sandbox.railway.account_token)
        self.project, self.environment = self.railway.project()

    def service(self, *, deployed: bool = True, **deploy: Any) -> str:
        """A service; deployed and healthy, unless said otherwise."""
        web = self.railway.service(self.project, self.environment)
        if deployed:
            settings = {"source": {"image": "nginx:1"}, "deploy": deploy}
            self.railway.commit(self.environment, {"services": {web: settings}})
            self.clock.advance(60)
        return web

    def domain(self, name: str, service: str, *, port: int | None = None, txt: bool = True) -> str:
        """A custom domain with its TXT record; gives where its CNAME has to point."""
        where = {"projectId": self.project, "environmentId": self.environment, "serviceId": service}
        self.railway.ask(CREATE_DOMAIN, i={**where, "domain": name, "targetPort": port})
        self.clock.advance(10)
        made = next(each for each in self.sandbox.railway.state.custom_domains.values() if each.domain == name)
        if txt:
            token = made.token.removeprefix("railway-verify=")
            self.record("TXT", f"_railway-verify.{name.removeprefix('*.')}", f'"railway-verify={token}"')
        return made.cname_target

    def record(self, type: str, name: str, content: str, *, proxied: bool = False) -> None:
        """Enter a DNS record."""
        sent = {"type": type, "name": name, "content": content, "proxied": proxied, "ttl": 1}
        self.sandbox.cloudflare.create_record(ZONE, sent)

    def site(self, name: str, *, proxied: bool = False, **service: Any) -> None:
        """A service with a domain and all its records."""
        target = self.domain(name, self.service(**service))
        self.record("CNAME", name, target, proxied=proxied)

    def ssl(self, mode: str) -> None:
        """The zone's SSL mode."""
        self.sandbox.cloudflare.change_setting(ZONE, "ssl", mode)

    def certificate(self) -> None:
        """Let Railway see the records, and wait until it has issued its certificate."""
        for _ in range(2):
            self.railway.ask("query { apiToken { workspaces { id } } }")
            self.clock.advance(30)

    def visit(self, name: str, path: str = "/") -> domain_probe.Answer:
        """What a visitor gets."""
        return asyncio.run(domain_probe.visit(name, path))

    def lookup(self, name: str, type: dns.RecordType) -> list[str] | None:
        """What the public DNS says."""
        return asyncio.run(dns.lookup(name, type))

    def requests(self, api: str) -> list[str]:
        """The request log of an API."""
        lines = map(json.loads, self.sandbox.storage.requests.read_text().splitlines())
        return [line["operation"] for line in lines if line["api"] == api]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    clock = ManualClock()
    sandbox = Sandbox(tmp_path / ".sandbox", clock=clock)
    with sandbox.serve() as address:
        for name, value in environment(address, directory=tmp_path / ".sandbox").items():
            monkeypatch.setenv(name, value)
        yield World(sandbox, clock)
