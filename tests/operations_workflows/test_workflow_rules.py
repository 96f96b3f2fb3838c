"""The workflows keep their rules: the schema, pinned actions, least rights, nothing of a stranger in a shell."""

from __future__ import annotations

import importlib.resources
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.lifecycle.conftest import ROOT

FOLDER = ROOT / ".github" / "workflows"
WORKFLOWS = sorted(FOLDER.glob("*.yml"))
SET_UP = ROOT / ".github" / "actions" / "set-up" / "action.yml"
PINNED = re.compile(r"^\s*(?:- )?uses: ([\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+(\.\d+)*|\./\.github/actions/set-up)$")
SCHEMAS = importlib.resources.files("check_jsonschema.builtin_schemas.vendor")


def read(file: Path) -> dict[str, Any]:
    """A workflow; YAML 1.1 takes its key ``on`` for true."""
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    return {"on" if key is True else key: value for key, value in document.items()}


def steps(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


@pytest.fixture(params=WORKFLOWS, ids=lambda file: file.stem)
def file(request: pytest.FixtureRequest) -> Path:
    return request.param


def test_the_schema_of_workflows_is_kept(file: Path) -> None:
    """As SchemaStore publishes it."""
    schema = json.loads((SCHEMAS / "github-workflows.json").read_text(encoding="utf-8"))
    jsonschema.Draft7Validator(schema).validate(read(file))


def test_the_schema_of_dependabot_is_kept() -> None:
    """Its file keeps the pins current."""
    schema = json.loads((SCHEMAS / "dependabot.json").read_text(encoding="utf-8"))
    document = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text(encoding="utf-8"))
    jsonschema.Draft7Validator(schema).validate(document)


def test_every_action_is_pinned_by_its_commit(file: Path) -> None:
    """A tag can be moved to other code by whoever owns the action; the version stands beside the commit."""
    used = [
        line for each in (file, SET_UP) for line in each.read_text(encoding="utf-8").splitlines() if "uses:" in line
    ]

    assert used
    assert [line for line in used if not PINNED.match(line)] == []


def test_one_version_of_each_action() -> None:
    """An update changes all places, or some are forgotten."""
    found: dict[str, set[str]] = {}
    for each in (*WORKFLOWS, SET_UP):
        for action, version in re.findall(r"uses: ([\w./-]+)@(\w+ # \S+)", each.read_text(encoding="utf-8")):
            found.setdefault("/".join(action.split("/")[:2]), set()).add(version)

    assert {action: versions for action, versions in found.items() if len(versions) > 1} == {}


def test_rights_are_given_job_by_job(file: Path) -> None:
    """The workflow has none; each job names those it needs, and how long it may take."""
    workflow = read(file)

    assert workflow["permissions"] == {}
    for name, job in workflow["jobs"].items():
        assert job["permissions"].get("contents") in ("read", "write"), name
        assert job["timeout-minutes"] <= 90, name


def test_writing_is_for_jobs_that_run_trusted_code(file: Path) -> None:
    """What runs the code of a pull request can write nothing but the results of a scan."""
    workflow = read(file)
    if "pull_request" not in workflow["on"]:
        return
    rights = {right for job in workflow["jobs"].values() for right, how in job["permissions"].items() if how == "write"}

    assert rights <= {"security-events"}


def test_no_token_is_left_in_a_checkout(file: Path) -> None:
    """A checkout keeps the token in .git/config unless it is told not to, where every later step can read it."""
    for step in steps(read(file)):
        if str(step.get("uses", "")).startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


def test_no_text_of_a_stranger_gets_into_a_shell(file: Path) -> None:
    """Titles and branch names reach commands through variables, never by being pasted into them."""
    assert [step["run"] for step in steps(read(file)) if "${{" in step.get("run", "")] == []


def test_no_workflow_has_the_rights_of_the_base_and_the_code_of_a_fork(file: Path) -> None:
    """pull_request_target is not used, and what follows another workflow checks out nothing but the default branch."""
    workflow = read(file)

    assert "pull_request_target" not in workflow["on"]
    if "workflow_run" in workflow["on"]:
        checkouts = [step for step in steps(workflow) if str(step.get("uses", "")).startswith("actions/checkout@")]
        assert [step for step in checkouts if "ref" in step["with"] or "repository" in step["with"]] == []


def test_one_deployment_at_a_time_and_none_is_cut_off() -> None:
    """Jobs of one system share a group and wait for no other's approval; a new one cancels neither runs nor waits."""
    found = [
        job["concurrency"]
        for name in ("deploy.yml", "drift.yml", "backup.yml")
        for job in read(FOLDER / name)["jobs"].values()
        if "concurrency" in job
    ]
    groups = {each["group"] for each in found}

    assert all(each["queue"] == "max" and "cancel-in-progress" not in each for each in found)
    assert groups == {
        "deploy-staging-${{ matrix.system }}",
        "deploy-production-${{ matrix.system }}",
        "drift-${{ matrix.stack }}",
        "backup-${{ matrix.stack }}-${{ matrix.system }}",
    }


def test_secrets_are_held_by_the_step_that_needs_them(file: Path) -> None:
    """Neither a workflow nor a job has one for all of its steps; of actions only a login and a checkout get any."""
    workflow = read(file)

    assert "secrets." not in str(workflow.get("env", {}))
    assert [name for name, job in workflow["jobs"].items() if "secrets." in str(job.get("env", {}))] == []
    given = {step["uses"].partition("@")[0] for step in steps(workflow) if "secrets." in str(step.get("with", {}))}
    assert given <= {"actions/checkout", "docker/login-action"}
    assert "secrets." not in SET_UP.read_text(encoding="utf-8")


def test_the_code_of_a_pull_request_opens_no_secret() -> None:
    """The real preview has environments of its own, and among what it holds there is no key of the SOPS files."""
    (job,) = read(FOLDER / "real.yml")["jobs"].values()

    assert job["environment"] == "${{ matrix.stack }}-preview"
    assert "head.repo.full_name == github.repository" in job["if"]
    assert "SOPS_AGE_KEY" not in str(job["steps"])
    others = [each.get("environment") for each in read(FOLDER / "deploy.yml")["jobs"].values()]
    assert [each for each in others if "preview" in str(each)] == []


def test_a_change_of_settings_alone_runs_no_test_suite() -> None:
    """Its files are those that a comparison shows; what is generated of them is checked all the same."""
    (job,) = read(FOLDER / "check.yml")["jobs"].values()
    conditions = {step["run"]: step.get("if") for step in job["steps"] if "run" in step}

    suites = {conditions[command] for command in ("make tools", "make test", "make conformance")}
    assert suites == {"steps.changed.outputs.code == 'true'"}
    assert conditions["make check"] is None


def test_what_runs_by_itself_tells_of_its_failures() -> None:
    """Each job ends with a step for whatever has not been told, also after its time limit, which cancels it."""
    for name in ("deploy.yml", "drift.yml", "backup.yml"):
        for job in read(FOLDER / name)["jobs"].values():
            last = job["steps"][-1]
            assert "failure() || cancelled()" in last["if"], name
            assert "./bin/railyard notify " in last["run"], name
            assert {each for each in last["env"] if "secrets." in last["env"][each]} == {
                "DISCORD_WEBHOOK_URL",
                "SLACK_WEBHOOK_URL",
            }
            read_of = re.findall(r"steps\.(\w+)\.outputs\.told", last["if"])
            assert set(read_of) <= {step.get("id") for step in job["steps"]}, name


def test_production_waits_for_an_approval() -> None:
    """Its environment is the one with reviewers, and what they approve is there before."""
    jobs = read(FOLDER / "deploy.yml")["jobs"]

    assert (jobs["production"]["environment"], jobs["production"]["needs"]) == (
        "production",
        ["production-changed", "production-plan"],
    )
    assert (jobs["production-plan"]["environment"], jobs["production-plan"]["needs"]) == (
        "production-plan",
        "production-changed",
    )
    assert jobs["production-changed"]["needs"] == "staging"


def test_the_comment_waits_for_no_test_suite() -> None:
    """It follows the workflow that compares, and in that nothing tests."""
    followed = read(FOLDER / "comment.yml")["on"]["workflow_run"]["workflows"]

    commands = [step.get("run", "") for step in steps(read(FOLDER / f"{followed[0]}.yml"))]

    assert any("railyard diff" in command for command in commands)
    assert [command for command in commands if "make test" in command or "make check" in command] == []
