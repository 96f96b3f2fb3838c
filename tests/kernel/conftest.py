"""A provider served over real gRPC in the test's own process, and an engine that listens to what it says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import grpc
import grpc.aio
import pytest
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2, provider_pb2_grpc, status_pb2

from pulumi_provider.declaration import Provider
from pulumi_provider.main import OPTIONS, start
from pulumi_provider.retained_ids import RetainedIds
from pulumi_provider.servicer import INTERRUPTED, Servicer
from pulumi_provider.values import decode, encode
from tests.kernel.shelf_provider import PROVIDER, Library

SHELF = "urn:pulumi:dev::books::library:index:Shelf::poems"
LOAN = "urn:pulumi:dev::books::my:parts:Desk$library:index:Loan::faust"


class ListeningEngine(engine_pb2_grpc.EngineServicer):
    """Keeps what the provider says, as (severity, text, ephemeral)."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str, bool]] = []
        self.heard = asyncio.Event()

    async def Log(self, request: engine_pb2.LogRequest, context: Any) -> empty_pb2.Empty:  # noqa: N802
        self.said.append((engine_pb2.LogSeverity.Name(request.severity), request.message, request.ephemeral))
        self.heard.set()
        return empty_pb2.Empty()


@dataclass
class Plugin:
    """The engine's side of a running provider: one method per RPC, plain dicts in."""

    rpc: Any
    servicer: Servicer
    engine: ListeningEngine
    library: Library = field(default_factory=Library)

    async def configure(self, **args: Any) -> Any:
        return await self.rpc.Configure(provider_pb2.ConfigureRequest(args=encode(args)))

    async def check(self, urn: str = SHELF, **news: Any) -> provider_pb2.CheckResponse:
        return await self.rpc.Check(provider_pb2.CheckRequest(urn=urn, news=encode(news)))

    async def checked(self, urn: str = SHELF, **news: Any) -> struct_pb2.Struct:
        response = await self.check(urn, **news)
        assert list(response.failures) == []
        return stripped(response.inputs)

    async def diff(
        self, old: struct_pb2.Struct, new: struct_pb2.Struct, *, urn: str = SHELF, outputs: Any = None, **more: Any
    ) -> provider_pb2.DiffResponse:
        request = provider_pb2.DiffRequest(urn=urn, old_inputs=old, olds=outputs or old, news=new, **more)
        return await self.rpc.Diff(request)

    async def create(
        self, inputs: struct_pb2.Struct, *, urn: str = SHELF, interrupted: bool = False, **more: Any
    ) -> provider_pb2.CreateResponse:
        request = provider_pb2.CreateRequest(urn=urn, properties=inputs, **more)
        return await self.rpc.Create(request, metadata=((INTERRUPTED, "true"),) if interrupted else ())

    async def update(
        self, id: str, olds: struct_pb2.Struct, news: struct_pb2.Struct, *, urn: str = SHELF, **more: Any
    ) -> provider_pb2.UpdateResponse:
        request = provider_pb2.UpdateRequest(urn=urn, id=id, olds=stripped(olds), news=news, **more)
        return await self.rpc.Update(request)

    async def read(self, id: str, *, urn: str = SHELF, **more: Any) -> provider_pb2.ReadResponse:
        return await self.rpc.Read(provider_pb2.ReadRequest(urn=urn, id=id, **more))

    async def delete(self, id: str, properties: struct_pb2.Struct, *, urn: str = SHELF, same_run: bool = False) -> Any:
        if not same_run:
            self.servicer.retained = RetainedIds()
        return await self.rpc.Delete(provider_pb2.DeleteRequest(urn=urn, id=id, properties=stripped(properties)))


def stripped(struct: struct_pb2.Struct) -> struct_pb2.Struct:
    """As the engine sends values to a provider that does not accept secrets: without marks."""
    return encode(decode(struct))


def plain(struct: struct_pb2.Struct) -> Mapping[str, Any]:
    """Decoded, for comparison."""
    return decode(struct)


def half_made(error: grpc.aio.AioRpcError) -> provider_pb2.ErrorResourceInitFailed:
    """What the engine keeps of a half-made resource; the codes must be equal or it keeps nothing."""
    metadata = dict(error.trailing_metadata() or ())
    status = status_pb2.Status.FromString(cast("bytes", metadata["grpc-status-details-bin"]))
    assert error.code().value[0] == status.code
    details = provider_pb2.ErrorResourceInitFailed()
    assert status.details[0].Unpack(details)
    return details


@asynccontextmanager
async def serving(provider: Provider = PROVIDER, *, grace_s: float = 30.0) -> AsyncIterator[Plugin]:
    """A configured provider over real gRPC, with an engine to talk to."""
    engine = ListeningEngine()
    engine_server = grpc.aio.server()
    engine_pb2_grpc.add_EngineServicer_to_server(engine, engine_server)
    engine_port = engine_server.add_insecure_port("127.0.0.1:0")
    await engine_server.start()
    servicer = Servicer(provider, f"127.0.0.1:{engine_port}", grace_s=grace_s)
    server, port = await start(servicer)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=OPTIONS) as channel:
        plugin = Plugin(provider_pb2_grpc.ResourceProviderStub(channel), servicer, engine)
        await plugin.configure(token="card-1234567")
        plugin.library = servicer.running.client
        yield plugin
    await server.stop(None)
    await engine_server.stop(None)


@pytest.fixture
def anyio_backend() -> str:
    """Real time: a plugin answers over sockets."""
    return "asyncio"


@pytest.fixture
async def plugin() -> AsyncIterator[Plugin]:
    """The engine's side of the library's provider."""
    async with serving() as served:
        yield served
