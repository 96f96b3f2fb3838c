"""Answers that are not what Railway's schema promises: one error that names the operation, and nothing of them stored.

A seed chooses which answer of a run is broken, where in it, and how.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from railway_api import transport
from railway_sandbox.http_messages import Request, Response
from tests.provider.driver import Driver, Half, Made, Refused, a_project
from tests.provider.in_process import Connection

SEEDS = 150
DEEP = json.loads("[" * 80 + "]" * 80)
VALUES: tuple[Any, ...] = (None, "", "text", 0, -1, 7.5, True, [], {}, [None], {"edges": None}, {"edges": [None]}, DEEP)


@dataclass
class Breaking:
    """Break the answer to the ``turn``-th request."""

    connection: Connection
    dice: random.Random
    turn: int
    told: str = ""

    def __post_init__(self) -> None:
        self._handle = self.connection.sandbox.handle
        self.connection.sandbox.handle = self.handle  # type: ignore[method-assign]

    def handle(self, request: Request) -> Response:
        """Answer, and break one answer."""
        response = self._handle(request)
        self.turn -= 1
        if self.turn != 0 or response.status != 200:
            return response
        body = json.loads(response.body)
        places = [*_places(body)]
        owner, key = self.dice.choice(places)
        value = self.dice.choice(VALUES)
        self.told = f"{key} = {value!r:.40} in the answer to {request.body[:90]!r}"
        owner[key] = value
        return replace(response, body=json.dumps(body).encode())


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Give each place of a JSON value: its owner and its key."""
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in [*keys]:
        yield value, key
        yield from _places(value[key])


async def _life(driver: Driver) -> list[Made]:
    """A run that asks most of what a stack asks, and a refresh."""
    place = await a_project(driver)
    service = await place.service()
    domain = await place.make("ServiceDomain", service, targetPort=80)
    volume = await place.make("Volume", service, mountPath="/data", sizeMb=60_000, backupSchedules=["DAILY"])
    instance = await place.instance(service, variables={"A": "1"}, regions={"us-west2": 1})
    instance = await driver.update(instance, image="app:2", vcpus=2)
    made = [place.project, service, domain, volume, instance]
    place.forget()
    return [read for each in made if (read := await driver.refresh(each)) is not None]


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_no_broken_answer_is_a_mistake_of_the_provider(driver: Driver, address: Connection, seed: int) -> None:
    """Either the run goes on as if nothing were, or it ends with an error about the answer; ids are never empty."""
    dice = random.Random(seed)
    breaking = Breaking(address, dice, dice.randint(1, 24))
    made, said = await _ended(driver)
    assert "mistake of the provider" not in said, breaking.told
    for each in made:
        assert each.id, breaking.told
        assert "" not in each.id.split("/"), breaking.told
        assert "None" not in each.id, breaking.told


async def _ended(driver: Driver) -> tuple[list[Made], str]:
    """What a run has made, and what its failure says."""
    try:
        return await _life(driver), ""
    except Half as failure:
        return [failure.made], str(failure)
    except Refused as failure:
        return [], str(failure)


async def test_the_error_names_the_operation_and_the_place(driver: Driver, address: Connection) -> None:
    """A read whose list is null, whose node is null, or whose status is null: each is told with where it is."""
    place = await a_project(driver)
    service = await place.service()
    instance = await place.instance(service)
    handle = address.sandbox.handle
    for path, value, told in (
        (("project", "services", "edges"), None, "project.services.edges is null"),
        (("project", "services", "edges", 0, "node"), None, "project.services.edges.node is null"),
        (("environment", "serviceInstances", "edges", 0, "node", "latestDeployment", "status"), None, "status is null"),
        (("environment", "config", "services"), "text", "environment.config.services is a string"),
        (("environmentPatches",), DEEP, "nested more than 60 levels deep"),
    ):

        def broken(request: Request, path: Any = path, value: Any = value) -> Response:
            response = handle(request)
            body = json.loads(response.body)
            owner = body["data"]
            for key in path[:-1]:
                owner = owner[key]
            owner[path[-1]] = value
            return replace(response, body=json.dumps(body).encode())

        address.sandbox.handle = broken  # type: ignore[method-assign]
        with pytest.raises(Refused, match="Railway answered something unexpected to environmentSnapshot") as caught:
            await place.refreshed(instance)
        assert told in str(caught.value)
    address.sandbox.handle = handle  # type: ignore[method-assign]
    assert await place.refreshed(instance) == instance


async def test_a_commit_without_a_workflow_is_an_error_at_once(driver: Driver, address: Connection) -> None:
    """The id of nothing is not waited for until the time limit."""
    place = await a_project(driver)
    service = await place.service()
    handle = address.sandbox.handle

    def broken(request: Request) -> Response:
        response = handle(request)
        if b"environmentPatchCommit" not in response.body:
            return response
        return replace(response, body=b'{"data": {"environmentPatchCommit": ""}}')

    address.sandbox.handle = broken  # type: ignore[method-assign]
    with pytest.raises((Half, Refused), match="something unexpected to environmentPatchCommit, an empty string"):
        await place.instance(service)


async def test_an_answer_without_an_end_is_given_up(driver: Driver, address: Connection, monkeypatch: Any) -> None:
    """What is larger than any answer of Railway's is not read to its end."""
    place = await a_project(driver)
    service = await place.service()
    monkeypatch.setattr(transport, "LARGEST_ANSWER", 500)
    with pytest.raises(Refused, match="Railway answered something unexpected to environmentSnapshot, more than"):
        await place.refreshed(service)
