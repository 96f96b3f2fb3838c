"""The whole road, job by job, with the commands of the workflows: deployed, proposed, commented, deployed, drifted."""

from __future__ import annotations

from pathlib import Path

from railway_sandbox.server import Sandbox
from railyard.review.markdown import MARKER
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


def test_from_pull_request_to_production_and_through_the_night(
    repository: Repository, github: SimulatedGitHub, tmp_path: Path
) -> None:
    """Each job's own commands, one after the other, in clones that have nothing but what is committed."""
    of_staging = "  railyard:promotesFrom: staging\n"
    repository.write("Pulumi.production.yaml", SETTINGS.format(stack="production", plan="pro") + of_staging)
    first = repository.commit("Production")
    job = Job(repository, github, tmp_path)
    omega = {"matrix.system": "omega"}
    road = [(name, {}) for name in ("production-changed", "staging-changed")]
    road += [("staging", omega), ("production-changed", {}), ("production-plan", omega), ("production", omega)]
    changed: list[str] = []
    told = ""
    for name, values in road:
        code, told = job.run("deploy", name, **values)
        assert code == 0, told
        changed += [job.needs[f"needs.{name}.outputs.systems"]] if name.endswith("-changed") else []
        if name == "production-plan":
            assert job.summary().startswith(f"```diff\nproduction at {first[:7]}: + ")
    assert changed == ["[]", '["omega"]', '["omega"]']  # production waits for staging
    assert "production: deployed" in told

    repository.git("checkout", "--quiet", "-b", "topic")
    repository.change("Pulumi.production.yaml", "omega:1.0", "omega:2.0")
    commit = repository.commit("2.0 in production")
    repository.git("checkout", "--quiet", "main")
    repository.git("merge", "--quiet", "--no-ff", "--message", "Merge", "topic")
    merge = repository.git("rev-parse", "HEAD")
    by_hand(job.clouds)
    code, told = job.run("check", "check", ref=merge)
    assert (code, "code=true" in job.output()) == (0, False), told
    code, told = job.run("preview", "diff", ref=merge)
    assert code == 0, told
    assert 'image: "example/omega:1.0" → "example/omega:2.0"' in job.summary()

    github.open_pull(8, f"{OWNER}:topic", commit)
    event = "github.event.workflow_run."
    values = {f"{event}head_repository.owner.login": OWNER, f"{event}head_branch": "topic", f"{event}head_sha": commit}
    for name, state in (("preview", "success"), ("check", "in_progress"), ("real", "queued")):
        github.began(name, commit, state)
    code, told = job.run("comment", "comment", ref=first, **values)
    assert code == 0, told
    (comment,) = github.comments
    assert comment["issue"] == 8
    assert comment["body"].startswith(MARKER)
    assert "- :hourglass: workflow `check`: [in progress](" in comment["body"]
    assert "Changed by hand" not in comment["body"]
    assert "[Pictures of each stack, with what changes marked](https://" in comment["body"]

    code, told = job.run("real", "real", ref=merge, **{"matrix.stack": "production"})
    assert code == 0, told
    assert "production: drift: ~ 1 to update changed by hand" in told
    github.began("real", commit, "success")
    github.began("check", commit, "failure")
    code, told = job.run("comment", "comment", ref=first, **values)
    assert code == 0, told
    (comment,) = github.comments
    assert "Changed by hand" in comment["body"]
    assert "- :x: workflow `check`: [failure](" in comment["body"]

    assert job.run("deploy", "staging-changed")[0] == job.run("deploy", "production-changed")[0] == 0
    outputs = [job.needs[f"needs.{name}-changed.outputs.systems"] for name in ("staging", "production")]
    assert outputs == ["[]", '["omega"]']
    code, told = job.run("drift", "drift", **{"matrix.stack": "staging"})
    assert code == 1
    assert [issue["title"] for issue in github.issues] == ["Drift in staging"]
    assert titles(github) == ["staging: omega deployed", "production: omega deployed"]

    repository.change("Pulumi.production.yaml", "plan: pro", "plan: large")
    repository.commit("A mistake")
    for number, (workflow, name, title) in enumerate(
        [
            ("deploy", "production-plan", "omega in production was not planned"),
            ("drift", "drift", "production was not looked at for drift"),
            ("deploy", "production", "production was not deployed"),
        ]
    ):
        assert job.run(workflow, name, **omega, **{"matrix.stack": "production"})[0] == 1
        assert titles(github)[2 + number :] == [title]
    assert "the job of the workflow" not in str(github.sent["/discord"][-1])
