"""One simulated Railway on a loopback port, for tests that need a real connection.

Owns the thread and the socket, and a list of what was asked. The sandbox itself has a server for all simulated APIs.
"""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from werkzeug.serving import make_server
from werkzeug.wrappers import Request as HttpRequest
from werkzeug.wrappers import Response as HttpResponse

from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.railway.errors import NotSimulated
from railway_sandbox.railway.wire import Request, Response, respond

PATH = "/graphql/v2"

Respond = Callable[[RailwayCloud, Request], Response]


@dataclass
class Address:
    """Where the cloud answers, and what it was asked: each with operations, query, variables, status, headers."""

    url: str
    requests: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def __str__(self) -> str:
        return self.url

    def note(self, request: Request, operations: tuple[str, ...], status: int) -> None:
        """Keep what was asked."""
        self.requests.append(_noted(request, operations, status))


@contextmanager
def serve(cloud: RailwayCloud, respond: Respond = respond) -> Generator[Address]:
    """Serve ``cloud`` on 127.0.0.1 until the block ends; ``address.url`` is the value for RAILWAY_API_URL.

    ``respond`` answers each request; one of a test's own may delay or spoil answers.
    """
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    address = Address("")

    @HttpRequest.application
    def application(http: HttpRequest) -> HttpResponse:
        if http.path != PATH or http.method != "POST":
            return HttpResponse("Not Found", 404)
        request = Request(http.get_data(), dict(http.headers), http.query_string.decode())
        try:
            answer = respond(cloud, request)
        except NotSimulated as gap:
            address.note(request, (), 501)
            return HttpResponse(str(gap), 501, content_type="text/plain")
        address.note(request, answer.operations, answer.status)
        if answer.dropped:
            http.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        return HttpResponse(answer.body, answer.status or 200, dict(answer.headers))

    server = make_server("127.0.0.1", 0, application, threaded=True)
    address.url = f"http://127.0.0.1:{server.server_port}{PATH}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield address
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _noted(request: Request, operations: tuple[str, ...], status: int) -> dict[str, Any]:
    try:
        posted: dict[str, Any] = json.loads(request.body)
    except ValueError:
        posted = {}
    return {
        "operations": list(operations),
        "query": posted.get("query"),
        "variables": posted.get("variables") or {},
        "status": status,
        "query_string": request.query_string,
    }
