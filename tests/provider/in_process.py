"""The provider and the simulated Railway without sockets: what gRPC and HTTP carry is handed over in this process.

All of it is still encoded and decoded as on the wire. Time is that of the running loop, virtual in these tests.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import grpc
import grpc.aio
import httpx
import pytest

from pulumi_provider.declaration import Provider
from pulumi_provider.servicer import Servicer
from pulumiverse_railway.provider.configuration import build_client
from railway_sandbox.http_messages import Request, Response
from railway_sandbox.in_process import InProcessTransport
from railway_sandbox.server import Sandbox
from tests import virtual_time
from tests.simulated import Address

URL = "http://127.0.0.1:9/graphql/v2"
"""An address on this machine, as the sandbox has, to which nothing is ever sent."""
LATENCY_S = 1.2
"""How long a request takes, in virtual seconds; Railway does its work in the middle."""


@contextmanager
def pointed_here() -> Iterator[None]:
    """Point the provider at the simulated Railway of this process until the block ends, with nothing else set."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAILWAY_API_URL", URL)
        for name in ("RAILWAY_SANDBOX_SPEED", "RAILWAY_API_TOKEN", "RAILWAY_TOKEN"):
            patch.delenv(name, raising=False)
        yield


def without_sealed(environment: dict[str, Any]) -> None:
    """Leave sealed variables out of an answered configuration, for ``Connection.spoil``."""
    for settings in environment.get("config", {}).get("services", {}).values():
        variables = settings.get("variables", {})
        for name in [name for name, variable in variables.items() if variable.get("isSealed")]:
            del variables[name]


class LoopClock:
    """The virtual time of the running loop."""

    def __init__(self) -> None:
        self._ahead_s = 0.0

    def now(self) -> float:
        return virtual_time.now() + self._ahead_s

    def advance(self, seconds: float) -> None:
        self._ahead_s += seconds


class Connection(Address):
    """A simulated Railway that answers an HTTP client of this process; ``answer`` may take the place of ``handle``."""

    def __init__(self, sandbox: Sandbox, answer: Callable[[Request], Response] | None = None) -> None:
        super().__init__(sandbox, URL)
        self._handed_over = InProcessTransport(lambda request: self.noted(request, (answer or sandbox.handle)(request)))

    def transport(self) -> httpx.AsyncBaseTransport:
        """Return what carries the requests of one client."""
        return httpx.MockTransport(self._answer)

    def spoil(self, operation: str, change: Callable[[Any], object]) -> None:
        """Let ``change`` edit what Railway answers to an operation."""
        handle = self.sandbox.handle

        def answer(request: Request) -> Response:
            response = handle(request)
            body = json.loads(response.body)
            if not (body.get("data") or {}).get(operation):
                return response
            change(body["data"][operation])
            return replace(response, body=json.dumps(body).encode())

        self.sandbox.handle = answer  # type: ignore[method-assign]

    def provider(self, declared: Provider) -> Provider:
        """Return the provider with a client that asks this Railway."""
        return replace(declared, build_client=lambda given: build_client(given, transport=self.transport()))

    async def _answer(self, http: httpx.Request) -> httpx.Response:
        await asyncio.sleep(LATENCY_S / 2)
        try:
            return await self._handed_over.handle_async_request(http)
        finally:
            await asyncio.sleep(LATENCY_S / 2)


class Engine:
    """Keeps what a provider says, as (severity, text), in the place of the engine's Log service."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []

    async def connect(self, address: str) -> None:
        """Stay with this one."""

    async def status(self, text: str, urn: str) -> None:
        self.said.append(("INFO", text))

    async def info(self, text: str, urn: str) -> None:
        self.said.append(("INFO", text))

    async def warn(self, text: str, urn: str) -> None:
        self.said.append(("WARNING", text))


class _Context:
    """What a method of the servicer learns of its call, and how it fails."""

    def __init__(self, metadata: Sequence[tuple[str, str]]) -> None:
        self._metadata = metadata
        self._trailing: Sequence[tuple[str, bytes]] = ()

    def invocation_metadata(self) -> Sequence[tuple[str, str]]:
        return self._metadata

    def set_trailing_metadata(self, metadata: Sequence[tuple[str, bytes]]) -> None:
        self._trailing = metadata

    async def abort(self, code: grpc.StatusCode, details: str) -> None:
        raise grpc.aio.AioRpcError(code, grpc.aio.Metadata(), grpc.aio.Metadata(*self._trailing), details=details)


class Rpc:
    """Calls the methods of a servicer as a gRPC stub does."""

    def __init__(self, servicer: Servicer) -> None:
        self._servicer = servicer

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        method = getattr(self._servicer, name)

        def call(request: Any, *, metadata: Sequence[tuple[str, str]] = ()) -> Awaitable[Any]:
            received = type(request).FromString(request.SerializeToString())
            return asyncio.ensure_future(answer(method(received, _Context(metadata))))

        async def answer(answering: Awaitable[Any]) -> Any:
            response = await answering
            return type(response).FromString(response.SerializeToString())

        return call
