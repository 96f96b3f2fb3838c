"""A label starts an environment, the comment tells of it, its end follows; for a fork a maintainer has to ask."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from railway_sandbox.server import Sandbox
from tests.environments.conftest import left
from tests.operations_workflows.conftest import Repository
from tests.operations_workflows.runner import Job
from tests.operations_workflows.simulated_github import OWNER, SimulatedGitHub
from tests.operations_workflows.test_workflow_rules import FOLDER, read

SETTINGS = """\
config:
  railway:plan: hobby
  railyard:reviews: {}
  railyard:shop:
    project: {name: shop-staging, environment: staging}
    services:
      web: {image: "example/shop:1.0", port: 8080, railwayDomain: true, secrets: [API_KEY]}
"""
NUMBER = "github.event.pull_request.number"


def image(job: Job, number: int) -> str:
    """What the environment of a pull request is asked to run."""
    state = Sandbox(job.clouds).railway.state
    project = next(each for each in state.projects.values() if each.name == f"shop-pr-{number}")
    (environment,) = (each for each in state.environments.values() if each.project_id == project.id)
    (service,) = environment.config["services"].values()
    return service["source"]["image"]


def comment(github: SimulatedGitHub, number: int) -> str:
    """The one comment of a pull request."""
    (found,) = (each["body"] for each in github.comments if each["issue"] == number)
    return found


def commented(job: Job, commit: str) -> str:
    """What the comment says after the workflow that follows, and what jobs left for it is gone."""
    event = "github.event.workflow_run."
    values = {f"{event}head_repository.owner.login": OWNER, f"{event}head_branch": "topic", f"{event}head_sha": commit}
    code, told = job.run("review-comment", "comment", **values)
    assert code == 0, told
    shutil.rmtree(job.artifacts)
    return comment(job.github, 12)


def test_labels_start_and_end_environments_and_a_fork_waits_for_a_maintainer(
    repository: Repository, github: SimulatedGitHub, tmp_path: Path
) -> None:
    """Each job's own commands, in clones that have nothing but what is committed."""
    repository.write("Pulumi.staging.yaml", SETTINGS)
    repository.commit("Reviews")
    repository.git("checkout", "--quiet", "-b", "topic")
    repository.change("Pulumi.staging.yaml", "shop:1.0", "shop:2.0")
    commit = repository.commit("2.0")
    repository.git("checkout", "--quiet", "main")
    job = Job(repository, github, tmp_path)
    github.open_pull(12, f"{OWNER}:topic", commit)
    github.pull(12)["labels"] = [{"name": "review"}]

    code, told = job.run("review", "up", ref="topic", **{NUMBER: "12"})
    assert code == 0, told
    assert image(job, 12) == "example/shop:2.0"
    body = commented(job, commit)
    assert ":white_check_mark: it is up" in body
    assert "| `shop/web` | `https://web-pr-12" in body
    assert "pass shop/web health" in body

    github.open_pull(13, "stranger:topic", "e" * 40)
    github.files["e" * 40, "Pulumi.staging.yaml"] = SETTINGS.replace("shop:1.0", "shop:3.0")
    asked = {"inputs.pull-request": "13", "inputs.commit": "e" * 40}
    code, told = job.run("review-sweep", "fork", **asked)
    assert code == 0, told
    assert image(job, 13) == "example/shop:3.0"
    assert "it runs the code of a fork" in comment(github, 13)

    github.pull(12)["state"] = github.pull(13)["state"] = "closed"
    code, told = job.run("review", "down", **{NUMBER: "12"})
    assert code == 0, told
    assert "it was removed" in commented(job, commit)
    code, told = job.run("review-sweep", "sweep")
    assert code == 0, told
    assert "pull request 13 is closed" in comment(github, 13)
    assert left(Sandbox(job.clouds)) == {}


def test_nothing_of_a_fork_starts_and_no_job_for_one_has_a_key() -> None:
    """Events of a fork's pull request reach no step; what a maintainer starts runs the default branch, keyless."""
    jobs: dict[str, Any] = read(FOLDER / "review.yml")["jobs"]
    fork = read(FOLDER / "review-sweep.yml")["jobs"]["fork"]

    own = "github.event.pull_request.head.repo.full_name == github.repository"
    assert [name for name, job in jobs.items() if own not in job["if"]] == []
    assert [step for step in fork["steps"] if "SOPS_AGE_KEY" in step.get("env", {})] == []
    assert [step for step in fork["steps"] if "ref" in step.get("with", {})] == []
    assert list(read(FOLDER / "review-sweep.yml")["on"]) == ["schedule", "workflow_dispatch"]
