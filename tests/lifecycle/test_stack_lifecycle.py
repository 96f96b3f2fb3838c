"""Both whole stacks from nothing to nothing, as a user runs them."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.lifecycle.conftest import with_copy_of

STACKS = ("staging", "production")
SERVICES = {"staging": 14, "production": 15}


@pytest.mark.parametrize("stack", STACKS)
def test_a_stack_comes_up_stays_and_goes(from_nothing, tmp_path, stack):
    """Preview asks nobody; up makes all; a second up and a refresh find nothing; destroy leaves nothing."""
    first = from_nothing(stack)
    assert set(first.preview.operations()) == {"create"}
    assert first.asked == []
    assert first.up.operations() == first.preview.operations()
    deployments = first.checkout.world()["deployments"]
    assert (len(deployments), set(deployments.values())) == (SERVICES[stack], {1})
    assert first.again.operations() == Counter()

    checkout = with_copy_of(first.checkout, tmp_path / "railyard")
    assert checkout.json("up", "-s", stack).operations() == Counter()
    assert checkout.json("refresh", "-s", stack).operations() == Counter()

    refused = checkout.run("destroy", "-s", stack)
    assert refused.code == 1
    assert "protect" in refused.text + refused.errors
    assert len(checkout.world()["services"]) == SERVICES[stack]

    checkout.run("unprotect", "-s", stack)
    checkout.json("destroy", "-s", stack)
    assert {kind: found for kind, found in checkout.world().items() if found} == {}


def test_a_new_commit_of_seance_changes_the_services_that_run_it(new_commit):
    """Four images carry the commit: four services are updated, and each is deployed once more."""
    steps = new_commit.preview.json["steps"]
    updated = sorted(step["urn"].rsplit("::", 1)[1] for step in steps if step["op"] == "update")
    assert updated == [
        "seance-backend-instance",
        "seance-beholder-instance",
        "seance-landing-instance",
        "seance-litellm-instance",
    ]
    assert set(new_commit.preview.operations()) == {"update"}

    deployed_twice = sorted(name for name, count in new_commit.after.world()["deployments"].items() if count == 2)
    assert deployed_twice == [f"seance-staging/{name}" for name in ("backend", "beholder", "landing", "litellm")]


def test_both_stacks_live_beside_each_other(staging):
    """Production does not touch staging, nor takes a name from it."""
    before = staging.world()
    staging.json("up", "-s", "production")
    both = staging.world()

    assert set(before["services"]) <= set(both["services"])
    assert both["buckets"] == ["seance-cdn", "seance-cdn-staging"]
    assert staging.json("refresh", "-s", "staging").operations() == Counter()


def test_one_system_comes_up_alone(checkout, staging):
    """SYSTEM=omega makes Omega and nothing else, and later takes it down alone."""
    checkout.json("up", "-s", "staging", "--system", "omega")
    assert checkout.world()["services"] == ["omega-staging/bot"]

    staging.run("unprotect", "-s", "staging")
    staging.json("destroy", "-s", "staging", "--system", "omega")

    services = staging.world()["services"]
    assert [name for name in services if name.startswith("omega")] == []
    assert len(services) == SERVICES["staging"] - 1


def test_a_system_that_leaves_the_settings_is_taken_down(staging):
    """A stateless system goes with its key; protected ones refuse and say so."""
    file = staging.directory / "Pulumi.staging.yaml"
    text = file.read_text()
    start, end = text.index("  railyard:netia:"), text.index("  railyard:rose:")
    file.write_text(text[:start] + text[end:])

    refused = staging.run("up", "-s", "staging")

    assert refused.code == 1
    assert "netia-postgres-volume-disk" in refused.text + refused.errors
    assert "netia-staging/app" in staging.world()["services"]
