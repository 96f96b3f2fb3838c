"""A stand-in that is killed in the middle of an operation, at each request of each operation of each resource.

As for Railway's resources in tests/provider/test_killed_operations.py: after one more run nothing is left undone.
"""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

import httpx
import pytest

from pulumi_embedded.standins.cloudflare import provider as cloudflare
from pulumi_embedded.standins.digitalocean import provider as digitalocean
from pulumi_provider.engine_log import EngineLog
from pulumi_provider.servicer import Servicer
from railway_sandbox.addresses import environment
from railway_sandbox.cloudflare.rulesets import Rulesets
from railway_sandbox.cloudflare.zones import ZONE_IDS
from railway_sandbox.http_messages import Request
from railway_sandbox.server import Sandbox
from tests import virtual_time
from tests.clouds.plugin import (
    BUCKET,
    CDN,
    CNAME,
    CORS,
    KEY,
    ORIGIN,
    RECORD,
    REDIRECTS,
    RULESET,
    SETTING,
    SPACE,
    UNIVERSAL_SSL,
    ZONE,
)
from tests.provider.driver import Driver
from tests.provider.in_process import Engine, LoopClock, Rpc
from tests.provider.kills.death import Kill, Mortal, kills_of
from tests.provider.kills.engine import Kept, up
from tests.simulated import Address

URL: Final = "http://127.0.0.1:9"
OTHER_ZONE: Final = next(each for each in ZONE_IDS.values() if each != ZONE)
RULE: Final = {"allowedMethods": ["GET"], "allowedOrigins": ["https://seance.dev"], "maxAgeSeconds": 60}


@dataclass(frozen=True)
class Life:
    """What a resource is made with, changed to in place, and replaced by."""

    inputs: Mapping[str, Any]
    changes: Mapping[str, Any] = field(default_factory=dict[str, Any])
    replacing: Mapping[str, Any] = field(default_factory=dict[str, Any])
    needs: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    by_force: bool = False
    """Nothing in its inputs replaces it; ``--replace`` does."""


LIVES: Final = {
    RECORD: Life(
        CNAME, {"content": "y.up.railway.app"}, {"type": "TXT", "content": '"railway-verify=a"', "proxied": False}
    ),
    SETTING: Life(
        {"zoneId": ZONE, "settingId": "ssl", "value": "strict"},
        {"value": "full"},
        {"settingId": "min_tls_version", "value": "1.2"},
    ),
    RULESET: Life(REDIRECTS, {"rules": [{**REDIRECTS["rules"][0], "enabled": False}]}, {"zoneId": OTHER_ZONE}),
    UNIVERSAL_SSL: Life({"zoneId": ZONE, "enabled": True}, {"enabled": False}, {"zoneId": OTHER_ZONE}),
    BUCKET: Life(
        {**SPACE, "versioning": {"enabled": True}}, {"versioning": None, "acl": "public-read"}, {"region": "nyc3"}
    ),
    CORS: Life(
        {"bucket": SPACE["name"], "region": SPACE["region"], "corsRules": [RULE]},
        {"corsRules": [{**RULE, "maxAgeSeconds": 90}]},
        needs=((BUCKET, SPACE),),
    ),
    KEY: Life(
        {"name": "uploads", "grants": [{"bucket": SPACE["name"], "permission": "read"}]},
        {"name": "downloads"},
        by_force=True,
    ),
    CDN: Life(
        {"origin": ORIGIN},
        {"ttl": 600},
        {"origin": "seance-files.sfo3.digitaloceanspaces.com"},
        needs=((BUCKET, SPACE), (BUCKET, {**SPACE, "name": "seance-files"})),
    ),
}
PROVIDERS: Final = (cloudflare.build_provider(), digitalocean.build_provider())
KINDS: Final = {resource.token: resource for provider in PROVIDERS for resource in provider.resources}
OPERATIONS: Final = ("create", "update", "replace", "delete")


def test_every_resource_has_a_life() -> None:
    """A new resource of a stand-in cannot be declared without being killed."""
    assert sorted(LIVES) == sorted(KINDS)


class Place:
    """A sandbox, and the stand-ins in front of it in this process."""

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sandbox = Sandbox(directory, clock=LoopClock())
        self.mortal = Mortal(lambda http: http.method not in ("GET", "HEAD"))
        for module in ("cloudflare.client", "digitalocean.client", "digitalocean.spaces_client"):
            monkeypatch.setattr(f"pulumi_embedded.standins.{module}.new_client", self._client)

    def _client(self, *, headers: Mapping[str, str] | None = None, proxy: str | None = None) -> httpx.AsyncClient:
        return httpx.AsyncClient(headers=headers, transport=httpx.MockTransport(self._carried))

    async def _carried(self, http: httpx.Request) -> httpx.Response:
        return await self.mortal.carry(http, self._answer)

    async def _answer(self, http: httpx.Request) -> httpx.Response:
        headers = {name.lower(): value for name, value in http.headers.items()}
        path = http.url.raw_path.partition(b"?")[0].decode()
        sent = Request(
            method=http.method, host=http.url.host, path=path, query=http.url.query.decode(), headers=headers,
            body=await http.aread(),
        )  # fmt: skip
        answer = self.sandbox.handle(sent)
        return httpx.Response(answer.status, headers=dict(answer.headers), content=answer.body, request=http)

    @asynccontextmanager
    async def run(self, kind: str, kill: Kill | None = None) -> AsyncIterator[Driver]:
        """A stand-in, started anew."""
        self.mortal = Mortal(self.mortal.changes, kill)
        declared = PROVIDERS[kind.startswith("digitalocean")]
        servicer, engine = Servicer(declared), Engine()
        servicer.running.log = cast("EngineLog", engine)
        driver = Driver(Rpc(servicer), self.sandbox.railway, Address(self.sandbox), engine, servicer)
        await driver.configure({})
        yield driver

    async def content(self, kept: Kept) -> list[Any]:
        """What is in the clouds, and in the state, without ids and moments."""
        clouds, spaces = self.sandbox, self.sandbox.spaces
        state: list[Any] = []
        async with self.run(kept.kind) as driver:
            if kept.made is not None:
                read = await driver.refresh(kept.made)
                state = [kept.made.inputs, None if read is None else await driver.diff(read, **kept.made.inputs)]
        return [
            *(_lasting(each) for zone in (ZONE, OTHER_ZONE) for each in clouds.cloudflare.records(zone)),
            *(_lasting(each) for zone in (ZONE, OTHER_ZONE) for each in clouds.cloudflare.settings(zone)),
            *(clouds.cloudflare.universal_ssl(zone) for zone in (ZONE, OTHER_ZONE)),
            *(_rules(clouds.cloudflare.rulesets(zone)) for zone in (ZONE, OTHER_ZONE)),
            *sorted(map(str, map(_lasting, clouds.digitalocean.spaces_keys()))),
            *sorted(map(str, map(_lasting, clouds.digitalocean.endpoints()))),
            *(name for name in (SPACE["name"], "seance-files") if spaces.owns(name)),
            state,
        ]


MADE_UP: Final = ("id", "created_on", "modified_on", "access_key", "secret_key", "created_at", "endpoint")


def _rules(rulesets: Rulesets) -> list[dict[str, Any]]:
    """Every rule, without what counts its changes."""
    rules = [rule for each in rulesets.every() for rule in rulesets.one(each["id"]).get("rules", [])]
    return [{name: rule[name] for name in ("action", "expression", "enabled", "ref")} for rule in rules]


def _lasting(record: Any) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in MADE_UP}


@dataclass(frozen=True)
class Work:
    """One operation on one resource."""

    kind: str
    operation: str

    def __str__(self) -> str:
        return f"{self.operation} of {self.kind}"

    @property
    def life(self) -> Life:
        return LIVES[self.kind]

    @property
    def wanted(self) -> Mapping[str, Any] | None:
        """What the program has after it."""
        changes = {"update": self.life.changes, "replace": self.life.replacing}.get(self.operation, {})
        given = {name: value for name, value in {**self.life.inputs, **changes}.items() if value is not None}
        return None if self.operation == "delete" else given

    @property
    def exists(self) -> bool:
        """Whether the resource has such an operation."""
        changes = {"update": self.life.changes, "replace": self.life.replacing or self.life.by_force}
        return bool(changes.get(self.operation, True))

    async def done(self, place: Place, kill: Kill | None = None) -> tuple[list[Any], int]:
        """What there is after it and one more run, and how many requests of the first run changed something."""
        kept = Kept(self.kind, forced=self.operation == "replace" and self.life.by_force)
        deletes_first = KINDS[self.kind].delete_before_replace
        for kind, inputs in self.life.needs:
            async with place.run(kind) as driver:
                await driver.create(kind, **inputs)
        if self.operation != "create":
            async with place.run(self.kind) as driver:
                kept.made = await driver.create(self.kind, **self.life.inputs)
        async with place.run(self.kind, kill) as driver:
            mortal = place.mortal
            await mortal.until_dead(up(driver, kept, self.wanted, deletes_first=deletes_first))
            assert mortal.dead.is_set() == (kill is not None)
        async with place.run(self.kind) as driver:
            await up(driver, kept, self.wanted, deletes_first=deletes_first)
        assert not kept.condemned
        return await place.content(kept), mortal.count


@pytest.mark.parametrize(
    "work", [work for kind in LIVES for each in OPERATIONS if (work := Work(kind, each)).exists], ids=str
)
def test_after_one_more_run_nothing_is_left_undone(work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed before or after any request that changes something: all ends as after an undisturbed run."""
    for name, value in environment(URL).items():
        monkeypatch.setenv(name, value)
    directories = (tmp_path / str(number) for number in itertools.count())

    async def done(kill: Kill | None = None) -> tuple[list[Any], int]:
        try:
            return await work.done(Place(next(directories), monkeypatch), kill)
        except Exception as problem:
            problem.add_note(f"{work}, killed at {kill}")
            raise

    async def wrong() -> list[Kill]:
        undisturbed, count = await done()
        assert (count == 0) is (work.operation == "delete" and work.kind in (SETTING, UNIVERSAL_SSL))
        return [kill for kill in kills_of(count) if (await done(kill))[0] != undisturbed]

    assert virtual_time.run(wrong()) == []
