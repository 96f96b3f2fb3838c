"""The engine's side of the Railway provider, and a simulated Railway: in this process, or over gRPC and HTTP."""

# ruff: noqa: N818 what an operation ends as, not an error of the test

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, cast

import grpc
import grpc.aio
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2, provider_pb2_grpc, status_pb2

from pulumi_provider.engine_log import EngineLog
from pulumi_provider.main import OPTIONS, start
from pulumi_provider.retained_ids import RetainedIds
from pulumi_provider.servicer import INTERRUPTED, Servicer
from pulumi_provider.values import decode, encode
from pulumiverse_railway.provider.assembly import build_provider
from pulumiverse_railway.provider.configuration import time_scale
from railway_sandbox.railway.cloud import RailwayCloud
from tests.provider.in_process import Connection, Engine, Rpc
from tests.simulated import Address

PROVIDER = build_provider()

Properties = Mapping[str, Any]

OWN_LIMIT: Final = 0.0
"""The time limit of an operation, as the engine says it without ``customTimeouts``: that of the resource."""
BETWEEN_RUNS_S: Final = 5.0
"""How long after one run another begins, in simulated time."""


class ListeningEngine(Engine, engine_pb2_grpc.EngineServicer):
    """Keeps what the provider says over gRPC."""

    async def Log(self, request: engine_pb2.LogRequest, context: Any) -> empty_pb2.Empty:  # noqa: N802
        self.said.append((engine_pb2.LogSeverity.Name(request.severity), request.message))
        return empty_pb2.Empty()


@dataclass(frozen=True)
class Made:
    """A resource in the engine's state."""

    kind: str
    id: str
    inputs: Properties
    outputs: Properties

    def __getitem__(self, name: str) -> Any:
        return self.outputs[name]


class Half(Exception):
    """A resource that was only half made: what the engine keeps, and the reasons."""

    def __init__(self, made: Made, reasons: Sequence[str]) -> None:
        super().__init__("\n".join(reasons))
        self.made = made


class Refused(Exception):
    """A failed operation, with the text that the user sees."""


@dataclass
class Driver:
    """Runs operations as the engine does."""

    rpc: Any
    cloud: RailwayCloud
    address: Address
    engine: Engine
    servicer: Servicer

    @property
    def operations(self) -> list[str]:
        """Root fields of all requests so far, in order."""
        return [name for request in self.address.requests for name in request["operations"]]

    async def configure(self, values: Properties) -> None:
        """Give the provider its configuration."""
        await self.rpc.Configure(provider_pb2.ConfigureRequest(args=encode(values)))

    async def check(self, kind: str, inputs: Properties) -> list[str]:
        """The reasons why inputs are refused."""
        response = await self.rpc.Check(provider_pb2.CheckRequest(urn=_urn(kind), news=encode(inputs)))
        return [failure.reason for failure in response.failures]

    async def create(
        self, kind: str, /, *, interrupted: bool = False, timeout_s: float = OWN_LIMIT, **inputs: Any
    ) -> Made:
        """Check and create."""
        checked = await self._checked(kind, inputs)
        request = provider_pb2.CreateRequest(urn=_urn(kind), properties=encode(checked), timeout=timeout_s)
        metadata = ((INTERRUPTED, "true"),) if interrupted else ()
        response = await _answered(kind, checked, self.rpc.Create(request, metadata=metadata))
        return Made(kind, response.id, checked, decode(response.properties))

    async def preview(self, kind: str, /, **inputs: Any) -> Properties:
        """The outputs that a preview of a create shows."""
        checked = await self._checked(kind, inputs)
        request = provider_pb2.CreateRequest(urn=_urn(kind), properties=encode(checked), preview=True)
        return decode((await self.rpc.Create(request)).properties)

    async def diff_response(self, made: Made, **changes: Any) -> provider_pb2.DiffResponse:
        """The whole answer."""
        return await self._diff(made, await self._changed(made, changes))

    async def diff(self, made: Made, **changes: Any) -> dict[str, str]:
        """Paths that differ, each with ADD, UPDATE, DELETE or the _REPLACE form; None removes an input."""
        response = await self.diff_response(made, **changes)
        kinds = provider_pb2.PropertyDiff.Kind
        return {path: kinds.Name(found.kind) for path, found in response.detailedDiff.items()}

    async def update(self, made: Made, *, timeout_s: float = OWN_LIMIT, **changes: Any) -> Made:
        """Update in place."""
        wanted = await self._changed(made, changes)
        request = provider_pb2.UpdateRequest(
            urn=_urn(made.kind),
            id=made.id,
            olds=encode(made.outputs),
            news=encode(wanted),
            old_inputs=encode(made.inputs),
            timeout=timeout_s,
        )
        response = await _answered(made.kind, wanted, self.rpc.Update(request), made.id)
        return Made(made.kind, made.id, wanted, decode(response.properties))

    async def refresh(self, made: Made) -> Made | None:
        """Read what exists now, in a later run; None when it is gone."""
        await self.settle(BETWEEN_RUNS_S)
        request = provider_pb2.ReadRequest(
            urn=_urn(made.kind), id=made.id, properties=encode(made.outputs), inputs=encode(made.inputs)
        )
        return await self._read(made.kind, request)

    async def import_(self, kind: str, id: str) -> Made | None:
        """Read by id alone, in a later run."""
        await self.settle(BETWEEN_RUNS_S)
        return await self._read(kind, provider_pb2.ReadRequest(urn=_urn(kind), id=id))

    async def delete(self, made: Made, *, same_run: bool = False) -> None:
        """Delete, in a run that does not know what this one made unless told so."""
        if not same_run:
            self.servicer.retained = RetainedIds()
            await self.settle(BETWEEN_RUNS_S)
        request = provider_pb2.DeleteRequest(urn=_urn(made.kind), id=made.id, properties=encode(made.outputs))
        await _answered(made.kind, made.inputs, self.rpc.Delete(request))

    async def invoke(self, function: str, **inputs: Any) -> Properties:
        """Call a function; its result, or ``Refused`` with what the user sees."""
        request = provider_pb2.InvokeRequest(tok=f"railway:index:{function}", args=encode(inputs))
        response = await _answered(function, inputs, self.rpc.Invoke(request))
        if response.failures:
            raise Refused("; ".join(f"{failure.property}: {failure.reason}" for failure in response.failures))
        return decode(getattr(response, "return"))

    async def all(self, *operations: Awaitable[Made]) -> list[Made]:
        """Side by side, as Pulumi runs what does not depend on each other."""
        return list(await asyncio.gather(*operations))

    async def settle(self, seconds: float) -> None:
        """Let simulated time pass."""
        await asyncio.sleep(seconds / time_scale())

    async def _read(self, kind: str, request: provider_pb2.ReadRequest) -> Made | None:
        response = await _answered(kind, {}, self.rpc.Read(request))
        return Made(kind, response.id, decode(response.inputs), decode(response.properties)) if response.id else None

    async def _checked(self, kind: str, inputs: Properties) -> Properties:
        given = {key: value for key, value in inputs.items() if value is not None}
        response = await self.rpc.Check(provider_pb2.CheckRequest(urn=_urn(kind), news=encode(given)))
        assert [failure.reason for failure in response.failures] == []
        return decode(response.inputs)

    async def _changed(self, made: Made, changes: Properties) -> Properties:
        return await self._checked(made.kind, {**made.inputs, **changes})

    async def _diff(self, made: Made, wanted: Properties) -> provider_pb2.DiffResponse:
        return await self.rpc.Diff(
            provider_pb2.DiffRequest(
                urn=_urn(made.kind),
                id=made.id,
                olds=encode(made.outputs),
                news=encode(wanted),
                old_inputs=encode(made.inputs),
            )
        )


def _urn(kind: str) -> str:
    token = kind if ":" in kind else f"railway:index:{kind}"
    return f"urn:pulumi:test::railyard::{token}::{kind.lower()}"


async def _answered(kind: str, inputs: Properties, call: Awaitable[Any], id: str = "") -> Any:
    """The answer of a call; a failure as what the user and the engine make of it."""
    try:
        return await call
    except grpc.aio.AioRpcError as error:
        details = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin")
        if details is None:
            raise Refused(error.details()) from None
        half = provider_pb2.ErrorResourceInitFailed()
        assert isinstance(details, bytes)
        assert status_pb2.Status.FromString(details).details[0].Unpack(half)
        made = Made(kind, half.id or id, inputs, decode(half.properties or struct_pb2.Struct()))
        raise Half(made, list(half.reasons)) from None


@asynccontextmanager
async def driving(cloud: RailwayCloud, address: Address, **configuration: Any) -> AsyncIterator[Driver]:
    """A configured provider, started anew; over gRPC where the simulated Railway is served on a port."""
    if isinstance(address, Connection):
        servicer, engine = Servicer(address.provider(PROVIDER)), Engine()
        servicer.running.log = cast("EngineLog", engine)
        driver = Driver(Rpc(servicer), cloud, address, engine, servicer)
        await driver.configure({"token": cloud.account_token, **configuration})
        try:
            yield driver
        finally:
            await servicer.running.client.close()
        return
    engine = ListeningEngine()
    engine_server = grpc.aio.server()
    engine_pb2_grpc.add_EngineServicer_to_server(engine, engine_server)
    engine_port = engine_server.add_insecure_port("127.0.0.1:0")
    await engine_server.start()
    servicer = Servicer(PROVIDER, f"127.0.0.1:{engine_port}")
    server, port = await start(servicer)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=OPTIONS) as channel:
        rpc = provider_pb2_grpc.ResourceProviderStub(channel)
        driver = Driver(rpc, cloud, address, engine, servicer)
        await driver.configure({"token": cloud.account_token, **configuration})
        try:
            yield driver
        finally:
            await servicer.running.client.close()
            await server.stop(None)
            await engine_server.stop(None)


@dataclass
class Records:
    """DNS records by name and type, as a person would enter them."""

    values: dict[tuple[str, str], list[str]] = field(default_factory=dict[tuple[str, str], list[str]])
    proxied: set[str] = field(default_factory=set[str])
    fails_once: tuple[str, str] | None = None
    """Name and type of the record whose next look-up finds nothing."""

    def find(self, name: str, type: str) -> list[str]:
        if self.fails_once == (name, type):
            self.fails_once = None
            return []
        return self.values.get((name, type), [])

    def is_proxied(self, name: str) -> bool:
        return name in self.proxied

    def enter(self, domain: Made) -> None:
        """All that a custom domain asks for."""
        self.values[domain["cnameHost"], "CNAME"] = [domain["cnameTarget"]]
        self.values[domain["verificationHost"], "TXT"] = [domain["verificationValue"]]
        if "acmeHost" in domain.outputs:
            self.values[domain["acmeHost"], "CNAME"] = [domain["acmeTarget"]]


@dataclass
class Place:
    """A project with its environment, and shorthands for what is made in it."""

    driver: Driver
    project: Made

    @property
    def where(self) -> dict[str, Any]:
        return {"projectId": self.project.id, "environmentId": self.project["environmentId"]}

    async def service(self, name: str = "web") -> Made:
        return await self.driver.create("Service", name=name, **self.where)

    async def services(self, count: int) -> list[Made]:
        return await self.driver.all(*(self.service(f"service-{index}") for index in range(count)))

    async def instance(self, service: Made, **inputs: Any) -> Made:
        source = {} if "repo" in inputs else {"image": "app:1"}
        return await self.make("ServiceInstance", service, **{**source, **inputs})

    async def make(self, kind: str, service: Made, **inputs: Any) -> Made:
        return await self.driver.create(kind, serviceId=service["serviceId"], **self.where, **inputs)

    def config(self, service: Made) -> dict[str, Any]:
        """The stored settings of a service."""
        environment = self.driver.cloud.state.environments[self.project["environmentId"]]
        return environment.config["services"][service["serviceId"]]

    def forget(self) -> None:
        """Let the provider read anew, as a new process would."""
        self.driver.servicer.running.client.environment(*self.where.values()).forget()

    async def refreshed(self, made: Made) -> Made | None:
        """Refresh after something happened behind the provider's back."""
        self.forget()
        return await self.driver.refresh(made)


async def a_project(driver: Driver) -> Place:
    """A new project."""
    return Place(driver, await driver.create("Project", name="shop", description="of the test"))
