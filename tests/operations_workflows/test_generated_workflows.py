"""``railyard workflows``: the files follow from the stacks and their systems, whatever these are called."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from railyard.shared.console import OperationError
from railyard.shared.stack import read_stacks
from railyard.workflows.command import OWNERS_FILE
from railyard.workflows.generate import MARK, SET_UP, files
from tests.lifecycle.conftest import ROOT
from tests.operations_workflows.conftest import GIT, SETTINGS, run
from tests.operations_workflows.simulated_github import SimulatedGitHub

DEPLOY = ".github/workflows/deploy.yml"
OTHER = """\
  railyard:umami:
    project: {name: umami-first, environment: first}
    services:
      web: {image: "example/umami:1.0", port: 3000}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with stacks of other names, of which nothing knows."""
    shutil.copy(ROOT / "Pulumi.yaml", tmp_path)
    (tmp_path / "Pulumi.1st.yaml").write_text(SETTINGS.format(stack="1st", plan="hobby") + OTHER)
    follows = "  railyard:promotesFrom: 1st\n  railyard:backups: {bucket: kept-elsewhere, region: nyc3}\n"
    (tmp_path / "Pulumi.live.eu.yaml").write_text(SETTINGS.format(stack="live", plan="pro") + OTHER + follows)
    monkeypatch.setenv("RAILYARD_PROJECT", str(tmp_path))
    return tmp_path


def jobs(text: str) -> dict[str, Any]:
    """The jobs of a workflow."""
    return yaml.safe_load(text)["jobs"]


def test_the_files_of_this_repository_are_current() -> None:
    """They are those that its stacks ask for, and nothing else says so."""
    for name, text in files(read_stacks()).items():
        assert (ROOT / name).read_text(encoding="utf-8") == text, name


def test_each_stack_has_its_jobs_behind_those_it_promotes_from(project: Path) -> None:
    """Names of any form become names of jobs; the first stack needs no approval, the next one does."""
    deploy_jobs = jobs(files(read_stacks())[DEPLOY])

    assert list(deploy_jobs) == ["stack-1st-changed", "stack-1st", "live-eu-changed", "live-eu-plan", "live-eu"]
    assert deploy_jobs["live-eu-changed"]["needs"] == "stack-1st"
    assert deploy_jobs["live-eu"]["environment"] == "live.eu"
    assert deploy_jobs["stack-1st"]["strategy"]["matrix"]["system"] == (
        "${{ fromJSON(needs.stack-1st-changed.outputs.systems) }}"
    )


def test_a_job_holds_the_secrets_of_its_system_alone(project: Path) -> None:
    """Where each system of a stack has a secrets file of its own, each has environments of its own, too."""
    file = project / "Pulumi.live.eu.yaml"
    file.write_text(file.read_text().replace("secrets/live.yaml", "secrets/live/"))

    deploy_jobs = jobs(files(read_stacks())[DEPLOY])

    assert deploy_jobs["live-eu"]["environment"] == "live.eu-${{ matrix.system }}"
    assert deploy_jobs["live-eu-plan"]["environment"] == "live.eu-${{ matrix.system }}-plan"
    assert deploy_jobs["stack-1st"]["environment"] == "1st"


def test_a_system_with_an_account_of_its_own_has_its_token_in_the_jobs_of_its_stack(project: Path) -> None:
    """Beside that of the stack, in each step that asks the accounts; other stacks know nothing of it."""
    file = project / "Pulumi.live.eu.yaml"
    own = "umami:\n    railway: {tokenVariable: UMAMI_RAILWAY_TOKEN}"
    file.write_text(file.read_text().replace("umami:", own, 1))

    deploy_jobs = jobs(files(read_stacks())[DEPLOY])

    with_token = [name for name, job in deploy_jobs.items() if "secrets.UMAMI_RAILWAY_TOKEN" in str(job["steps"])]
    assert with_token == ["live-eu-plan", "live-eu"]


def test_workflows_of_reviews_have_the_tokens_of_the_stack_that_they_are_of(project: Path) -> None:
    """A system with an account of its own is brought up there for a pull request, and removed from there."""
    file = project / "Pulumi.live.eu.yaml"
    reviews = "config:\n  railyard:reviews: {budget: 5}"
    text = file.read_text().replace("config:", reviews, 1)
    file.write_text(text.replace("umami:", "umami:\n    railway: {tokenVariable: UMAMI_RAILWAY_TOKEN}", 1))

    texts = files(read_stacks())

    steps = {
        name: text.count(" UMAMI_RAILWAY_TOKEN: ${{ secrets.UMAMI_RAILWAY_TOKEN }}\n") for name, text in texts.items()
    }
    assert {Path(name).stem: count for name, count in steps.items() if "/review" in name} == {
        "review": 2,
        "review-comment": 0,
        "review-sweep": 2,
    }


def test_no_generated_file_names_what_the_stacks_do_not(project: Path) -> None:
    """Neither a stack nor a system of this repository is known to what makes them."""
    text = "\n".join(files(read_stacks()).values())

    known = ("staging", "production", "seance", "netia", "omnistack", "rose")
    assert [name for name in known if name in text.lower()] == []


def test_a_project_with_railyard_installed_calls_it_and_nothing_of_this_repository(project: Path) -> None:
    """One action sets its jobs up by what it pins; no script, Makefile or page is named that it does not have."""
    texts = files(read_stacks(), requirements="requirements.txt")

    assert "pip install" in texts[SET_UP]
    assert ".venv/bin/railyard deploy" in texts[DEPLOY]
    assert [word for word in ("./bin", "make ", "docs/", "check.yml") if word in "".join(texts.values())] == []
    run("workflows")
    assert {name: (project / name).read_text() for name in texts} == texts


def test_what_somebody_else_wrote_is_kept_without_force(project: Path) -> None:
    """An application may have a deploy.yml of its own."""
    (project / DEPLOY).parent.mkdir(parents=True)
    (project / DEPLOY).write_text("name: mine\n")

    refused = run("workflows")

    assert (refused.code, list((project / DEPLOY).parent.iterdir())) == (2, [project / DEPLOY])
    assert "deploy.yml exists and was not written by this command" in refused.errors
    assert run("workflows", "--force").code == 0
    assert (project / DEPLOY).read_text().startswith(MARK)


def test_owners_that_somebody_else_wrote_stay_while_the_settings_name_none(project: Path) -> None:
    """A repository has a CODEOWNERS long before its settings have owners."""
    (project / OWNERS_FILE).parent.mkdir(parents=True)
    (project / OWNERS_FILE).write_text("* @ada\n")

    assert run("workflows").code == 0
    assert run("workflows", "--check").code == 0
    assert (project / OWNERS_FILE).read_text() == "* @ada\n"


def test_files_are_written_once_and_those_of_nobody_removed(project: Path) -> None:
    """``--check`` tells of both and writes nothing; what people wrote stays."""
    folder = project / ".github" / "workflows"
    folder.mkdir(parents=True)
    (folder / "images.yml").write_text(MARK)
    (folder / "mine.yml").write_text("name: mine\n")

    stale = run("workflows", "--check")
    assert (stale.code, sorted(file.name for file in folder.iterdir())) == (1, ["images.yml", "mine.yml"])
    assert f"{DEPLOY} is out of date: railyard workflows" in stale.text
    written = run("workflows")
    assert written.code == 0
    assert f"{DEPLOY} written\n" in written.text
    assert ".github/workflows/images.yml removed\n" in written.text
    assert run("workflows", "--check").text == ""
    assert "images.yml" not in {file.name for file in folder.iterdir()}
    assert (folder / "mine.yml").read_text() == "name: mine\n"


def test_what_changed_is_named_and_what_waits_is_told(
    project: Path, github: SimulatedGitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A system is named until it is deployed as the settings say; behind a stack that has not taken it up it waits."""

    def commit() -> str:
        for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "x"]):
            subprocess.run(["git", *command], cwd=project, env={"PATH": "/usr/bin:/bin", **GIT}, check=True)
        head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=project, capture_output=True, text=True, check=True)
        return head.stdout.strip()

    for name, value in github.variables.items():
        monkeypatch.setenv(name, value)
    first = commit()
    assert run("changed", "-s", "1st", "--json").json["systems"] == ["omega", "umami"]
    for system in ("omega", "umami"):
        for stack in ("1st", "live.eu"):
            github.deployments.append(
                {"id": len(github.deployments), "environment": f"{stack}/{system}", "sha": first,
                 "statuses": [{"state": "success"}]}
            )  # fmt: skip
    assert run("changed", "-s", "live.eu", "--json").json["systems"] == []

    for stack in ("1st", "live.eu"):
        file = project / f"Pulumi.{stack}.yaml"
        file.write_text(file.read_text().replace("umami:1.0", "umami:2.0"))
    commit()

    assert run("changed", "-s", "1st").text == "umami\n"
    waiting = run("changed", "-s", "live.eu", "--json").json
    assert waiting == {"stack": "live.eu", "systems": [], "waiting": {"umami": "1st"}, "left": []}
    assert run("changed", "-s", "live.eu", "--since", first).text == "umami\n"

    file = project / "Pulumi.1st.yaml"
    file.write_text(file.read_text().replace(OTHER.replace("umami:1.0", "umami:2.0"), "  railyard:budget: 500\n"))
    commit()

    said = run("changed", "-s", "1st")
    assert said.text == ""
    assert said.errors.startswith("::warning::umami was deployed to 1st and has left its settings")
    assert run("changed", "-s", "1st", "--since", first, "--json").json["left"] == ["umami"]


@pytest.mark.parametrize("other", ["live-eu", "live-eu-plan"])
def test_stacks_whose_jobs_would_have_one_name_are_refused(project: Path, other: str) -> None:
    """GitHub refuses a file with two jobs of one name, and a reader takes the last for both."""
    (project / f"Pulumi.{other}.yaml").write_text((project / "Pulumi.1st.yaml").read_text())

    with pytest.raises(OperationError, match=f"live.eu.*would both have the job {other} of deploy.yml"):
        files(read_stacks())


def test_a_system_of_two_first_stacks_has_jobs_for_each(project: Path) -> None:
    """Neither stack promotes from the other: the images of both are built, by jobs of their own."""
    shutil.copy(ROOT / "defaults.yaml", project)
    for file in project.glob("Pulumi.*.yaml"):
        file.unlink()
    for stack in ("staging", "production"):
        text = (ROOT / f"Pulumi.{stack}.yaml").read_text()
        (project / f"Pulumi.{stack}.yaml").write_text(text.replace("  railyard:promotesFrom: staging\n", ""))

    image_jobs = jobs(files(read_stacks())[".github/workflows/images.yml"])

    names = [f"seance-{stack}-{job}" for stack in ("production", "staging") for job in ("build", "propose")]
    assert [name for name in image_jobs if name.startswith("seance")] == names
    assert image_jobs["seance-staging-propose"]["needs"] == "seance-staging-build"
