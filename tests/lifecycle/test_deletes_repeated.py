"""A destroy that finds nothing is done: what is gone does not hold anybody up, whoever took it away."""

from __future__ import annotations

from collections import Counter

import pytest

from railway_sandbox.clock import ManualClock
from railway_sandbox.server import Sandbox
from tests.lifecycle.conftest import Checkout
from tests.sandbox_railway.railway_client import Client


def deletes(checkout: Checkout) -> int:
    """How many requests that delete went out so far."""
    return sum("DELETE" in each["operation"] or "Delete" in each["operation"] for each in checkout.requests())


def take_away(checkout: Checkout) -> None:
    """Take everything out of all clouds, as a killed run or a person does, and leave the state alone."""
    sandbox = Sandbox(checkout.sandbox)
    for zone in sandbox.cloudflare.zones():
        for record in [*sandbox.cloudflare.records(zone["id"])]:
            sandbox.cloudflare.delete_record(zone["id"], record["id"])
    for key in [*sandbox.digitalocean.spaces_keys()]:
        sandbox.digitalocean.delete_key(key["access_key"])
    for endpoint in [*sandbox.digitalocean.endpoints()]:
        sandbox.digitalocean.delete_endpoint(endpoint["id"])
    railway = Client(sandbox.railway, ManualClock(), token=sandbox.railway.account_token)
    for project in [*sandbox.railway.state.projects]:
        railway.ask("mutation($id: String!) { projectDelete(id: $id) }", id=project)
    sandbox.save()


def test_a_destroy_ends_when_everything_is_gone_already(seance: Checkout) -> None:
    """Project, records, CDN endpoint and keys were taken away by hand: destroy finds none of them and succeeds."""
    take_away(seance)

    seance.json("destroy", "-s", "staging", "--system", "seance")

    world = seance.world()
    assert not any(world.values()), world


def test_a_destroy_that_is_killed_ends_when_it_is_run_again(seance: Checkout) -> None:
    """Killed between a delete and its outcome again and again: each run goes on, and the last one leaves nothing."""
    for _ in range(2):  # a run has eight deletes under way at once, and there are 17
        before = deletes(seance)
        seance.killed(lambda before=before: deletes(seance) > before, "destroy", "-s", "staging")

    seance.json("destroy", "-s", "staging")

    world = seance.world()
    assert not any(world.values()), world


@pytest.mark.parametrize("after", [8, 14])
def test_a_replacement_that_is_killed_ends_when_it_is_run_again(seance: Checkout, after: int) -> None:
    """A bucket of another name replaces it and what hangs on it; the next run leaves nothing of the old one."""
    seance.change("staging", "name: seance-cdn-staging", "name: seance-cdn-staging-2")
    before = len(seance.requests())
    seance.killed(lambda: len(seance.requests()) >= before + after, "up", "-s", "staging", "--system", "seance")

    seance.json("up", "-s", "staging", "--system", "seance")

    world = seance.world()
    assert world["endpoints"] == ["seance-cdn-staging-2.sfo3.digitaloceanspaces.com"]
    assert (world["buckets"], len(world["keys"])) == ([], 1)
    assert Sandbox(seance.sandbox).spaces.owns("seance-cdn-staging-2")
    assert seance.json("preview", "-s", "staging", "--system", "seance").operations() == Counter()
