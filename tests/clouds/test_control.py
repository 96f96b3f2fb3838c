"""The sandbox's own HTTP interface: faults that are ordered and mended, time that passes at once, and the plan."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from railway_sandbox import control
from railway_sandbox.addresses import CLOUDFLARE_TOKEN, RAILWAY_PATH, RAILWAY_TOKEN
from railway_sandbox.clock import ManualClock
from railway_sandbox.http_messages import Request, Response
from railway_sandbox.server import Sandbox, SandboxError


def told(sandbox: Sandbox, method: str, path: str, document: object = None) -> Response:
    body = b"" if document is None else json.dumps(document).encode()
    return sandbox.handle(Request(method=method, host="127.0.0.1", path=f"/sandbox/{path}", body=body))


def zones(sandbox: Sandbox) -> Response:
    headers = {"authorization": f"Bearer {CLOUDFLARE_TOKEN}"}
    return sandbox.handle(Request(method="GET", host="127.0.0.1", path="/client/v4/zones", headers=headers))


def projects(sandbox: Sandbox) -> Any:
    headers = {"authorization": f"Bearer {RAILWAY_TOKEN}"}
    body = json.dumps({"query": "{ projects { edges { node { id } } } }"}).encode()
    request = Request(
        method="POST", host="127.0.0.1", path=RAILWAY_PATH, query="source=test", headers=headers, body=body
    )
    return sandbox.handle(request).json


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    return Sandbox(tmp_path, clock=ManualClock())


def test_an_api_answers_every_request_with_an_error_until_it_is_mended(sandbox, tmp_path):
    """Also after a restart, and whatever else was ordered."""
    listed = told(sandbox, "POST", "faults", {"api": "cloudflare", "operation": "", "status": 503, "count": None})
    assert [zones(sandbox).status for _ in range(3)] == [503, 503, 503]
    again = Sandbox(tmp_path)
    assert zones(again).status == 503
    assert told(again, "GET", "faults").json == listed.json

    mended = told(again, "DELETE", "faults")

    assert mended.json == listed.json
    assert (zones(again).status, zones(Sandbox(tmp_path)).status) == (200, 200)
    assert told(again, "GET", "faults").json == {"defects": {}, "faults": []}


def test_an_api_answers_a_number_of_requests_with_an_error(sandbox):
    told(sandbox, "POST", "faults", {"api": "cloudflare", "operation": "zones", "status": 500, "count": 2})

    assert [zones(sandbox).status for _ in range(3)] == [500, 500, 200]


def test_a_revoked_token_is_unknown_to_railway_until_it_is_mended(sandbox):
    """In Railway's own words, which the fault does not imitate: the look-up of the token finds none."""
    told(sandbox, "POST", "faults", {"source": RAILWAY_TOKEN, "defect": "revoked"})
    refused = projects(sandbox)
    told(sandbox, "DELETE", "faults")

    assert refused["errors"][0]["message"] == "Not Authorized"
    assert projects(sandbox) == {"data": {"projects": {"edges": []}}}


def test_nobody_finds_the_records_of_a_broken_name(sandbox):
    """Neither Railway nor a visitor; its neighbours are found, and its zone still holds them."""
    for name in ("api", "www"):
        record = {"name": f"{name}.seance.dev", "type": "CNAME", "content": "x.up.railway.app", "ttl": 1}
        headers = {"authorization": f"Bearer {CLOUDFLARE_TOKEN}"}
        (zone,) = (each["id"] for each in sandbox.cloudflare.zones() if each["name"] == "seance.dev")
        path = f"/client/v4/zones/{zone}/dns_records"
        sandbox.handle(
            Request(method="POST", host="127.0.0.1", path=path, headers=headers, body=json.dumps(record).encode())
        )
    asked = Request(method="GET", host="127.0.0.1", path="/dns-query", query="name=api.seance.dev&type=CNAME")

    told(sandbox, "POST", "faults", {"source": "api.seance.dev", "defect": "dns"})

    assert sandbox.railway.dns("api.seance.dev", "CNAME") == []
    assert sandbox.railway.dns("www.seance.dev", "CNAME") == ["x.up.railway.app"]
    assert "Answer" not in sandbox.handle(asked).json
    assert len(sandbox.cloudflare.records(zone, type="CNAME", name="api.seance.dev")) == 1
    told(sandbox, "DELETE", "faults")
    assert sandbox.handle(asked).json["Answer"][0]["data"] == "x.up.railway.app"


def test_time_passes_at_once_and_stays_passed(tmp_path):
    """Three hours later for every cloud, in the next run too; time does not go back."""
    with Sandbox(tmp_path).serve() as address:
        before = control.ask(address, "POST", "time", {"advance_s": 0})["now"]
        after = control.ask(address, "POST", "time", {"advance_s": 3 * 3600})["now"]
        with pytest.raises(SandboxError, match=r"advance_s is -1: name seconds, 0 or more"):
            control.ask(address, "POST", "time", {"advance_s": -1})
    kept = Sandbox(tmp_path).clock.now()

    assert before < "2026-01-01T01"
    assert "2026-01-01T03" <= after < "2026-01-01T04"
    assert 3 * 3600 <= kept < 4 * 3600


@pytest.mark.parametrize(
    ("method", "path", "document", "status", "message"),
    [
        (
            "POST",
            "faults",
            {"source": "x", "defect": "melts"},
            400,
            "there is no defect 'melts'; there are unpull",
        ),
        ("POST", "faults", {"defect": "crash"}, 400, "a defect needs a source, or a project and a service"),
        ("POST", "faults", {"api": "spaces", "operation": "(", "status": 500}, 400, "not a valid regular expression"),
        ("POST", "faults", {"api": "azure", "operation": "", "status": 500}, 400, "api"),
        ("POST", "faults", {"api": "railway", "operation": "", "status": None}, 400, "a fault needs a status"),
        ("POST", "faults", [], 400, "the body must be a JSON object"),
        ("POST", "time", {"advance_s": "3h"}, 400, "advance_s is '3h': name seconds, 0 or more"),
        ("PUT", "plan", {"plan": "gold"}, 400, "there is no plan 'gold'; there are free,"),
        ("PUT", "weather", {}, 404, "the sandbox has no PUT /sandbox/weather"),
    ],
)
def test_what_the_sandbox_cannot_do_is_told_in_its_words(sandbox, method, path, document, status, message):
    """As JSON, so that a command can hand it on."""
    answer = told(sandbox, method, path, document)

    assert answer.status == status
    assert message in answer.json["message"]
