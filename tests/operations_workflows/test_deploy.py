"""``railyard plan`` and ``deploy``: what was reviewed is what is done, and a failure ends where it began."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Sequence
from typing import Any

import pytest

from pulumi_embedded.journal import locked
from railyard.deliver.notify import message
from railyard.deliver.plan import PlanRefusedError, plan_of
from railyard.deliver.system_release import DeployOutcome, SystemRelease
from railyard.engine.cli_engine import PulumiCli
from railyard.engine.engine import RefusedError
from railyard.shared.stack import read_stack
from tests.lifecycle.conftest import LONGEST_S
from tests.operations_workflows.conftest import Repository
from tests.operations_workflows.simulated_github import SimulatedGitHub

STAGING = "Pulumi.staging.yaml"


def sent(github: SimulatedGitHub) -> dict[str, str]:
    """Heading → text of the one message at Discord, after a look that Slack has the same."""
    (discord,), (slack,) = github.sent["/discord"], github.sent["/slack"]
    fields = {field["name"]: field["value"] for field in discord["embeds"][0]["fields"]}
    assert slack["blocks"][0]["text"]["text"] == discord["embeds"][0]["title"]
    assert len(slack["blocks"]) == len(fields) + 2
    return {"title": discord["embeds"][0]["title"], "link": discord["embeds"][0]["url"], **fields}


def test_the_reviewed_plan_is_applied(deployed: Repository) -> None:
    """A plan that still holds is carried out; the stack runs what it says, and the page of the plan marks it."""
    deployed.change(STAGING, "omega:1.0", "omega:2.0")
    deployed.commit("2.0")
    planned = deployed.railyard("plan", "--out", "plan.json", "--html", "plan.html")

    said = deployed.railyard("deploy", "--plan", "plan.json")

    assert 'image: "example/omega:1.0" → "example/omega:2.0"' in planned.text
    assert said.code == 0, said
    assert planned.errors == "engine: the embedded engine (ENGINE=embedded says so); state in .sandbox/staging.json\n"
    assert (said.errors, "engine: " in said.text) == (planned.errors, False)
    assert said.text.rstrip().endswith("staging: deployed")
    assert deployed.image() == "example/omega:2.0"
    assert "~ changed" in (deployed.directory / "plan.html").read_text()


def test_a_changed_world_stops_it(deployed: Repository, github: SimulatedGitHub) -> None:
    """What nobody reviewed is not done: nothing begins, and who is on call learns what differs."""
    planned = deployed.railyard("plan", "--out", "plan.json", "--json")
    deployed.change(STAGING, "omega:1.0", "omega:2.0")
    requests = (deployed.directory / ".sandbox" / "requests.jsonl").read_text()

    said = deployed.railyard("deploy", "--plan", "plan.json", "--json", **github.variables, **github.webhooks)

    assert planned.json["changes"] == []
    assert (said.code, said.json["result"]) == (1, "stopped")
    assert 'not in the plan: ~ railway:ServiceInstance omega-bot-instance (image: "example/omega:1.0"' in str(said.json)
    assert sent(github)["What runs now"] == "What ran before: nothing was begun."
    assert (deployed.directory / ".sandbox" / "requests.jsonl").read_text() == requests


def test_a_plan_of_changed_files_is_of_these_changes_alone(deployed: Repository) -> None:
    """Values are shown shortened, so that two plans may look alike: the files themselves have to be the same."""
    deployed.change(STAGING, "logLevel: info", "logLevel: debug")
    deployed.railyard("plan", "--out", "plan.json")
    deployed.change("Makefile", "check", "Check")

    said = deployed.railyard("deploy", "--plan", "plan.json")

    assert said.code == 1
    assert "with changed files, and files were changed again since" in said.text


def test_a_plan_in_a_workflow_is_coloured_by_its_first_signs(deployed: Repository) -> None:
    """GitHub colours lines of a diff that begin with the sign: indented ones stay grey."""
    deployed.change(STAGING, "omega:1.0", "omega:2.0")

    lines = deployed.railyard("plan", "--markdown").text.splitlines()

    assert (lines[0], lines[-1]) == ("```diff", "```")
    assert "! railway:ServiceInstance omega-bot-instance (update)" in lines


def test_a_system_to_leave_out_has_to_exist(deployed: Repository) -> None:
    """A misspelt name would leave nothing out, and be approved as if it did."""
    said = deployed.railyard("plan", "--without", "omgea")

    assert (said.code, "--without omgea: name one of omega" in said.errors) == (2, True), said


def test_what_is_no_plan_is_not_deployed(deployed: Repository) -> None:
    """Another document, a plan of another format or of another stack: nothing begins."""
    deployed.write("plan.json", '{"format": 2, "stack": "staging", "commit": ""}')

    said = deployed.railyard("deploy", "--plan", "plan.json")
    deployed.write("plan.json", '{"format": 1, "stack": "production", "commit": "", "systems": ["seance"]}')
    other = deployed.railyard("deploy", "--plan", "plan.json")

    assert said.code == 1
    assert "plan.json is not a valid document of `railyard plan`" in said.text
    assert (other.code, "plan.json is a plan of production: give --stack production" in other.errors) == (2, True)


def test_a_preview_that_fails_without_a_reason_is_no_plan() -> None:
    """The Pulumi CLI may end with an error that stands in no diagnostic: what it printed is the reason."""

    class Failing(PulumiCli):
        """The CLI as it ends then."""

        def __init__(self) -> None:
            pass

        def preview(self, systems: Sequence[str] = (), *, unchanged: bool = False) -> dict[str, Any]:
            raise RefusedError("pulumi preview failed:\nplugin crashed", {"steps": []})

    with pytest.raises(PlanRefusedError, match="plugin crashed") as refused:
        plan_of(Failing(), read_stack("staging"))

    assert refused.value.plan.refused == ("pulumi preview failed:\nplugin crashed",)


def test_a_broken_rule_hides_no_change(deployed: Repository) -> None:
    """What a mandatory rule refuses is listed and drawn beside the reason."""
    rule = "  railyard:policies: {images-name-a-version: {level: mandatory, reason: it was lost once}}\n"
    text = (deployed.directory / STAGING).read_text().replace("omega:1.0", "omega:latest")
    deployed.write(STAGING, f"{text}{rule}")

    planned = deployed.railyard("plan", "--json")
    drawn = deployed.railyard("map", "--plan", "--json")

    assert (planned.code, drawn.code) == (1, 1)
    assert [each["name"] for each in planned.json["changes"]] == ["omega-bot-instance"]
    assert "images-name-a-version" in planned.json["refused"][0]
    assert "images-name-a-version" in drawn.json["refused"][0]


def test_a_release_that_never_becomes_healthy_is_rolled_back(deployed: Repository, github: SimulatedGitHub) -> None:
    """The commit before runs again, the message says so, and holds no secret."""
    before = deployed.git("rev-parse", "HEAD")
    deployed.change(STAGING, "omega:1.0", "omega:2.0")
    commit = deployed.commit("2.0")
    sandbox = deployed.sandbox
    sandbox.railway.fail_image("example/omega:2.0", "unhealthy")
    sandbox.save()

    said = deployed.railyard("deploy", "--json", **github.variables, **github.webhooks)

    message = sent(github)
    assert (said.code, said.json["result"], said.json["rolledBackTo"]) == (1, "rolled back", before)
    assert message["title"] == "staging: omega rolled back"
    assert "omega-bot-instance" in message["What failed"]
    assert commit[:7] in message["Where"]
    assert message["What runs now"] == f"{before[:7]} again, all services healthy."
    assert "Revert" in message["Next step"]
    assert message["link"] == "https://github.example/example/railyard/actions/runs/42"
    assert "planted" not in said.text + said.errors + json.dumps(github.sent)
    assert deployed.image() == "example/omega:1.0"
    assert deployed.railyard("status", "--json").code == 0


def test_a_deployment_that_is_interrupted_ends_there(deployed: Repository) -> None:
    """Ctrl-C reaches everything in the terminal: the engine ends in its order, and no way back is begun."""
    deployed.change(STAGING, "omega:1.0", "omega:2.0")
    deployed.change(STAGING, "healthcheckTimeout: 30", "healthcheckTimeout: 3600")
    deployed.commit("2.0")
    sandbox = deployed.sandbox
    sandbox.railway.fail_image("example/omega:2.0", "unhealthy")
    sandbox.save()
    log = deployed.directory / ".sandbox" / "requests.jsonl"
    before = len(log.read_text())

    running = deployed.start("deploy")
    deadline = time.monotonic() + LONGEST_S
    while "environmentPatchCommit" not in log.read_text()[before:]:
        assert running.poll() is None, running.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.killpg(running.pid, signal.SIGINT)
    said, errors = running.communicate(timeout=LONGEST_S)

    assert running.returncode == 130, said + errors
    assert "interrupted" in said
    assert "going back" not in said
    assert "Traceback" not in said + errors
    assert 'image: "example/omega:1.0" → "example/omega:2.0"' in deployed.railyard("plan").text


def test_a_deployment_waits_while_another_run_holds_the_stack(deployed: Repository) -> None:
    """Jobs of other systems of the stack share its state: none fails because another one is at work."""
    deployed.change(STAGING, "omega:1.0", "omega:2.0")
    deployed.commit("2.0")

    with locked(deployed.directory / ".sandbox" / "staging.json", shared=False):
        running = deployed.start("deploy", "omega")
        assert running.stdout is not None
        assert "another run holds staging: waiting until it has ended\n" in iter(running.stdout.readline, "")
    said, errors = running.communicate(timeout=LONGEST_S * 3)

    assert running.returncode == 0, said + errors
    assert deployed.image() == "example/omega:2.0"


def test_when_the_way_back_fails_too_somebody_has_to_look(deployed: Repository, github: SimulatedGitHub) -> None:
    """The message does not say that all is well."""
    deployed.change(STAGING, "omega:1.0", "omega:2.0")
    deployed.commit("2.0")
    sandbox = deployed.sandbox
    sandbox.railway.fail_image("example/omega", "unhealthy")
    sandbox.save()

    said = deployed.railyard("deploy", "--json", **github.webhooks)

    assert said.json["result"] == "broken"
    assert said.json["rollbackProblems"]
    assert "Warning" not in said.errors
    assert [each["embeds"][0]["title"] for each in github.sent["/discord"]] == [
        "staging: omega broken: somebody has to look"
    ]


def test_the_next_step_of_what_systems_share_can_be_typed_as_it_is() -> None:
    """It is no system that a command could name: status is about the whole stack, and blanks stay single."""
    shared = SystemRelease(system="", problems=["it failed"])

    step = message("staging", DeployOutcome(commit="a" * 40, releases=[shared], notices=["omega/bot: red"])).next_step

    assert "./bin/railyard status -s staging, then ./bin/railyard logs SYSTEM/SERVICE -s staging" in step
    assert "./bin/railyard rollback SYSTEM -s staging --now" in step
    assert "./bin/railyard verify -s staging says what" in step


def test_the_way_back_leads_to_the_last_deployment_that_succeeded(
    deployed: Repository, github: SimulatedGitHub
) -> None:
    """At GitHub that is known, and the commit before need not be it."""
    good = deployed.git("rev-parse", "HEAD")
    deployed.change(STAGING, "logLevel: info", "logLevel: debug")
    never = deployed.commit("Never deployed")
    deployed.change(STAGING, "omega:1.0", "omega:2.0")
    deployed.commit("2.0")
    for at, (commit, state) in enumerate([(never, "failure"), (good, "success")]):
        statuses = [{"state": state}]
        github.deployments.append({"id": at, "environment": "staging", "sha": commit, "statuses": statuses})
    sandbox = deployed.sandbox
    sandbox.railway.fail_image("example/omega:2.0", "unhealthy")
    sandbox.save()

    said = deployed.railyard("deploy", "--json", **github.variables)

    assert (said.json["result"], said.json["rolledBackTo"]) == ("rolled back", good)


def test_what_stops_it_before_it_begins_is_told_too(deployed: Repository, github: SimulatedGitHub) -> None:
    """Settings that were merged by mistake: nothing runs differently, and whoever is on call hears of it."""
    deployed.change(STAGING, "plan: hobby", "plan: large")
    deployed.commit("A mistake")

    said = deployed.railyard("deploy", "--json", **github.variables, **github.webhooks)

    message = sent(github)
    assert (said.code, said.json["result"]) == (1, "stopped")
    assert "large" in message["What failed"]
    assert message["title"] == "staging was not deployed"


def test_a_commit_that_is_gone_cannot_be_gone_back_to(deployed: Repository, github: SimulatedGitHub) -> None:
    """The branch was forced since: the stack is left in the middle, and the message says just that."""
    deployed.change(STAGING, "omega:1.0", "omega:2.0")
    deployed.commit("2.0")
    statuses = [{"state": "success"}]
    github.deployments.append({"id": 1, "environment": "staging", "sha": "d" * 40, "statuses": statuses})
    sandbox = deployed.sandbox
    sandbox.railway.fail_image("example/omega:2.0", "unhealthy")
    sandbox.save()

    said = deployed.railyard("deploy", "--json", **github.variables, **github.webhooks)

    message = sent(github)
    assert (said.code, said.json["result"]) == (1, "broken")
    assert message["title"] == "staging: omega broken: somebody has to look"
    assert "git could not unpack ddddddd" in message["What runs now"]


def test_files_that_nobody_committed_are_taken_back_to_head(deployed: Repository) -> None:
    """On a laptop: what ran before is the commit that they were changed from, not the one before that."""
    deployed.write("NOTES", "Nothing that runs")
    head = deployed.commit("Second")
    deployed.change(STAGING, "omega:1.0", "omega:2.0")
    sandbox = deployed.sandbox
    sandbox.railway.fail_image("example/omega:2.0", "unhealthy")
    sandbox.save()

    said = deployed.railyard("deploy", "--json")

    assert (said.json["result"], said.json["rolledBackTo"]) == ("rolled back", head)


def test_while_another_run_holds_the_stack_nothing_begins(deployed: Repository) -> None:
    """Above all no way back, which would undo what the other run brings up."""
    deployed.change(STAGING, "omega:1.0", "omega:2.0")
    deployed.commit("2.0")
    state = deployed.directory / ".sandbox" / "staging.json"

    with locked(state, shared=True):
        said = deployed.railyard("deploy", "--json", "--wait", "0")

    assert (said.code, said.json["result"], said.json["rolledBackTo"]) == (1, "stopped", None)
    assert "another run is using" in str(said.json["problems"])
    assert deployed.image() == "example/omega:1.0"


def test_a_commit_that_had_been_deployed_before_is_not_to_be_reverted() -> None:
    """A workflow that was run once more: its commit is both what failed and what is gone back to."""
    back = DeployOutcome(commit="a" * 40, releases=[SystemRelease(system="omega", problems=["p"], back_to="a" * 40)])
    failed = SystemRelease(system="omega", problems=["p"], back_to="a" * 40, back_problems=["q"])
    broken = DeployOutcome(commit="a" * 40, releases=[failed])

    assert "Revert" not in message("staging", back).next_step
    assert "run the workflow again" in message("staging", back).next_step
    assert "A mix of" not in message("staging", broken).runs_now


ROSE = """\
config:
  railway:plan: hobby
  railyard:secrets: secrets/staging.yaml
  railyard:zones: [{name: rose.example, id: "905e0000000000000000000000000e04"}]
  railyard:rose:
    project: {name: rose-staging, environment: staging}
    environment: staging
    web: {repo: rose/rose, domains: [{hostname: staging.rose.example}]}
    rateLimitPerMinute: 20
"""


def test_what_the_release_cannot_have_broken_is_told(repository: Repository, github: SimulatedGitHub) -> None:
    """Somebody deletes the record of a name that stays as it is: the release stays, and the message says so."""
    repository.write(STAGING, ROSE)
    repository.commit("Rose")
    first = repository.railyard("deploy", "--json")
    assert first.json["result"] == "deployed", first
    sandbox = repository.sandbox
    (zone,) = (each["id"] for each in sandbox.cloudflare.zones() if each["name"] == "rose.example")
    (record,) = sandbox.cloudflare.records(zone, type="CNAME", name="staging.rose.example")
    sandbox.cloudflare.delete_record(zone, record["id"])
    sandbox.save()
    repository.change(STAGING, "rateLimitPerMinute: 20", "rateLimitPerMinute: 30")
    commit = repository.commit("More requests")

    said = repository.railyard("deploy", "--json", **github.webhooks)

    assert (said.code, said.json["result"], said.json["problems"]) == (0, "deployed", []), said
    assert [each.partition(":")[0] for each in said.json["notices"]] == ["rose/web dns", "rose/web health"]
    (embed,) = (each["embeds"][0] for each in github.sent["/discord"])
    assert embed["title"] == "staging: rose deployed; something else fails"
    assert commit[:7] in str(embed)
