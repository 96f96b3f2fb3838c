"""As many operations at once as ``pulumi up --parallel 200`` sends, over gRPC and HTTP."""

from __future__ import annotations

import asyncio

from google.protobuf import empty_pb2

from railway_sandbox.clock import Clock
from railway_sandbox.server import Sandbox
from tests.provider.driver import Driver, a_project, driving
from tests.simulated import serve

MANY = 200
SPEED = 200.0


def test_two_hundred_operations_are_held_at_once(tmp_path, monkeypatch):
    """Each gets its own answer in the end, and the engine is heard while all of them wait."""

    async def body(railway: Driver):
        place = await a_project(railway)
        making = [asyncio.create_task(place.service(f"service-{number}")) for number in range(MANY)]
        heard_with = []
        while not all(task.done() for task in making):
            await asyncio.sleep(0.01)
            assert (await railway.rpc.GetPluginInfo(empty_pb2.Empty())).version
            heard_with.append(sum(not task.done() for task in making))
        made = [task.result() for task in making]

        assert heard_with[0] == MANY
        assert sorted(each["name"] for each in made) == sorted(f"service-{number}" for number in range(MANY))
        assert len({each.id for each in made}) == MANY
        assert railway.operations.count("serviceCreate") == MANY

    async def served() -> None:
        async with driving(sandbox.railway, address) as railway:
            await body(railway)

    sandbox = Sandbox(tmp_path, clock=Clock(speed=SPEED))
    monkeypatch.setenv("RAILWAY_SANDBOX_SPEED", str(SPEED))
    with serve(sandbox) as address:
        monkeypatch.setenv("RAILWAY_API_URL", address.url)
        asyncio.run(served())
