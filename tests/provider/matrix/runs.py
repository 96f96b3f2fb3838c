"""Runs of a program as an engine does them: one that meets a fault, and the next one.

Owns what an engine keeps of a failed operation and repeats in its next run. The provider is the real one over gRPC;
where it is to be killed, it is a process of its own.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from typing import Any, Final, Literal

import grpc.aio
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from pulumi_provider.main import OPTIONS, start
from pulumi_provider.servicer import Servicer
from pulumi_provider.values import encode
from railway_sandbox.railway.cloud import RailwayCloud
from tests.provider.driver import PATIENCE_S, PROVIDER, Driver, Half, ListeningEngine, Made, Refused, driving
from tests.simulated import Address

_processes: Final = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload([__name__])


@dataclass(frozen=True)
class Step:
    """What the program wants of one resource: make it, change it or give it up."""

    kind: Literal["create", "update", "delete"]
    type: str
    inputs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    made: Made | None = None
    timeout_s: float = PATIENCE_S
    fails: str | None = None
    """What its failure says, where it fails even when nothing disturbs it."""


def create(type: str, **inputs: Any) -> Step:
    """A new resource."""
    return Step("create", type, inputs)


def update(made: Made, **changes: Any) -> Step:
    """Other inputs."""
    return Step("update", made.kind, changes, made)


def failing(step: Step, says: str, *, timeout_s: float = PATIENCE_S) -> Step:
    """A step that fails with this, and leaves the resource half made."""
    return replace(step, fails=says, timeout_s=timeout_s)


def delete(made: Made) -> Step:
    """No resource any more."""
    return Step("delete", made.kind, made=made)


@dataclass(frozen=True)
class Outcome:
    """What the engine has after a step: the resource, or why not, and what the next run is to do."""

    made: Made | None
    failure: str | None = None
    next: Step | None = None
    failed_duly: bool = False
    """The step failed as it does when nothing disturbs it."""


async def attempt(driver: Driver, step: Step, *, interrupted: bool = False) -> Outcome:
    """Do one step as the engine does, and keep what it keeps."""
    try:
        made = await _do(driver, step, interrupted=interrupted)
        return Outcome(made, f"it should have failed: {step.fails}" if step.fails else None)
    except Half as half:
        if step.fails and step.fails in str(half):
            return Outcome(half.made, failed_duly=True)
        return Outcome(half.made, str(half), _after_half(step, half.made))
    except Refused as refused:
        return Outcome(step.made, str(refused), step)


async def _do(driver: Driver, step: Step, *, interrupted: bool) -> Made | None:
    if step.kind == "create":
        return await driver.create(step.type, interrupted=interrupted, timeout_s=step.timeout_s, **step.inputs)
    assert step.made is not None
    if step.kind == "update":
        return await driver.update(step.made, timeout_s=step.timeout_s, **step.inputs)
    await driver.delete(step.made)
    return None


def _after_half(step: Step, half: Made) -> Step:
    if step.kind == "create":
        return Step("update", step.type, {}, half)
    assert step.made is not None
    # The engine keeps the old inputs with the new outputs, so that the difference shows again.
    return replace(step, made=replace(step.made, outputs=half.outputs))


async def together(driver: Driver, steps: Sequence[Step], *, interrupted: bool = False) -> list[Outcome]:
    """Steps side by side."""
    doing: list[Awaitable[Outcome]] = [attempt(driver, step, interrupted=interrupted) for step in steps]
    return list(await asyncio.gather(*doing))


async def differences(driver: Driver, made: Made, *, failed_duly: bool = False) -> Mapping[str, str]:
    """What a refresh and a preview show of a resource that should be as it was made; a refresh knows a failure."""
    try:
        read = await driver.refresh(made)
    except Half as half:
        if not failed_duly:
            raise
        read = half.made
    return {"": "gone"} if read is None else await driver.diff(read, **made.inputs)


@asynccontextmanager
async def in_a_process(cloud: RailwayCloud, address: Address) -> AsyncIterator[tuple[Driver, int]]:
    """A configured provider in a process that may be killed, and its id."""
    ours, theirs = _processes.Pipe()
    process = _processes.Process(target=_serve, args=(theirs, dict(os.environ)), daemon=True)
    process.start()
    theirs.close()
    port = await asyncio.to_thread(ours.recv)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=OPTIONS) as channel:
        rpc = provider_pb2_grpc.ResourceProviderStub(channel)
        arguments = encode({"token": cloud.account_token, "apiUrl": address.url})
        await rpc.Configure(provider_pb2.ConfigureRequest(args=arguments))
        assert process.pid is not None
        try:
            yield Driver(rpc, cloud, address, ListeningEngine(), Servicer(PROVIDER)), process.pid
        finally:
            process.kill()
            await asyncio.to_thread(process.join)
            process.close()
            ours.close()


@asynccontextmanager
async def in_this_process(cloud: RailwayCloud, address: Address) -> AsyncIterator[Driver]:
    """A configured provider, started anew."""
    async with driving(cloud, address, apiUrl=address.url) as driver:
        yield driver


def _serve(pipe: Connection, environment: dict[str, str]) -> None:
    """The provider's process."""
    os.environ.update(environment)

    async def body() -> None:
        server, port = await start(Servicer(PROVIDER))
        pipe.send(port)
        await server.wait_for_termination()

    asyncio.run(body())
