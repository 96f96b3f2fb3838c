"""As many operations at once as ``pulumi up --parallel 200`` sends, over gRPC and HTTP."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest
from google.protobuf import empty_pb2

from railway_sandbox.http_messages import Request, Response
from railway_sandbox.server import Sandbox
from tests.provider.driver import Driver, a_project, driving
from tests.simulated import serve

MANY = 200


def test_two_hundred_operations_are_held_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each gets its own answer in the end, and the engine is heard while all of them wait."""
    sandbox, heard = Sandbox(tmp_path, speed=1.0), threading.Event()

    def answer(request: Request) -> Response:
        if b"serviceCreate" in request.body:
            heard.wait()
        return sandbox.handle(request)

    async def body(railway: Driver) -> None:
        place = await a_project(railway)
        making = [asyncio.create_task(place.service(f"service-{number}")) for number in range(MANY)]
        await asyncio.sleep(0)
        assert (await railway.rpc.GetPluginInfo(empty_pb2.Empty())).version
        assert not any(task.done() for task in making)
        heard.set()
        made = await asyncio.gather(*making)

        assert sorted(each["name"] for each in made) == sorted(f"service-{number}" for number in range(MANY))
        assert len({each.id for each in made}) == MANY
        assert railway.operations.count("serviceCreate") == MANY

    async def served() -> None:
        async with driving(sandbox.railway, address) as railway:
            try:
                await body(railway)
            finally:
                heard.set()

    with serve(sandbox, answer) as address:
        monkeypatch.setenv("RAILWAY_API_URL", address.url)
        monkeypatch.delenv("RAILWAY_SANDBOX_SPEED", raising=False)
        asyncio.run(served())
