"""What serves is judged by what was attempted last, and a rollback is a state of its own."""

from __future__ import annotations

import pytest

from railway_sandbox.railway.deployments import deployments
from tests.operations.conftest import Railyard
from tests.operations.test_verify import failures


@pytest.mark.parametrize(
    ("status", "words"),
    [("SKIPPED", "was skipped: no watched file had changed"), ("NEEDS_APPROVAL", "waits for an approval")],
)
def test_a_push_that_was_not_tried_is_a_note(railyard: Railyard, status, words) -> None:
    """The service stays healthy and proven; status and verify say what Railway did not do."""
    with railyard.world() as world:
        environment, service = world.find("rose/web")
        deployments.start(world.railway, environment, service.id, world.clock.now(), stays=status)
        world.manual.advance(400)

    shown = railyard.run("status", "rose")
    verified = railyard.run("verify", "rose")

    assert (shown.code, verified.code) == (0, 0), shown.text + verified.text
    assert f"rose/web: note: deployment {world.newest('rose/web').id[:8]} {words}" in shown.flat
    assert "1 healthy" in shown.text


@pytest.mark.parametrize("skips", [1, 25])
def test_a_failure_behind_a_skipped_push_still_counts(railyard: Railyard, skips: int) -> None:
    """The newest deployment that was attempted decides, and no number of skips hides it."""
    with railyard.world() as world:
        world.railway.fail("rose/rose", "crash-later")
        crashed = world.deploy("rose/web")
        environment, service = world.find("rose/web")
        for _ in range(skips):
            deployments.start(world.railway, environment, service.id, world.clock.now(), stays="SKIPPED")
            world.manual.advance(400)

    said = railyard.run("status", "rose")

    assert said.code == 1
    assert f"deployment {crashed.id[:8]} is CRASHED" in said.flat


def test_many_skipped_pushes_are_no_reason_to_call_it_never_deployed(railyard: Railyard) -> None:
    """A service whose repository many people push to is healthy by what serves, however long ago it was deployed."""
    with railyard.world() as world:
        environment, service = world.find("rose/web")
        for _ in range(25):
            deployments.start(world.railway, environment, service.id, world.clock.now(), stays="SKIPPED")
            world.manual.advance(400)

    said = railyard.run("status", "rose", "--json")

    assert said.code == 0, said.text
    assert said.json["systems"]["rose"]["services"]["web"]["proven"]


def test_a_rollback_by_hand_is_told_with_the_step_that_mends_it(railyard: Railyard) -> None:
    """It serves, so it is not unhealthy; it is not what the settings say either, and logs would not help."""
    with railyard.world() as world:
        world.deploy("seance/backend", image="fractalhuman1/seance-backend:older")

    shown = railyard.run("status", "seance")
    verified = railyard.run("verify", "seance", "--json")

    assert (shown.code, verified.code) == (1, 1)
    assert "rolled back" in shown.lines_with("seance-backend:older")[0]
    assert (
        "next: it was rolled back or deployed by hand; ./bin/railyard deploy seance -s staging brings back"
        in shown.flat
    )
    failed = failures(verified)
    assert "./bin/railyard deploy seance -s staging" in failed["seance/backend", "deployment"]["next"]
    assert "logs" not in failed["seance/backend", "deployment"]["next"]


def test_the_next_step_of_a_name_that_leads_nowhere_is_the_name(railyard: Railyard) -> None:
    """Nobody got as far as the application, whose log says nothing of it."""
    with railyard.world() as world:
        world.remove_record("CNAME", "staging.rose.example")

    failed = failures(railyard.run("verify", "rose", "--json"))

    assert failed["rose/web", "health"]["next"].startswith("put the record back")
