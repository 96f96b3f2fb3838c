"""Troubles at a steady rate: what is disturbed can be repeated, whoever repeats gets on, and an up ends right."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from railway_sandbox.clock import ManualClock
from railway_sandbox.random_faults import CALM, OF_RAILWAY, RandomFaults
from railway_sandbox.routing import Route
from railway_sandbox.server import Sandbox, SandboxError
from tests.lifecycle.conftest import Checkout
from tests.sandbox_railway.railway_client import Client

RATE = "0.3:42"
"""With this seed the mutations of the up meet a gateway error before and after the work, a lost answer and a race."""
CREATE = Route(api="railway", operation="mutation serviceDomainCreate", reads=False)
READ = Route(api="railway", operation="query environment", reads=True)


def chosen(trouble: RandomFaults, route: Route, count: int = 2_000) -> list[str | None]:
    return [trouble.choose(route) for _ in range(count)]


def test_the_same_seed_disturbs_the_same_requests():
    """What other operations are asked in between makes no difference; another seed does."""
    alone, mixed = RandomFaults(0.1, "1"), RandomFaults(0.1, "1")
    first = chosen(alone, CREATE, 200)

    assert [(mixed.choose(READ), mixed.choose(CREATE))[1] for _ in range(200)] == first
    assert chosen(RandomFaults(0.1, "2"), CREATE, 200) != first


def test_every_kind_happens_and_none_twice_in_a_row():
    """A mutation meets all kinds; a read is never answered with a race or a lag; a repeated request is left alone."""
    kinds = chosen(RandomFaults(0.3), CREATE)

    assert {kind for kind in kinds if kind} == set(OF_RAILWAY)
    assert set(chosen(RandomFaults(0.3), READ)) == {None, *OF_RAILWAY} - {"race", "lag"}
    assert all(kind is None for at, one in enumerate(kinds) if one for kind in kinds[at + 1 : at + 1 + CALM])


def test_other_clouds_are_disturbed_before_the_work_alone():
    """Their clients send again what was not done; what was done and not confirmed they would do twice."""
    kinds = Counter(chosen(RandomFaults(0.3), Route(api="cloudflare", operation="POST /zones", reads=False)))

    assert set(kinds) == {None, "gateway before", "throttled", "slow"}
    spaces = chosen(RandomFaults(0.3), Route(api="spaces", operation="HEAD /seance-cdn", reads=True))
    assert set(spaces) == {None, "gateway before", "slow"}
    assert set(chosen(RandomFaults(1.0), Route(api="edge", operation="GET https://seance.dev/", reads=True))) == {None}


def test_reads_lag_behind_a_mutation(tmp_path: Path):
    """For a while they show what was there before it."""

    class Lags(RandomFaults):
        def choose(self, route: Route):
            return None if route.reads else "lag"

    clock = ManualClock(1_000.0)
    railway = Client.of(Sandbox(tmp_path, clock=clock, disturbs=Lags(1.0)), clock)
    project, _ = railway.project()

    assert railway.refusal("query($id: String!) { project(id: $id) { name } }", id=project) == "Project not found"
    clock.advance(60)
    assert railway.ask("query($id: String!) { project(id: $id) { name } }", id=project) == {"project": {"name": "shop"}}


@pytest.mark.parametrize("text", ["often", "1.5", "-1"])
def test_a_rate_that_cannot_be_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str):
    """The refusal names the variable and says what it takes."""
    monkeypatch.setenv("RAILYARD_SANDBOX_TROUBLE", text)

    with pytest.raises(SandboxError, match=r"RAILYARD_SANDBOX_TROUBLE .* a rate between 0 and 1"):
        Sandbox(tmp_path)


def test_an_up_in_trouble_ends_as_one_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Lost answers, gateway errors, races, throttles, slow answers and lagging reads: nothing is lost or made twice."""
    calm, troubled = Checkout(tmp_path / "calm"), Checkout(tmp_path / "troubled")
    calm.json("up", "-s", "staging", "--system", "omega")
    monkeypatch.setenv("RAILYARD_SANDBOX_TROUBLE", RATE)
    troubled.json("up", "-s", "staging", "--system", "omega")
    disturbed = [line["status"] for line in troubled.requests() if line["status"] in ("lost", 429, 502, 503)]
    monkeypatch.delenv("RAILYARD_SANDBOX_TROUBLE")

    assert len(disturbed) >= 3
    assert troubled.world() == calm.world()
    assert troubled.json("refresh", "-s", "staging", "--system", "omega").operations() == Counter()
    assert troubled.json("preview", "-s", "staging", "--system", "omega").operations() == Counter()
