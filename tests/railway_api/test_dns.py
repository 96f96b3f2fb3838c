"""What the public DNS answers, and what counts as no answer."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from railway_api import dns
from railway_sandbox.http_messages import Response
from railway_sandbox.http_server import HttpServer

TXT = 16
CNAME = 5


def looked_up(monkeypatch: pytest.MonkeyPatch, type: dns.RecordType, body: Any) -> list[str] | None:
    """What a look-up returns where the resolver answers with this JSON."""
    listener = HttpServer(lambda _: Response.of_json(200, body))
    monkeypatch.setenv("RAILYARD_DNS_URL", f"{listener.address}/dns-query")
    try:
        return asyncio.run(dns.lookup("www.example.com", type))
    finally:
        listener.close()


@pytest.mark.parametrize(
    "body",
    [
        {"Status": 2},
        {"Status": 5},
        {},
        [],
        {"Status": 0, "Answer": [{"type": CNAME}]},
    ],
    ids=["SERVFAIL", "REFUSED", "no status", "a list", "a record without contents"],
)
def test_a_resolver_that_fails_has_not_said_that_there_is_no_record(monkeypatch: pytest.MonkeyPatch, body: Any) -> None:
    """Nobody is advised to put a record back because the name servers of the zone did not answer."""
    assert looked_up(monkeypatch, "CNAME", body) is None


@pytest.mark.parametrize("body", [{"Status": 0}, {"Status": 3}, {"Status": 0, "Answer": []}])
def test_a_name_without_records_is_an_answer(monkeypatch: pytest.MonkeyPatch, body: Any) -> None:
    """There is no such name, or it has no record of the type."""
    assert looked_up(monkeypatch, "CNAME", body) == []


def test_only_names_lose_a_final_dot(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sentence in a TXT record keeps its own, and the parts of a long text are one."""
    text = {"Status": 0, "Answer": [{"type": TXT, "data": '"This domain is " "for sale."'}]}
    name = {"Status": 0, "Answer": [{"type": CNAME, "data": "web.example.net."}]}

    assert looked_up(monkeypatch, "TXT", text) == ["This domain is for sale."]
    assert looked_up(monkeypatch, "CNAME", name) == ["web.example.net"]
