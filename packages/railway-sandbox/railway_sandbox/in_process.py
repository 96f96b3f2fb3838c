"""An httpx transport that answers from a sandbox in the same process: no port, no thread, no socket.

Owns the translation between httpx's requests and the sandbox's.
"""

from __future__ import annotations

from collections.abc import Callable

import httpx

from railway_sandbox.http_messages import Request, Response
from railway_sandbox.http_server import LOOPBACK


class InProcessTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Hands each request to ``answer``, usually the ``handle`` of a ``Sandbox``.

    An answer that gets lost is ``httpx.RemoteProtocolError``, as it is over a socket.
    """

    def __init__(self, answer: Callable[[Request], Response]) -> None:
        self._answer = answer

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request of ``httpx.Client``."""
        return self._respond(request, request.read())

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request of ``httpx.AsyncClient``; the event loop waits meanwhile."""
        return self._respond(request, await request.aread())

    def _respond(self, request: httpx.Request, body: bytes) -> httpx.Response:
        response = self._answer(
            Request(
                method=request.method,
                host=LOOPBACK,  # whatever the client calls it, it is answered here
                path=request.url.raw_path.partition(b"?")[0].decode(),
                query=request.url.query.decode(),
                headers={name.lower(): value for name, value in request.headers.items()},
                body=body,
            )
        )
        if response.lost:
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.", request=request)
        return httpx.Response(response.status, headers=dict(response.headers), content=response.body, request=request)
