"""As many operations at once as ``pulumi up --parallel 200`` sends."""

from __future__ import annotations

import asyncio

from google.protobuf import empty_pb2

from tests.provider.driver import a_project

MANY = 200


def test_two_hundred_operations_are_held_at_once(run):
    """Each gets its own answer in the end, and the engine is heard while all of them wait."""

    async def body(railway):
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

    run(body)
