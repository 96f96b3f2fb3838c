"""``railyard promote``: what staging runs and has proven goes into production's settings, and nothing else does."""

from __future__ import annotations

import difflib
import inspect
import re

import pytest

from railway_sandbox.railway.github_pushes import push
from railway_sandbox.railway.records import StatusChange
from railyard.promote.promote import promote
from tests.killed_writes import killed_everywhere

HEAD = re.compile(r"commitSha: \"?([0-9a-f]{40})\"?")
PINNED = r"funnyzak/y-webrtc-signaling:latest@sha256:[0-9a-f]{64}"


def changed(before: str, after: str) -> list[str]:
    """The lines that differ, each with its sign."""
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return [line for line in lines if line[0] in "+-"]


def test_exactly_the_lines_that_change_change(ahead):
    """The commit and the image behind ``latest``: comments, order, quotes and every other line stay."""
    before = ahead.file()

    done = ahead.railyard("promote", "seance")

    assert done.code == 0, done.errors
    assert [re.sub(PINNED, "PINNED", line) for line in changed(before, ahead.file())] == [
        "-     commit: a1b2c3d",
        "+     commit: b2c3d4e",
        "-     signaling: {domains: [{hostname: signaling.seance.dev, proxied: true}]}",
        "+     signaling: {domains: [{hostname: signaling.seance.dev, proxied: true}], image: PINNED}",
    ]
    assert "seance commit: a1b2c3d → b2c3d4e" in done.text
    assert "+    commit: b2c3d4e" in done.text
    assert ahead.deployments("staging", "backend")[0].id in done.text
    assert ahead.git("status", "--short", "--untracked-files=no") == " M Pulumi.production.yaml\n"


def test_a_promotion_that_is_killed_is_done_by_the_next(ahead):
    """Production's settings are the old ones or the new ones at any moment."""
    before = ahead.file()
    assert ahead.railyard("promote", "seance").code == 0
    after = ahead.file()

    def prepared():
        (ahead.directory / "Pulumi.production.yaml").write_text(before)
        return ahead.directory

    points = 0
    for _, _place in killed_everywhere(prepared, lambda _: ahead.railyard("promote", "seance")):
        points += 1
        assert ahead.file() in (before, after)
        assert ahead.railyard("promote", "seance").code == 0
        assert ahead.file() == after
    assert points >= 2


def test_a_second_promotion_finds_nothing(ahead):
    """Neither right after the first, nor when production has been brought up with it."""
    ahead.railyard("promote", "seance")
    written = ahead.file()

    again = ahead.railyard("promote", "seance")
    ahead.up("production")
    later = ahead.railyard("promote", "seance", "--json")

    assert (again.code, again.text) == (
        0,
        "nothing to promote: the settings of production name all that staging runs\n",
    )
    assert (later.code, later.json["moves"], later.json["written"]) == (0, [], False)
    assert ahead.file() == written
    images = [ahead.deployments(stack, "signaling")[0].meta for stack in ("staging", "production")]
    assert images[0]["imageDigest"] == images[1]["imageDigest"]


def test_a_dry_run_writes_nothing(ahead):
    """The same text, and the file as it was."""
    before = ahead.file()

    done = ahead.railyard("promote", "seance", "--dry-run")

    assert done.code == 0
    assert "+    commit: b2c3d4e" in done.text
    assert "would change Pulumi.production.yaml" in done.text
    assert ahead.file() == before


def test_the_document_for_programs(ahead):
    """Keys, values, the proof and the difference; with --pr also title and body."""
    done = ahead.railyard("promote", "seance", "--json", "--pr")

    commit, signaling = done.json["moves"]
    assert (commit["keys"], commit["from"], commit["to"]) == (["commit"], "a1b2c3d", "b2c3d4e")
    assert [each["service"] for each in commit["proof"]] == ["backend", "landing", "beholder", "litellm"]
    assert commit["proof"][0]["deployment"] == ahead.deployments("staging", "backend")[0].id
    assert (signaling["from"], signaling["to"]) == (None, signaling["running"])
    assert done.json["written"] is True
    assert done.json["pullRequest"]["title"] == "Promote seance b2c3d4e to production"


def test_the_text_of_a_pull_request(ahead):
    """A title, a row for each value, and the proof with links; the file is written as without it."""
    newest = ahead.deployments("staging", "landing")[0]

    done = ahead.railyard("promote", "seance", "--pr")

    assert done.text.splitlines()[0] == "# Promote seance b2c3d4e to production"
    assert "| seance | `commit` | `a1b2c3d` | `b2c3d4e` |" in done.text
    link = f"https://railway.com/project/{newest.project_id}/service/{newest.service_id}"
    assert (
        f"| seance landing | [{newest.id}]({link}?environmentId={newest.environment_id}&id={newest.id}) |" in done.text
    )
    assert "commit: b2c3d4e" in ahead.file()


def test_a_branch_becomes_the_commit_that_staging_proved(level):
    """Omega follows a branch in both stacks: production gets the whole commit, in quotes where YAML needs them."""
    commit = "1234567890" * 4
    with level.railway(later_s=600) as cloud:
        push(cloud, "thomasdavis/omega", "main", commit)
    before = level.file()

    done = level.railyard("promote", "omega", "--pr")

    assert changed(before, level.file()) == [f'+     bot: {{commitSha: "{commit}"}}']
    assert "`bot.commitSha` | not pinned, runs `123456789012` | `123456789012` |" in done.text
    assert level.railyard("promote", "omega").text.startswith("nothing to promote")


def test_all_systems_of_both_stacks_or_none(ahead):
    """One that is not up refuses all, and says which others could go alone."""
    before = ahead.file()

    done = ahead.railyard("promote")

    assert done.code == 1
    assert (
        "refused: rose: staging has no project rose-staging on Railway\n  next: bring staging up first" in done.errors
    )
    others = "`./bin/railyard promote seance --from staging --to production` promotes the others"
    assert f"nothing was written: {others}" in done.errors
    assert ahead.file() == before
    assert ahead.railyard("promote", "omega", "seance").code == 0


def test_a_promotion_of_all_leaves_those_that_follow_their_branch(ahead):
    """Their operators want each push live: who wants one of them pinned names it."""
    document = ahead.railyard("promote", "--json").json

    assert document["notes"] == [
        f"{name} follows its branch in production: name it to pin it" for name in ("omega", "netia")
    ]
    assert {each["system"] for each in (*document["moves"], *document["refused"])} == {"seance", "omnistack", "rose"}


def test_a_system_that_became_unhealthy_is_refused(ahead):
    """One service of Seance crashed after it had been healthy."""
    with ahead.railway() as cloud:
        newest = ahead.deployments("staging", "landing")[0]
        cloud.state.deployments[newest.id].timeline.append(StatusChange(at=cloud.now(), status="CRASHED"))

    refused(ahead, f"landing: its newest deployment {newest.id} is CRASHED: its process ended with an error")


def test_a_release_that_never_became_healthy_is_refused(ahead):
    """The one of before still serves, and is no proof of anything new."""
    ahead.released("staging", "b2c3d4e", "c3d4e5f")
    ahead.break_image("fractalhuman1/seance-backend:c3d4e5f", "unhealthy")
    assert ahead.run("up", "--stack", "staging", "--system", "seance").code == 1

    refused(ahead, "backend: its newest deployment", "is FAILED; deployment", "from before it still serves")


def test_what_is_still_being_deployed_is_not_proven(ahead):
    """A push a moment ago: its deployment builds, for as long as this test takes."""
    with ahead.railway() as cloud:
        push(cloud, "thomasdavis/omega", "main", "f" * 40)
        for deployment in [*cloud.state.deployments.values()][-2:]:
            deployment.timeline = [StatusChange(at=cloud.now(), status="BUILDING")]

    refused(ahead, "bot: its newest deployment", "is still BUILDING", system="omega")


def test_what_runs_something_else_than_asked_is_not_proven(ahead):
    """Somebody deployed another image past the configuration."""
    with ahead.railway() as cloud:
        newest = ahead.deployments("staging", "backend")[0]
        cloud.state.deployments[newest.id].meta["image"] = "fractalhuman1/seance-backend:hotfix1"

    refused(ahead, "runs image fractalhuman1/seance-backend:hotfix1, not fractalhuman1/seance-backend:b2c3d4e")


def test_services_of_one_release_run_one_value(ahead):
    """Another image of the backend alone, by hand, healthy: no commit can say that."""
    with ahead.railway() as cloud:
        newest = ahead.deployments("staging", "backend")[0]
        image = "fractalhuman1/seance-backend:d4e5f60"
        cloud.state.deployments[newest.id].meta["image"] = image
        services = cloud.state.environments[newest.environment_id].config["services"]
        services[newest.service_id]["source"]["image"] = image

    refused(ahead, "no single release in staging: backend runs d4e5f60, landing runs b2c3d4e")


def test_a_floating_tag_without_digest_is_refused(ahead):
    """Railway does not tell which image it pulled."""
    with ahead.railway() as cloud:
        del cloud.state.deployments[ahead.deployments("staging", "signaling")[0].id].meta["imageDigest"]

    refused(ahead, "not reproducible: funnyzak/y-webrtc-signaling:latest names no version")


def test_a_branch_without_commit_is_refused(ahead):
    """Railway does not tell which commit it built."""
    with ahead.railway() as cloud:
        del cloud.state.deployments[ahead.deployments("staging", "bot", "omega")[0].id].meta["commitHash"]

    refused(ahead, "Railway does not tell which commit of thomasdavis/omega bot runs in staging", system="omega")


def test_what_is_older_is_refused_unless_told(ahead):
    """Production has b2c3d4e, and staging went back to a1b2c3d, which it ran before that one."""
    ahead.released("production", "a1b2c3d", "b2c3d4e")
    ahead.up("production")
    ahead.released("staging", "b2c3d4e", "a1b2c3d")
    ahead.up("staging")
    ahead.wait(600)

    refused(ahead, "older than what production has: staging ran a1b2c3d first at", "give --allow-older")
    told = ahead.railyard("promote", "seance", "--allow-older")

    assert told.code == 0
    assert "seance commit: b2c3d4e → a1b2c3d" in told.text


def test_a_repair_made_in_production_alone_is_not_undone(ahead):
    """Production's commit never ran in staging, and was deployed after what staging runs."""
    ahead.released("production", "a1b2c3d", "e5f6071")
    ahead.up("production")

    refused(ahead, "staging ran b2c3d4e first at", "production ran e5f6071 first at")


def test_production_that_was_never_up_is_no_obstacle(ahead):
    """There is nothing that could be newer."""
    with ahead.railway() as cloud:
        project = next(each for each in cloud.state.projects.values() if each.name == "seance-production")
        project.deleted_at = cloud.now()

    assert ahead.railyard("promote", "seance").code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("promote", "shop"), "production has no system 'shop': name one of omega, seance"),
        (("promote", "--from", "production"), "--from and --to are both production"),
        (("promote", "--from", "test"), "there is no stack 'test': name one of production, staging"),
    ],
)
def test_a_wrong_call_is_told_apart(level, arguments, said):
    """Exit code 2, on standard error, and as a document where one is asked for."""
    done = level.railyard(*arguments)

    assert done.code == 2
    assert said in done.errors
    assert said in level.railyard(*arguments, "--json").json["error"]


def test_settings_with_mistakes_are_reported_as_everywhere(ahead):
    """File, line, key, what is allowed, the fix."""
    ahead.change("production", "sizeGb: 20", "sizeGb: 20.5")

    done = ahead.railyard("promote", "seance")

    assert done.code == 1
    assert re.search(
        r"Pulumi\.production\.yaml:\d+: railyard:omnistack\.postgres\.sizeGb = 20\.5\n    allowed: a whole number",
        done.errors,
    )


def refused(place, *reasons: str, system: str = "seance") -> None:
    """Promoting is refused for these reasons, and nothing is written."""
    before = place.file()
    done = place.railyard("promote", system)
    document = place.railyard("promote", system, "--json")
    assert (done.code, document.code) == (1, 1)
    for reason in reasons:
        assert reason in done.errors
    assert "nothing was written" in done.errors
    assert document.json["refused"][0]["system"] == system
    assert document.json["written"] is False
    assert place.file() == before


def test_what_became_healthy_a_moment_ago_has_proven_nothing(level):
    """How long it takes is told in minutes of Railway's clock, here ten hours, so that no slow machine is in time."""
    level.released("staging", "a1b2c3d", "b2c3d4e")
    level.up("staging")
    before = level.file()

    early = level.railyard("promote", "seance", "--healthy-for", "600")
    document = level.railyard("promote", "seance", "--healthy-for", "600", "--json")
    unchanged = level.file() == before
    level.wait(36_000)
    done = level.railyard("promote", "seance", "--healthy-for", "600")

    assert (early.code, unchanged) == (1, True)
    assert "not proven yet: " in early.errors
    assert "600 minutes are asked for" in document.json["refused"][0]["reason"]
    assert document.json["refused"][0]["next"] == (
        "time passes in the sandbox only while something runs there (./bin/railyard sandbox serve): wait so long, "
        "or give --healthy-for 0"
    )
    assert (done.code, level.file() == before) == (0, False), done.errors


def test_five_minutes_are_asked_for_by_default():
    """As the pages say; another number is a decision."""
    assert inspect.signature(promote).parameters["healthy_for"].default == 5


def test_whoever_knows_better_waits_for_nothing(level):
    """At night a repair may not have five minutes."""
    level.released("staging", "a1b2c3d", "b2c3d4e")
    level.up("staging")

    done = level.railyard("promote", "seance", "--healthy-for", "0")

    assert done.code == 0, done.errors
