"""One system is the unit: what fails stops itself and nobody else, and trouble elsewhere is told, never charged."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from railway_sandbox.clock import Clock
from railway_sandbox.railway.deployments import deployments
from railway_sandbox.server import Sandbox
from tests.operations_workflows.conftest import Repository
from tests.operations_workflows.simulated_github import SimulatedGitHub
from tests.provider.dashboard import click

STAGING = "Pulumi.staging.yaml"
TWO = """\
config:
  railway:plan: hobby
  railyard:secrets: secrets/staging.yaml
  railyard:omega:
    project: {name: omega-staging, environment: staging}
    logLevel: info
    bot:
      {repo: null, branch: null, builder: null, startCommand: null, checkSuites: false, healthcheckTimeout: 30,
       image: "example/omega:1.0"}
  railyard:rose:
    project: {name: rose-staging, environment: staging}
    environment: staging
    web:
      {repo: null, branch: null, builder: null, buildCommand: null, healthcheckTimeout: 30, image: "example/rose:1.0"}
    allowedOrigins: ["https://rose.example"]
"""
NEW = """\
  railyard:shop:
    project: {name: shop-staging, environment: staging}
    services: {web: {image: "example/shop:1.0", healthcheckTimeout: 30, port: 8080, healthcheckPath: /}}
"""


@pytest.fixture(scope="module")
def both_up(first_commit: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stack of two systems, up in the sandbox; tests copy it."""
    directory = tmp_path_factory.mktemp("both") / "railyard"
    shutil.copytree(first_commit, directory, symlinks=True)
    made = Repository(directory)
    made.write(STAGING, TWO)
    made.commit("Omega and Rose")
    done = made.railyard("deploy", "--json")
    assert [each["result"] for each in done.json["systems"]] == ["deployed", "deployed"], done
    return directory


@pytest.fixture
def two(both_up: Path, tmp_path: Path) -> Repository:
    """A repository of its own with both systems up."""
    directory = tmp_path / "railyard"
    shutil.copytree(both_up, directory, symlinks=True)
    return Repository(directory)


def images(repository: Repository) -> dict[str, str]:
    """Project → the image that its service is asked to run."""
    state = repository.sandbox.railway.state
    found: dict[str, str] = {}
    for environment in state.environments.values():
        (service,) = environment.config["services"].values()
        found[state.projects[environment.project_id].name] = service["source"]["image"]
    return found


def outputs_in_state(repository: Repository) -> dict[str, Any]:
    """What the stack exports, as its state has it."""
    state = json.loads((repository.directory / ".sandbox" / "staging.json").read_text())
    (stack,) = (each for each in state["deployment"]["resources"] if each["type"] == "pulumi:pulumi:Stack")
    return stack["outputs"]


def requests(repository: Repository) -> list[dict[str, Any]]:
    """What was asked of the simulated clouds until now."""
    log = (repository.directory / ".sandbox" / "requests.jsonl").read_text()
    return [json.loads(line) for line in log.splitlines()]


def never_healthy(sandbox: Sandbox, image: str) -> None:
    """Let deployments of an image fail from now on."""
    sandbox.railway.fail_image(image, "unhealthy")
    sandbox.save()


def broken_by_hand(repository: Repository, system: str) -> None:
    """Let the service of a system have a newest deployment that failed, while the one before it serves."""
    sandbox = repository.sandbox
    state = sandbox.railway.state
    project = next(each for each in state.projects.values() if each.name == f"{system}-staging")
    (environment,) = (each for each in state.environments.values() if each.project_id == project.id)
    (service_id,) = environment.config["services"]
    sandbox.railway.fail_image(f"example/{system}:bad", "unhealthy")
    newest = deployments.latest(sandbox.railway, environment.id, service_id)
    assert newest is not None
    source = {**deployments.source_of(newest), "image": f"example/{system}:bad"}
    deployments.start(sandbox.railway, environment, service_id, sandbox.clock.now(), source=source)
    assert isinstance(sandbox.clock, Clock)
    sandbox.clock.start_s += 3_600
    sandbox.railway.touch()
    sandbox.save()


@pytest.mark.parametrize(("red", "changed"), [("rose", "omega"), ("omega", "rose")])
def test_a_good_release_stays_although_another_system_is_red(
    two: Repository, github: SimulatedGitHub, red: str, changed: str
) -> None:
    """The release is kept, the message names the other one's trouble, and only that one has to wait elsewhere."""
    broken_by_hand(two, red)
    two.change(STAGING, f"example/{changed}:1.0", f"example/{changed}:2.0")
    two.commit(f"{changed} 2.0")
    output = two.directory / "output"

    said = two.railyard("deploy", "--json", **github.webhooks, GITHUB_OUTPUT=str(output))

    assert (said.code, said.json["result"]) == (0, "deployed"), said
    assert [each["system"] for each in said.json["systems"]] == [changed]
    assert said.json["problems"] == []
    assert all(notice.startswith(f"{red}/") for notice in said.json["notices"])
    (message,) = github.sent["/discord"]
    assert message["embeds"][0]["title"] == f"staging: {changed} deployed; something else fails"
    assert f"not of this release: {red}/" in str(message)
    assert f"{changed}: {two.git('rev-parse', 'HEAD')[:7]}, all services healthy." in str(message)
    assert images(two)[f"{changed}-staging"] == f"example/{changed}:2.0"
    assert output.read_text() == f"told=true\nsettled=true\nwaiting={red}\n"


def test_of_two_systems_one_stays_and_the_other_goes_back(two: Repository, github: SimulatedGitHub) -> None:
    """One is live, the other is back, the exit code is 1, and one message says so."""
    before = two.git("rev-parse", "HEAD")
    two.change(STAGING, "example/omega:1.0", "example/omega:2.0")
    two.change(STAGING, "example/rose:1.0", "example/rose:2.0")
    two.commit("Both 2.0")
    never_healthy(two.sandbox, "example/rose:2.0")

    said = two.railyard("deploy", "--json", **github.webhooks)

    assert (said.code, said.json["result"]) == (1, "partly deployed"), said
    results = {each["system"]: (each["result"], each["rolledBackTo"]) for each in said.json["systems"]}
    assert results == {"omega": ("deployed", None), "rose": ("rolled back", before)}
    assert images(two) == {"omega-staging": "example/omega:2.0", "rose-staging": "example/rose:1.0"}
    for messages in (github.sent["/discord"], github.sent["/slack"]):
        (message,) = messages
        assert "staging: omega deployed, rose rolled back" in str(message)
    assert "omega: " in str(message)
    assert f"rose: {before[:7]} again, all services healthy." in str(message)
    assert two.railyard("verify", "--json").code == 0


def test_the_way_back_is_checked_as_the_commit_before_says(two: Repository, github: SimulatedGitHub) -> None:
    """A new system whose first release fails is gone again: that it is not there is what was wanted, and no trouble."""
    before = two.git("rev-parse", "HEAD")
    two.change(STAGING, "  railyard:rose:", NEW + "  railyard:rose:")
    two.commit("A shop")
    never_healthy(two.sandbox, "example/shop:1.0")

    said = two.railyard("deploy", "--json", **github.webhooks)

    results = [(each["system"], each["result"], each["rollbackProblems"]) for each in said.json["systems"]]
    assert results == [("shop", "rolled back", [])], said
    projects = [each.name for each in two.sandbox.railway.state.projects.values() if each.deleted_at is None]
    assert (said.json["rolledBackTo"], sorted(projects)) == (before, ["omega-staging", "rose-staging"])


def test_a_named_system_alone_is_taken_up(two: Repository) -> None:
    """What else the change holds waits for its own turn."""
    two.change(STAGING, "example/omega:1.0", "example/omega:2.0")
    two.change(STAGING, "example/rose:1.0", "example/rose:2.0")
    two.commit("Both 2.0")

    planned = two.railyard("plan", "rose", "--json", "--out", "plan.json")
    said = two.railyard("deploy", "--plan", "plan.json")

    assert {change["system"] for change in planned.json["changes"]} == {"Rose"}
    assert (said.code, said.text.splitlines()[-1]) == (0, "staging: deployed"), said
    assert images(two) == {"omega-staging": "example/omega:1.0", "rose-staging": "example/rose:2.0"}
    rest = two.railyard("plan", "--without", "rose", "--json")
    assert {change["system"] for change in rest.json["changes"]} == {"Omega"}


def test_a_system_that_is_not_there_is_a_wrong_call(two: Repository) -> None:
    """Plan and deploy name those that are."""
    for command in ("plan", "deploy"):
        said = two.railyard(command, "romega")

        assert (said.code, "name one of omega, rose" in said.errors) == (2, True), said


def test_a_system_goes_back_to_the_commit_with_which_it_went_well_itself(
    two: Repository, github: SimulatedGitHub
) -> None:
    """A run in which another system failed was a success of this one: there the way back leads."""
    two.change(STAGING, "example/omega:1.0", "example/omega:2.0")
    two.change(STAGING, "example/rose:1.0", "example/rose:2.0")
    good = two.commit("Both 2.0")
    never_healthy(two.sandbox, "example/rose:2.0")
    two.railyard("deploy", "--json", **github.variables)
    two.write("NOTES", "Nothing that runs")
    two.commit("Notes")
    two.change(STAGING, "example/rose:2.0", "example/rose:1.0")
    two.change(STAGING, "example/omega:2.0", "example/omega:3.0")
    two.commit("Omega 3.0")
    never_healthy(two.sandbox, "example/omega:3.0")

    said = two.railyard("deploy", "--json", **github.variables)

    assert [(each["system"], each["rolledBackTo"]) for each in said.json["systems"]] == [("omega", good)], said
    assert images(two)["omega-staging"] == "example/omega:2.0"


def test_a_commit_that_changes_nothing_of_a_system_is_deployed_there(two: Repository, github: SimulatedGitHub) -> None:
    """Otherwise the system would be named again after each push, and the stack that promotes it would wait for ever."""
    two.write("library.py", "# Might be code of any system\n")
    two.commit("A library")
    before = two.railyard("changed", "--json", **github.variables)

    said = two.railyard("deploy", "omega", "--json", **github.variables)
    after = two.railyard("changed", "--json", **github.variables)
    two.railyard("deploy", "--json", **github.variables)

    assert (said.code, said.json["systems"]) == (0, []), said
    assert before.json["systems"] == ["omega", "rose"]
    assert after.json["systems"] == ["rose"]
    assert two.railyard("changed", "--json", **github.variables).json["systems"] == []


def rolled_back_by_hand(repository: Repository, system: str) -> None:
    """Somebody rolls the service of a system back, in Railway's dashboard."""
    sandbox = repository.sandbox
    state = sandbox.railway.state
    project = next(each for each in state.projects.values() if each.name == f"{system}-staging")
    former = min(
        (each for each in state.deployments.values() if each.project_id == project.id), key=lambda one: one.created_at
    )
    click(sandbox.railway, "deploymentRollback", id=former.id)
    assert isinstance(sandbox.clock, Clock)
    sandbox.clock.start_s += 600
    sandbox.save()


def test_a_rollback_in_the_dashboard_is_found_left_alone_by_others_and_mended_by_its_own_system(
    two: Repository,
) -> None:
    """``drift`` finds it, the deployment of another system says so and goes on, that of its own brings it back."""
    two.change(STAGING, "example/omega:1.0", "example/omega:2.0")
    two.commit("Omega 2.0")
    assert two.railyard("deploy", "--json").code == 0
    rolled_back_by_hand(two, "omega")
    two.change(STAGING, "example/rose:1.0", "example/rose:2.0")
    two.commit("Rose 2.0")

    found, elsewhere = two.railyard("drift"), two.railyard("drift", "rose")
    other = two.railyard("deploy", "--json")
    own = two.railyard("deploy", "omega", "--json")

    assert (found.code, 'image: "example/omega:2.0" → "example/omega:1.0"' in found.text) == (1, True), found
    assert (elsewhere.code, elsewhere.text) == (0, "staging: what exists is what the state says\n")
    assert (other.code, [each["system"] for each in other.json["systems"]]) == (0, ["rose"]), other
    (notice,) = other.json["notices"]
    assert notice.startswith("omega/bot: deployment ")
    assert "runs image example/omega:1.0, not example/omega:2.0" in notice
    assert (own.code, [each["system"] for each in own.json["systems"]]) == (0, ["omega"]), own
    assert two.railyard("drift").code == 0
    assert two.railyard("status", "--json").code == 0


def test_a_change_of_one_system_looks_at_that_one_alone(two: Repository) -> None:
    """The program does not even make the other one, whose health is read and whose outputs are kept."""
    two.own_code()  # a commit says by it that its program can make one system alone
    outputs = outputs_in_state(two)
    two.change(STAGING, "example/omega:1.0", "example/omega:2.0")
    two.commit("Omega 2.0")

    compared = two.railyard("diff", "HEAD^")
    before = len(requests(two))
    done = two.railyard("deploy", "omega", "--json")

    assert "bringing" in compared.errors
    assert compared.errors.count("omega alone") == 1
    assert "~ 1 to update" in compared.text
    assert (done.code, done.json["notices"]) == (0, []), done
    asked = [str(each.get("query")) for each in requests(two)[before:]]
    assert len([query for query in asked if query.startswith("query environmentAmongOthers(")]) == 1
    assert outputs_in_state(two)["rose"] == outputs["rose"]
    assert outputs_in_state(two).keys() == outputs.keys()
    whole = two.railyard("plan", "--json")
    assert (whole.code, whole.json["changes"]) == (0, [])
