"""Subscriptions over WebSocket, as Railway's command line follows logs and deployments."""

from __future__ import annotations

import base64
import json
import os
import socket
import ssl
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from railway_sandbox.addresses import RAILWAY_HOST, RAILWAY_PATH, RAILWAY_TOKEN
from railway_sandbox.clock import ManualClock
from railway_sandbox.server import Sandbox
from tests.sandbox_railway.railway_client import Client

LOGS = """subscription DeploymentLogs($d: String!, $f: String, $l: Int) {
    deploymentLogs(deploymentId: $d, filter: $f, limit: $l) { ...LogFields } }
fragment LogFields on Log { timestamp message attributes { key value } }"""
DEPLOYMENT = "subscription($id: String!) { deployment(id: $id) { id status deploymentStopped } }"


class Listener:
    """A client of ``graphql-transport-ws``, from the bytes up."""

    def __init__(self, address: str, token: str = RAILWAY_TOKEN, tunnel: ssl.SSLContext | None = None) -> None:
        host, port = address.removeprefix("http://").split(":")
        self._socket = socket.create_connection((host, int(port)), timeout=30)
        if tunnel:
            self._socket.sendall(f"CONNECT {RAILWAY_HOST}:443 HTTP/1.1\r\nHost: {RAILWAY_HOST}:443\r\n\r\n".encode())
            while not self._socket.recv(1000).endswith(b"\r\n\r\n"):
                pass
            self._socket = tunnel.wrap_socket(self._socket, server_hostname=RAILWAY_HOST)
        key = base64.b64encode(os.urandom(16)).decode()
        self._socket.sendall(
            f"GET {RAILWAY_PATH} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n"
            f"Authorization: Bearer {token}\r\n\r\n".encode()
        )
        self._reader = self._socket.makefile("rb")
        self.status = self._reader.readline().decode().split()[1]
        while self._reader.readline().strip():
            pass

    def send(self, kind: str, **more: Any) -> None:
        data = json.dumps({"type": kind, **more}).encode()
        head = struct.pack("!BB", 0x81, 0x80 | 126) + struct.pack("!H", len(data))
        self._socket.sendall(head + b"\0\0\0\0" + data)

    def receive(self) -> tuple[int, bytes]:
        head = self._reader.read(2)
        size = head[1]
        if size >= 126:
            size = int.from_bytes(self._reader.read(2 if size == 126 else 8), "big")
        return head[0] & 0x0F, self._reader.read(size)

    def message(self) -> Any:
        return json.loads(self.receive()[1])

    def subscribe(self, query: str, **variables: Any) -> None:
        self.send("connection_init")
        assert self.message() == {"type": "connection_ack"}
        self.send("subscribe", id="1", payload={"query": query, "variables": variables})

    def close(self) -> None:
        self._socket.close()
        self._reader.close()


class Scene:
    """A served sandbox whose time a test moves, with a deployment that has just begun."""

    def __init__(self, directory: Path) -> None:
        self.clock = ManualClock()
        self.sandbox = Sandbox(directory, clock=self.clock)
        railway = Client(self.sandbox.railway, self.clock, token=RAILWAY_TOKEN, sandbox=self.sandbox)
        project, environment = railway.project()
        service = railway.service(project, environment)
        railway.commit(environment, {"services": {service: {"source": {"image": "nginx:1"}}}})
        (self.deployment,) = railway.deployments(environment)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


@pytest.fixture
def listener(scene: Scene) -> Iterator[Listener]:
    with scene.sandbox.serve() as address:
        made = Listener(address)
        yield made
        made.close()


def test_lines_of_a_log_arrive_as_they_are_written(scene: Scene, listener: Listener):
    """The last ones at first, then what is new, each once."""
    scene.clock.advance(12)
    listener.subscribe(LOGS, d=scene.deployment["id"])

    first = listener.message()
    scene.clock.advance(60)
    second = listener.message()

    assert listener.status == "101"
    assert (first["type"], first["id"]) == ("next", "1")
    assert [line["message"] for line in first["payload"]["data"]["deploymentLogs"]] == ["Starting Container"]
    assert [line["message"] for line in second["payload"]["data"]["deploymentLogs"]] == ["Container started"]


def test_each_status_of_a_deployment_is_told(scene: Scene, listener: Listener):
    """Until it runs; a ping in between is answered."""
    listener.subscribe(DEPLOYMENT, id=scene.deployment["id"])
    seen = [listener.message()["payload"]["data"]["deployment"]["status"]]
    listener.send("ping")
    assert listener.message() == {"type": "pong"}
    for _ in range(2):
        scene.clock.advance(9)
        seen.append(listener.message()["payload"]["data"]["deployment"]["status"])

    assert seen[-1] == "SUCCESS"
    assert len(set(seen)) == len(seen)


def test_a_subscription_that_cannot_be_is_told_and_ended(scene: Scene, listener: Listener):
    """In Railway's words, whether the document is wrong or the thing is not there."""
    listener.subscribe("subscription { deploymentLog { message } }")
    wrong = listener.message()
    listener.send("subscribe", id="2", payload={"query": DEPLOYMENT, "variables": {"id": "nothing"}})
    refused, ended = listener.message(), listener.message()

    assert (wrong["type"], wrong["id"]) == ("error", "1")
    assert wrong["payload"][0]["message"].startswith('Cannot query field "deploymentLog" on type "Subscription". Did')
    assert refused["payload"]["errors"][0]["message"] == "Deployment not found"
    assert ended == {"type": "complete", "id": "2"}


IN_A_FRAGMENT = 'subscription { ...A } fragment A on Subscription { deployment(id: "x") { id } }'


@pytest.mark.parametrize("payload", [{"query": DEPLOYMENT, "variables": "id"}, {"query": IN_A_FRAGMENT}])
def test_a_payload_that_is_not_a_subscription_is_refused(listener: Listener, payload: Any):
    """The connection stays, and other subscriptions with it."""
    listener.send("connection_init")
    listener.send("subscribe", id="1", payload=payload)
    listener.send("ping")

    assert [listener.message()["type"] for _ in range(3)] == ["connection_ack", "error", "pong"]


@pytest.mark.parametrize(
    ("initialized", "message", "code"),
    [
        (False, {"kind": "subscribe", "id": "1", "payload": {"query": DEPLOYMENT}}, 4401),
        (True, {"kind": "subscribe", "id": "1", "payload": "text"}, 4400),
    ],
)
def test_a_message_that_the_protocol_forbids_ends_the_connection(
    listener: Listener, message: Any, code: int, *, initialized: bool
):
    """A subscription before the connection is initialized, and a message of another form."""
    if initialized:
        listener.send("connection_init")
        assert listener.message() == {"type": "connection_ack"}
    listener.send(**message)

    kind, data = listener.receive()
    assert (kind, int.from_bytes(data[:2], "big")) == (8, code)


def test_nobody_listens_without_a_token(scene: Scene):
    """The connection is closed with 4403."""
    with scene.sandbox.serve() as address:
        listener = Listener(address, token="nobody's")
        kind, data = listener.receive()
        listener.close()

    assert (kind, struct.unpack("!H", data[:2])[0]) == (0x8, 4403)


def test_a_client_reaches_the_simulated_railway_at_the_real_host_through_its_proxy(scene: Scene, tmp_path: Path):
    """Over TLS, whose certificate the sandbox's authority has signed; a WebSocket too; other hosts stay refused."""
    with scene.sandbox.serve() as address:
        trusted = ssl.create_default_context(cafile=tmp_path / "edge-authority.pem")
        with httpx.Client(proxy=address, verify=trusted, trust_env=False) as client:
            answer = client.post(
                f"https://{RAILWAY_HOST}{RAILWAY_PATH}?source=cli",
                json={"query": "{ projects { edges { node { id } } } }"},
                headers={"Authorization": f"Bearer {RAILWAY_TOKEN}"},
            )
            elsewhere = client.get(f"https://{RAILWAY_HOST}/elsewhere")
            with pytest.raises(httpx.ProxyError):
                client.get("https://api.railway.com/")
        listener = Listener(address, tunnel=trusted)
        scene.clock.advance(60)
        listener.subscribe(DEPLOYMENT, id=scene.deployment["id"])
        told = listener.message()
        listener.close()

    assert len(answer.json()["data"]["projects"]["edges"]) == 1
    assert elsewhere.status_code == 404
    assert told["payload"]["data"]["deployment"]["status"] == "SUCCESS"
