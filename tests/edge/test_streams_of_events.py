"""A visit ends although the answer does not."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from railway_api import domain_probe
from railway_sandbox.edge.certificate_authority import ISSUERS, CertificateAuthority

NAME = "events.example.com"
EVENTS = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n"


async def visited(
    authority: CertificateAuthority, monkeypatch: pytest.MonkeyPatch, beginning: bytes
) -> domain_probe.Answer:
    """What a visitor gets from a server that never ends its answer."""
    gone = asyncio.Event()

    async def stream(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(beginning)
        await gone.wait()
        writer.close()

    context = authority.context([NAME], next(iter(ISSUERS)))
    server = await asyncio.start_server(stream, "127.0.0.1", ssl=context)
    monkeypatch.setenv(domain_probe.EDGE_VARIABLE, f"127.0.0.1:{server.sockets[0].getsockname()[1]}")
    monkeypatch.setenv(domain_probe.AUTHORITY_VARIABLE, str(authority.file))
    try:
        return await domain_probe.visit(NAME, timeout_s=1.0)
    finally:
        gone.set()
        server.close()


def test_an_application_that_streams_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its status counts as soon as it is there, with as much of the body as arrives in time."""
    answer = asyncio.run(visited(CertificateAuthority(tmp_path), monkeypatch, EVENTS))

    assert (answer.status, answer.problem, answer.body) == (200, None, "data: 1\n\n")


@pytest.mark.parametrize("body", [b"", b'{"discord": '])
def test_an_application_that_hangs_in_its_answer_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: bytes
) -> None:
    """Headers alone, or half of what they announce, are no answer that a health check may pass."""
    beginning = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n" + body

    answer = asyncio.run(visited(CertificateAuthority(tmp_path), monkeypatch, beginning))

    assert (answer.status, answer.problem) == (None, f"{NAME} does not answer in time")
