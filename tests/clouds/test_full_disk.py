"""A disk that is full while the sandbox writes: what was refused is not found later, and nothing else is lost."""

from __future__ import annotations

import json
import resource
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from railway_sandbox.addresses import CLOUDFLARE_TOKEN
from railway_sandbox.cloudflare.zones import ZONE_IDS
from railway_sandbox.http_messages import Request, Response
from railway_sandbox.server import Sandbox
from tests.clouds.clients import SIGNATURE

SIGNED = {"authorization": SIGNATURE}
RECORDS = f"/client/v4/zones/{ZONE_IDS['seance.dev']}/dns_records"


@contextmanager
def full_at(size: int) -> Generator[None]:
    """Let no file of this process grow beyond ``size`` bytes; writing fails there as it does on a full disk."""
    former = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, former[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, former)


def put(sandbox: Sandbox, path: str, body: bytes = b"") -> Response:
    host = "seance-cdn.sfo3.digitaloceanspaces.com"
    return sandbox.handle(Request(method="PUT", host=host, path=path, headers=SIGNED, body=body))


def create_record(sandbox: Sandbox, name: str) -> Response:
    headers = {"authorization": f"Bearer {CLOUDFLARE_TOKEN}"}
    body = json.dumps({"name": name, "type": "A", "content": "192.0.2.1"}).encode()
    return sandbox.handle(Request(method="POST", host="127.0.0.1", path=RECORDS, headers=headers, body=body))


def names(sandbox: Sandbox) -> list[str]:
    return [each["name"] for each in sandbox.cloudflare.records(ZONE_IDS["seance.dev"])]


def test_an_object_that_cannot_be_written_down_spoils_nothing(sandbox: Sandbox, directory: Path) -> None:
    """Neither now nor after a restart is it found, and the objects before and after it are."""
    put(sandbox, "/")
    put(sandbox, "/before", b"1")
    size = sandbox.storage.spaces.stat().st_size
    with full_at(size + 40), pytest.raises(OSError, match=r"spaces\.jsonl"):
        put(sandbox, "/refused", b"2")
    put(sandbox, "/after", b"3")

    def found(of: Sandbox, path: str) -> int:
        return of.handle(
            Request(method="GET", host="seance-cdn.sfo3.digitaloceanspaces.com", path=path, headers=SIGNED)
        ).status

    for each in (sandbox, Sandbox(directory)):
        assert [found(each, path) for path in ("/before", "/refused", "/after")] == [200, 404, 200]


def test_a_line_of_the_log_that_does_not_fit_is_not_begun(sandbox: Sandbox, directory: Path) -> None:
    """Every line that is there can be read."""
    put(sandbox, "/")
    log = directory / "requests.jsonl"
    size = log.stat().st_size
    with full_at(size + 10), pytest.raises(OSError, match=r"requests\.jsonl"):
        sandbox.handle(Request(method="GET", host="elsewhere.example", path="/"))
    put(sandbox, "/a")

    assert [json.loads(line)["operation"] for line in log.read_text().splitlines()] == [
        "PUT /seance-cdn",
        "PUT /seance-cdn/a",
    ]


def test_changes_of_a_write_that_failed_are_stored_by_the_next_one(directory: Path) -> None:
    """What a client finds in the running server is what a later server finds."""
    sandbox = Sandbox(directory)
    with sandbox.serve():
        with full_at(0), pytest.raises(OSError, match=r"clouds\.sqlite3"):
            create_record(sandbox, "first")
        create_record(sandbox, "second")

        assert names(sandbox) == names(Sandbox(directory)) == ["first.seance.dev", "second.seance.dev"]
