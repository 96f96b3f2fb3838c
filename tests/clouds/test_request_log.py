"""What the sandbox logs, and what goes wrong on demand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from railway_api import redaction
from railway_api.certificates import trusted
from railway_sandbox import request_log
from railway_sandbox.server import Sandbox
from tests.clouds.clients import RECORD, RECORDS, ask_railway, log_lines

# The log


def test_log_has_one_line_for_each_request(cloudflare: httpx.Client, spaces: Any, directory: Path) -> None:
    """Who was asked what, and the status of the answer."""
    cloudflare.post(RECORDS, json=RECORD)
    cloudflare.get(f"{RECORDS}/none")
    spaces.create_bucket(Bucket="seance-cdn")
    spaces.put_bucket_acl(Bucket="seance-cdn", ACL="private")

    assert [
        ("cloudflare", f"POST {RECORDS}", 200),
        ("cloudflare", f"GET {RECORDS}/none", 404),
        ("spaces", "PUT /seance-cdn", 200),
        ("spaces", "PUT /seance-cdn?acl", 200),
    ] == [(line["api"], line["operation"], line["status"]) for line in log_lines(directory)]


def test_log_has_query_and_variables_without_secrets(address: str, directory: Path) -> None:
    """Names stay, values that may be secret do not, wherever they stand."""
    query = 'mutation($input: VariableUpsertInput!) { variableUpsert(input: $input) other(token: "hunter1") }'
    variables = {
        "input": {
            "name": "PASSWORD",
            "value": "hunter2",
            "projectId": "p-1",
            "patch": {"services": {"s": {"variables": {"PORT": {"value": "hunter3"}}, "source": {"image": "api:1"}}}},
            "registryCredentials": {"username": "hunter4", "password": "hunter5"},
            "token": "hunter6",
            "apiKeys": ["hunter7"],
            "startCommand": "run redis://user:hunter8@host/0",
            "channelConfigs": [{"type": "webhook", "url": "https://hooks.example/hunter9"}],
        }
    }
    ask_railway(address, query, variables)

    (line,) = log_lines(directory)
    assert "hunter" not in json.dumps(line)
    assert line["operation"] == "mutation variableUpsert, other"
    assert (line["variables"]["input"]["name"], line["variables"]["input"]["projectId"]) == ("PASSWORD", "p-1")
    assert line["variables"]["input"]["patch"]["services"]["s"]["source"] == {"image": "api:1"}
    assert {"PORT"} == set(line["variables"]["input"]["patch"]["services"]["s"]["variables"])


def test_the_log_and_messages_have_one_list_of_secret_fields() -> None:
    """The simulated APIs know nothing of the client, so each has the list of its own."""
    assert redaction.SECRET_KEYS == request_log.SECRET_KEYS


def test_variables_that_are_no_object_are_masked(address: str, directory: Path) -> None:
    """Some clients send them as a string of JSON, in which no name can be recognised."""
    ask_railway(address, "query { me { id } }", '{"value": "hunter1"}')

    assert "hunter" not in (directory / "requests.jsonl").read_text()


def test_log_has_no_credentials(address: str, directory: Path, spaces: Any) -> None:
    """Tokens, signatures and presigned addresses stay out of the log and of the journal."""
    spaces.create_bucket(Bucket="seance-cdn")
    signed = spaces.generate_presigned_url("put_object", Params={"Bucket": "seance-cdn", "Key": "a"})
    with httpx.Client(proxy=address, trust_env=False, verify=trusted(address)) as client:
        client.put(signed, content=b"hello")

    written = b"".join(path.read_bytes() for path in directory.iterdir())
    assert b"Signature" not in written
    assert b"AWS4-HMAC" not in written


# Faults


def test_fault_before_does_nothing(sandbox: Sandbox, cloudflare: httpx.Client) -> None:
    """The request fails and leaves no trace; the next one works."""
    sandbox.fail("cloudflare", r"POST .*/dns_records", status=503)

    failed = cloudflare.post(RECORDS, json=RECORD)

    assert (failed.status_code, failed.headers["Retry-After-Ms"]) == (503, "1")
    assert sandbox.cloudflare.resolve("api.seance.dev", "CNAME") == []
    assert cloudflare.post(RECORDS, json=RECORD).status_code == 200


def test_final_fault_tells_the_client_not_to_repeat(sandbox: Sandbox, cloudflare: httpx.Client) -> None:
    """Cloudflare's client would repeat a 429 for minutes."""
    sandbox.fail("cloudflare", "GET /zones", status=429, final=True)

    assert cloudflare.get("/zones").headers["x-should-retry"] == "false"


def test_lost_answer_after_the_work(sandbox: Sandbox, cloudflare: httpx.Client, directory: Path) -> None:
    """The record exists, and the client does not know it."""
    sandbox.fail("cloudflare", "POST", drop=True, when="after")

    with pytest.raises(httpx.RemoteProtocolError):
        cloudflare.post(RECORDS, json=RECORD)

    assert sandbox.cloudflare.resolve("api.seance.dev", "CNAME") == ["x.up.railway.app"]
    assert log_lines(directory)[0]["status"] == "lost"


def test_hanging_answer_ends_with_the_server(sandbox: Sandbox) -> None:
    """A client gives up on an answer that does not come; the server still stops at once."""
    sandbox.fail("digitalocean", "GET", hang_s=60)

    with sandbox.serve() as address, pytest.raises(httpx.ReadTimeout):
        httpx.get(f"{address}/v2/account", timeout=0.2, trust_env=False, verify=trusted(address))


def test_fault_strikes_as_often_as_asked(sandbox: Sandbox, digitalocean: httpx.Client) -> None:
    """Two failures, then it works."""
    sandbox.fail("digitalocean", "account", status=500, count=2)

    assert [digitalocean.get("/account").status_code for _ in range(3)] == [500, 500, 200]
