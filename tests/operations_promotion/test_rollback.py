"""``railyard rollback``: production goes back to what it ran before and was healthy with, slowly or at once."""

from __future__ import annotations

from collections import Counter

from railway_sandbox.railway.github_pushes import push
from railway_sandbox.railway.records import StatusChange
from railway_sandbox.server import Sandbox
from railyard.promote import rollback_now
from railyard.shared import console
from tests.provider.dashboard import click

DAY_S = 86_400.0
TAGGED = ("backend", "landing", "beholder", "litellm")


def served(place, service: str, system: str = "seance") -> str:
    """The image or commit that a service of production serves."""
    sandbox = Sandbox(place.sandbox)
    for deployment in place.deployments("production", service, system):
        moments = [moment for moment in deployment.timeline if moment.at <= sandbox.clock.now()]
        if moments[-1].status in ("SUCCESS", "SLEEPING"):
            return deployment.meta.get("image") or deployment.meta["commitHash"]
    return ""


def test_the_settings_go_back_to_what_was_healthy(bad):
    """Of the git history the value before; nothing else in the file changes, and Railway is left alone."""
    before = bad.file()
    world = bad.world()

    done = bad.railyard("rollback", "seance")

    assert done.code == 0, done.errors
    assert "seance commit: c3d4e5f → b2c3d4e (commit " in done.text
    assert bad.file() == before.replace("commit: c3d4e5f", "commit: b2c3d4e")
    assert "bring production up, which deploys it" in done.text
    assert bad.world() == world


def test_a_second_rollback_goes_further_back(bad):
    """Not forward again to the bad one."""
    bad.railyard("rollback", "seance")
    bad.commit("back")

    again = bad.railyard("rollback", "seance")
    bad.commit("further back")
    last = bad.railyard("rollback", "seance")

    assert "seance commit: b2c3d4e → a1b2c3d" in again.text
    assert last.code == 1
    assert "seance has run nothing else in production before" in last.errors


def test_values_that_were_not_healthy_are_passed_over(bad):
    """After the bad one came another bad one: both are named with their reasons."""
    bad.released("production", "c3d4e5f", "d4e5f60")

    done = bad.railyard("rollback", "seance", "--dry-run")

    assert "seance commit: d4e5f60 → b2c3d4e" in done.text
    assert "not to c3d4e5f: backend was not healthy with it: deployment " in done.text
    assert "would change" in done.text
    assert "d4e5f60" in bad.file()


def test_a_value_can_be_named(bad):
    """By its beginning; one that never ran, or was not healthy, is refused with what is known."""
    unknown = bad.railyard("rollback", "seance", "--to", "9999999")
    unhealthy = bad.railyard("rollback", "seance", "--to", "c3d4e5f")
    ambiguous = bad.railyard("rollback", "seance", "--to", "")
    done = bad.railyard("rollback", "seance", "--to", "a1b2c")

    assert unknown.code == 1
    assert "seance has never run 9999999 in production: name one of c3d4e5f, b2c3d4e, a1b2c3d" in unknown.errors
    assert unhealthy.code == 1
    assert "seance was not healthy with c3d4e5f: backend was not healthy with it" in unhealthy.errors
    assert ambiguous.code == 1
    assert done.code == 0
    assert "commit: a1b2c3d" in bad.file()


def test_at_once_and_the_next_up_does_not_undo_it(bad):
    """Railway runs the former deployments again; a preview then shows these four services and nothing else."""
    done = bad.railyard("rollback", "seance", "--now", "--yes")

    assert done.code == 0, done.errors
    assert "backend: serves it already" in done.text
    assert done.text.count("Railway runs its former deployment again") == 3
    assert [served(bad, name) for name in TAGGED] == [f"fractalhuman1/seance-{name}:b2c3d4e" for name in TAGGED]
    assert [bad.deployments("production", name)[0].meta["reason"] for name in TAGGED[1:]] == ["rollback"] * 3
    assert "commit: b2c3d4e" in bad.file()

    preview = bad.json("preview", "--stack", "production", "--system", "seance")
    touched = {step["urn"].rsplit("::")[-1]: step for step in preview.json["steps"] if step["op"] != "same"}
    assert sorted(touched) == sorted(f"seance-{name}-instance" for name in TAGGED)
    assert {path for step in touched.values() for path in step.get("detailedDiff") or ()} <= {"image"}
    assert {step["newState"]["inputs"]["image"] for step in touched.values()} == {
        f"fractalhuman1/seance-{name}:b2c3d4e" for name in TAGGED
    }

    bad.up("production")
    assert [served(bad, name) for name in TAGGED] == [f"fractalhuman1/seance-{name}:b2c3d4e" for name in TAGGED]
    assert bad.json("preview", "--stack", "production", "--system", "seance").operations() == Counter()
    assert bad.railyard("rollback", "seance", "--to", "b2c3d4e", "--now", "--yes").text.endswith(
        "nothing to roll back\n"
    )


def test_a_rollback_at_once_is_no_drift(bad):
    """Nobody changed anything outside: the settings say what runs, and the next step is named; what differs else is."""
    bad.railyard("rollback", "seance", "--now", "--yes")

    calm = bad.railyard("drift", "seance", "-s", "production", "--sandbox")
    with bad.railway() as cloud:
        service = bad.deployments("production", "valkey")[0].service_id
        settings_at_railway(cloud, service)["deploy"]["startCommand"] = "valkey-server --save 60 1"
        cloud.touch()
    drift = bad.railyard("drift", "seance", "-s", "production", "--sandbox", "--json")

    assert calm.code == 0, calm.text
    assert "4 resources waiting for the next up, after a rollback or a deployment that failed: seance-" in calm.text
    assert "next: ./bin/railyard deploy seance -s production settles it" in calm.text
    assert (drift.code, len(drift.json["waiting"])) == (1, 4)
    assert [each["name"] for each in drift.json["changes"]] == ["seance-valkey-instance"]


def settings_at_railway(cloud, service: str) -> dict:
    """The settings of a service as the simulated Railway holds them; a test changes them by hand."""
    (settings,) = [
        each.config["services"][service]
        for each in cloud.state.environments.values()
        if service in each.config.get("services", {})
    ]
    return settings


def test_a_change_by_hand_is_drift_beside_a_failed_deployment(bad):
    """The next up tries the deployment again, which is no reason to hide a variable that was changed by hand."""
    bad.railyard("rollback", "seance", "--now", "--yes")
    service = bad.deployments("production", "backend")[0].service_id
    with bad.railway() as cloud:
        variables = settings_at_railway(cloud, service)["variables"]
        name = min(variables)
        variables[name] = {"value": "by hand"}
        cloud.touch()

    drift = bad.railyard("drift", "seance", "-s", "production", "--sandbox", "--json")

    assert (drift.code, len(drift.json["waiting"])) == (1, 3)
    (change,) = drift.json["changes"]
    assert change["name"] == "seance-backend-instance"
    assert f"variables.{name}" in {each["path"] for each in change["properties"]}


def test_what_is_gone_is_drift_beside_a_rollback(bad):
    """The next up would set its image, as far as the state knows: that does not bring a deleted service back."""
    bad.railyard("rollback", "seance", "--now", "--yes")
    with bad.railway() as cloud:
        click(cloud, "serviceDelete", id=bad.deployments("production", "landing")[0].service_id)

    drift = bad.railyard("drift", "seance", "-s", "production", "--sandbox", "--json")

    assert drift.code == 1
    assert "seance-landing-instance" in {each["name"] for each in drift.json["changes"]}


def test_at_once_asks_first(bad, monkeypatch):
    """No, and nothing was changed anywhere; where nobody can be asked, a script has to say yes."""
    before, world = bad.file(), bad.world()

    script = bad.railyard("rollback", "seance", "--now")
    monkeypatch.setattr(console, "can_ask", lambda: True)
    refused = bad.railyard("rollback", "seance", "--now", given="n\n")

    assert script.code == 2
    assert "give --yes" in script.errors
    assert refused.code == 1
    assert "Roll seance back on Railway now?" in refused.text
    assert "nothing was changed" in refused.errors
    assert (bad.file(), bad.world()) == (before, world)


def test_the_variables_of_then_come_back_and_go_with_the_next_up(bad):
    """Railway restores image and variables; the command says so."""
    with bad.railway() as cloud:
        newest = bad.deployments("production", "landing")[0]
        former = bad.deployments("production", "landing")[1]
        cloud.state.deployments[former.id].variables["MODE"] = "old"

    done = bad.railyard("rollback", "seance", "--now", "--yes", "--json")

    made = bad.deployments("production", "landing")[0]
    assert made.id != newest.id
    assert made.variables["MODE"] == "old"
    assert done.json["serving"]["landing"] == made.id
    assert done.json["written"] is True


def test_images_that_railway_no_longer_keeps_stop_it_before_anything_happens(bad):
    """After six days the former images are gone, five being the plan's: the slow way is named."""
    with bad.railway(later_s=6 * DAY_S):
        pass
    before, world = bad.file(), bad.world()

    refused = bad.railyard("rollback", "seance", "--now", "--yes")
    slowly = bad.railyard("rollback", "seance", "--dry-run")

    assert refused.code == 1
    assert "Railway has no image of landing any more" in refused.errors
    assert "for 120 hours after they were replaced (plan pro)" in refused.errors
    assert (bad.file(), bad.world()) == (before, world)
    assert slowly.code == 0


def test_a_rollback_that_fails_too_leaves_the_settings(bad):
    """The former image can no longer start: which service, its status and address."""
    before = bad.file()
    bad.break_image("fractalhuman1/seance-litellm:b2c3d4e", "unpullable")

    failed = bad.railyard("rollback", "seance", "--now", "--yes")

    assert failed.code == 1
    assert "the rollback of litellm, " in failed.errors
    assert "is FAILED" in failed.errors
    assert "https://railway.com/project/" in failed.errors
    assert bad.file() == before


def test_a_lost_answer_is_no_reason_to_stop(bad, monkeypatch):
    """The rollback of one service was taken, its answer got lost: its deployment shows up."""
    bad.fail("deploymentRollback", when="lost")

    done = bad.railyard("rollback", "seance", "--now", "--yes")

    assert done.code == 0, done.errors
    assert len(bad.deployments("production", "landing")) == 4


def test_a_bad_release_under_way_is_cancelled(bad):
    """What serves is right already, and a deployment that would replace it still builds."""
    with bad.railway() as cloud:
        newest = bad.deployments("production", "backend")[0]
        cloud.state.deployments[newest.id].timeline = [StatusChange(at=cloud.now(), status="BUILDING")]

    done = bad.railyard("rollback", "seance", "--now", "--yes")

    assert "backend: serves it already; the deployment under way is cancelled" in done.text
    assert served(bad, "backend") == "fractalhuman1/seance-backend:b2c3d4e"
    assert bad.deployments("production", "backend")[0].timeline[-1].status == "REMOVED"


def test_a_cancellation_that_was_not_confirmed_is_told(bad):
    """Nothing shows whether it was taken, so it is no success; the next run finds out."""
    with bad.railway() as cloud:
        newest = bad.deployments("production", "backend")[0]
        cloud.state.deployments[newest.id].timeline = [StatusChange(at=cloud.now(), status="BUILDING")]
    bad.fail("deploymentCancel", status=502)

    lost = bad.railyard("rollback", "seance", "--now", "--yes")
    done = bad.railyard("rollback", "seance", "--now", "--yes")

    assert lost.code == 1
    assert "did not confirm deploymentCancel (HTTP 502): run the command again" in lost.errors
    assert done.code == 0, done.errors
    assert bad.deployments("production", "backend")[0].timeline[-1].status == "REMOVED"


def test_where_the_settings_name_a_branch_railway_knows_what_ran(level):
    """Omega follows a branch: the commit before the last push, from Railway's list, which pins it."""
    former = served(level, "bot", "omega")
    with level.railway(later_s=600) as cloud:
        push(cloud, "thomasdavis/omega", "main", "f" * 40)

    done = level.railyard("rollback", "omega", "--now", "--yes")

    assert done.code == 0, done.errors
    assert f"not pinned → {former[:12]} (Railway's list of deployments)" in done.text
    assert former in level.file()
    assert served(level, "bot", "omega") == former


def test_what_never_ran_anything_else_has_nothing_to_go_back_to(level):
    """Right after the first up."""
    done = level.railyard("rollback", "omega")

    assert done.code == 1
    assert "omega has run nothing else in production before" in done.errors


def test_what_was_never_up_is_told_apart(level):
    """Rose is in the settings alone; a system that does not exist is a wrong call."""
    assert "production has no project rose-production on Railway" in level.railyard("rollback", "rose").errors
    assert level.railyard("rollback", "shop").code == 2


def test_a_rollback_that_does_not_start_ends(bad, monkeypatch):
    """Railway says yes and starts nothing."""
    monkeypatch.setattr(rollback_now, "APPEAR_S", 10.0)
    bad.fail("deploymentRollback", status=502)

    failed = bad.railyard("rollback", "seance", "--now", "--yes")

    assert failed.code == 1
    assert "Railway has started no rollback of landing" in failed.errors
