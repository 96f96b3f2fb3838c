"""The whole road, job by job, with the commands of the workflows: deployed, proposed, commented, deployed, drifted."""

from __future__ import annotations

from pathlib import Path

from railway_sandbox.server import Sandbox
from railyard.review.comment_text import MARKER
from tests.operations_workflows.conftest import SETTINGS, Repository
from tests.operations_workflows.runner import Job
from tests.operations_workflows.simulated_github import OWNER, SimulatedGitHub


def by_hand(clouds: Path) -> None:
    """Somebody changes a variable of every service in Railway's dashboard."""
    sandbox = Sandbox(clouds)
    for environment in sandbox.railway.state.environments.values():
        for service in environment.config.get("services", {}).values():
            service["variables"]["LOG_LEVEL"] = {"value": "error"}
    sandbox.railway.touch()
    sandbox.save()


def titles(github: SimulatedGitHub) -> list[str]:
    """The messages at Discord."""
    return [each["embeds"][0]["title"] for each in github.sent["/discord"]]


OMEGA = {"matrix.system": "omega"}


def done(job: Job, workflow: str, name: str, ref: str = "main", **values: str) -> str:
    """What a job said that went well."""
    code, told = job.run(workflow, name, ref=ref, **values)
    assert code == 0, told
    return told


def deploy_first(repository: Repository, job: Job) -> str:
    """Staging is deployed, and production after it; the commit."""
    of_staging = "  railyard:promotesFrom: staging\n"
    repository.write("Pulumi.production.yaml", SETTINGS.format(stack="production", plan="pro") + of_staging)
    first = repository.commit("Production")
    changed: list[str] = []
    for name in ("production", "staging"):
        done(job, "deploy", f"{name}-changed")
        changed.append(job.needs[f"needs.{name}-changed.outputs.systems"])
    done(job, "deploy", "staging", **OMEGA)
    done(job, "deploy", "production-changed")
    changed.append(job.needs["needs.production-changed.outputs.systems"])
    assert changed == ["[]", '["omega"]', '["omega"]']  # production waits for staging
    done(job, "deploy", "production-plan", **OMEGA)
    assert job.summary().startswith(f"```diff\nproduction at {first[:7]}: + ")
    assert "production: deployed" in done(job, "deploy", "production", **OMEGA)
    return first


def propose(repository: Repository, job: Job) -> tuple[str, str]:
    """Somebody proposes another image, and changes what runs by hand meanwhile; the commit, and its merge."""
    repository.git("checkout", "--quiet", "-b", "topic")
    repository.change("Pulumi.production.yaml", "omega:1.0", "omega:2.0")
    commit = repository.commit("2.0 in production")
    repository.git("checkout", "--quiet", "main")
    repository.git("merge", "--quiet", "--no-ff", "--message", "Merge", "topic")
    merge = repository.git("rev-parse", "HEAD")
    by_hand(job.clouds)
    done(job, "check", "check", merge)
    assert "code=true" not in job.output()
    done(job, "preview", "diff", merge)
    assert 'image: "example/omega:1.0" → "example/omega:2.0"' in job.summary()
    return commit, merge


def comment_on(github: SimulatedGitHub, job: Job, commit: str, first: str) -> str:
    """The one comment of the pull request, written by the commit from which it branches off."""
    event = "github.event.workflow_run."
    values = {f"{event}head_repository.owner.login": OWNER, f"{event}head_branch": "topic", f"{event}head_sha": commit}
    done(job, "comment", "comment", first, **values)
    (comment,) = github.comments
    assert comment["issue"] == 8
    return comment["body"]


def comment_twice(github: SimulatedGitHub, job: Job, commit: str, merge: str, first: str) -> None:
    """While the checks run, and when the comparison with what runs has found what was changed by hand."""
    github.open_pull(8, f"{OWNER}:topic", commit)
    for name, state in (("preview", "success"), ("check", "in_progress"), ("real", "queued")):
        github.began(name, commit, state)
    body = comment_on(github, job, commit, first)
    assert body.startswith(MARKER)
    assert "- :hourglass: workflow `check`: [in progress](" in body
    assert "Changed by hand" not in body
    assert "[Pictures of each stack, with what changes marked](https://" in body

    told = done(job, "real", "real", merge, **{"matrix.stack": "production"})
    assert "production: drift: ~ 1 to update changed by hand" in told
    github.began("real", commit, "success")
    github.began("check", commit, "failure")
    body = comment_on(github, job, commit, first)
    assert "Changed by hand" in body
    assert "- :x: workflow `check`: [failure](" in body


def find_drift(github: SimulatedGitHub, job: Job) -> None:
    """After the merge production is to be deployed alone; at night an issue says that staging drifted."""
    for name in ("staging", "production"):
        done(job, "deploy", f"{name}-changed")
    outputs = [job.needs[f"needs.{name}-changed.outputs.systems"] for name in ("staging", "production")]
    assert outputs == ["[]", '["omega"]']
    assert job.run("drift", "drift", **{"matrix.stack": "staging"})[0] == 1
    assert [issue["title"] for issue in github.issues] == ["Drift in staging"]
    assert titles(github) == ["staging: omega deployed", "production: omega deployed"]


def break_settings(repository: Repository, github: SimulatedGitHub, job: Job) -> None:
    """A mistake in the settings: each job fails, and says so at Discord."""
    repository.change("Pulumi.production.yaml", "plan: pro", "plan: large")
    repository.commit("A mistake")
    for number, (workflow, name, title) in enumerate(
        [
            ("deploy", "production-plan", "omega in production was not planned"),
            ("drift", "drift", "production was not looked at for drift"),
            ("deploy", "production", "production was not deployed"),
        ]
    ):
        assert job.run(workflow, name, **OMEGA, **{"matrix.stack": "production"})[0] == 1
        assert titles(github)[2 + number :] == [title]
    assert "the job of the workflow" not in str(github.sent["/discord"][-1])


def test_from_pull_request_to_production_and_through_the_night(
    repository: Repository, github: SimulatedGitHub, tmp_path: Path
) -> None:
    """Each job's own commands, one after the other, in clones that have nothing but what is committed."""
    job = Job(repository, github, tmp_path)
    first = deploy_first(repository, job)
    commit, merge = propose(repository, job)
    comment_twice(github, job, commit, merge, first)
    find_drift(github, job)
    break_settings(repository, github, job)
