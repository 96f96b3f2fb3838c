"""``railyard images``: the right images with the right tag, and one pull request that names their commit."""

from __future__ import annotations

import shutil
import stat
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.lifecycle.conftest import ROOT
from tests.operations_workflows.conftest import GIT, Repository, run
from tests.operations_workflows.runner import Job
from tests.operations_workflows.simulated_github import SimulatedGitHub

BUILT = ("landing", "backend", "beholder", "litellm")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A clone of a system's repository, its Dockerfiles in both places where they may be."""
    clone = tmp_path / "source"
    for service in BUILT[:2]:
        (clone / service).mkdir(parents=True)
        (clone / service / "Dockerfile").write_text("FROM scratch\n")
    for service in BUILT[2:]:
        (clone / f"Dockerfile.{service}").write_text("FROM scratch\n")
    for command in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "Source"]):
        subprocess.run(["git", *command], cwd=clone, env={"PATH": "/usr/bin:/bin", **GIT}, check=True)
    return clone


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ``docker`` that notes how it was called; gives the file of its calls."""
    program, calls = tmp_path / "bin" / "docker", tmp_path / "calls"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$@" >>{calls}\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    return calls


def test_every_image_of_the_commit_is_built_and_pushed(source: Path, docker: Path) -> None:
    """Four images, tagged with seven digits; what comes from elsewhere, such as the signaling server, is left alone."""
    said = run("images", "build", "seance", "--source", str(source), "--push", "--json")

    commit = said.json["commit"]
    assert len(commit) == 7
    calls = docker.read_text().splitlines()
    pushed = [call.removeprefix("push ") for call in calls if call.startswith("push ")]
    assert sorted(pushed) == sorted(f"fractalhuman1/seance-{service}:{commit}" for service in BUILT)
    assert f"build --pull --platform linux/amd64 --tag fractalhuman1/seance-backend:{commit} {source}/backend" in calls
    litellm = f"--tag fractalhuman1/seance-litellm:{commit} --file {source}/Dockerfile.litellm {source}"
    assert f"build --pull --platform linux/amd64 {litellm}" in calls


def test_files_that_nobody_committed_are_not_pushed_as_the_commit(source: Path, docker: Path) -> None:
    """An image with the commit's tag is taken for that commit, by every stack; to try them, images are built alone."""
    (source / "backend" / "Dockerfile").write_text("FROM scratch\nLABEL tried=yes\n")

    refused = run("images", "build", "seance", "--source", str(source), "--push")
    nothing = docker.exists()
    tried = run("images", "build", "seance", "--source", str(source))

    assert (refused.code, nothing) == (1, False)
    assert "the images would not be what their tag says" in refused.errors
    assert tried.code == 0


def test_nothing_is_built_when_one_cannot_be(source: Path, docker: Path) -> None:
    """Half a release is none."""
    (source / "Dockerfile.litellm").unlink()

    said = run("images", "build", "seance", "--source", str(source), "--push")

    assert said.code == 1
    assert "neither litellm/Dockerfile nor Dockerfile.litellm" in said.errors
    assert not docker.exists()


def test_a_system_that_deploys_no_images_of_its_own_is_refused(source: Path) -> None:
    """Railway builds those from their repositories."""
    said = run("images", "build", "rose", "--source", str(source))

    assert said.code == 2
    assert "rose deploys no images that are tagged with a commit of its own" in said.errors


def test_the_commit_is_proposed_in_one_pull_request(github: SimulatedGitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings change in that one value, comments stay, and the next commit takes the place of the last one."""
    for name, value in github.variables.items():
        monkeypatch.setenv(name, value)
    github.files["main", "Pulumi.staging.yaml"] = (ROOT / "Pulumi.staging.yaml").read_text()

    first = run("images", "propose", "seance", "b2c3d4e")
    second = run("images", "propose", "seance", "c3d4e5f", "--json")

    text = github.files["images/seance-staging", "Pulumi.staging.yaml"]
    assert first.text.startswith("pull request created: https://github.example/")
    assert second.json["action"] == "updated"
    assert yaml.safe_load(text)["config"]["railyard:seance"]["commit"] == "c3d4e5f"
    assert text.replace("c3d4e5f", "a1b2c3d") == (ROOT / "Pulumi.staging.yaml").read_text()
    (pull,) = github.pulls
    assert (pull["title"], pull["base"]) == ("seance c3d4e5f in staging", "main")
    assert "+    commit: c3d4e5f" in pull["body"]


def test_a_project_in_a_folder_of_its_repository_is_proposed_there(
    github: SimulatedGitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GitHub names files from the top of the repository, where the project's settings are not."""
    project = tmp_path / "application" / "infrastructure"
    project.mkdir(parents=True)
    for name in ("Pulumi.yaml", "defaults.yaml", "Pulumi.staging.yaml"):
        shutil.copy(ROOT / name, project)
    subprocess.run(["git", "init", "--quiet"], cwd=project.parent, env={"PATH": "/usr/bin:/bin", **GIT}, check=True)
    for name, value in {**github.variables, "RAILYARD_PROJECT": str(project)}.items():
        monkeypatch.setenv(name, value)
    file = "infrastructure/Pulumi.staging.yaml"
    github.files["main", file] = (ROOT / "Pulumi.staging.yaml").read_text()

    said = run("images", "propose", "seance", "b2c3d4e")

    assert said.code == 0, said.errors
    assert "commit: b2c3d4e" in github.files["images/seance-staging", file]


def test_what_was_merged_meanwhile_is_not_taken_back(github: SimulatedGitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """The main branch moved since the checkout: the proposal would silently undo that."""
    for name, value in github.variables.items():
        monkeypatch.setenv(name, value)
    text = (ROOT / "Pulumi.staging.yaml").read_text()
    github.files["main", "Pulumi.staging.yaml"] = f"{text}# merged meanwhile\n"

    said = run("images", "propose", "seance", "b2c3d4e")

    assert said.code == 1
    assert "Pulumi.staging.yaml is another one on main than here" in said.errors
    assert (list(github.branches), github.pulls) == (["main"], [])


def test_a_commit_that_runs_already_is_not_proposed(github: SimulatedGitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second build of the same commit is nothing new."""
    for name, value in github.variables.items():
        monkeypatch.setenv(name, value)

    said = run("images", "propose", "seance", "a1b2c3d")

    assert said.text == "staging runs seance a1b2c3d already\n"
    assert github.pulls == []


def test_the_jobs_of_the_workflow_build_and_propose(
    repository: Repository, github: SimulatedGitHub, source: Path, docker: Path, tmp_path: Path
) -> None:
    """Both jobs' own commands, in clean clones: what the first one gives is what the second one proposes."""
    repository.write("Pulumi.staging.yaml", (ROOT / "Pulumi.staging.yaml").read_text())
    repository.commit("Seance")
    github.files["main", "Pulumi.staging.yaml"] = (ROOT / "Pulumi.staging.yaml").read_text()
    job = Job(repository, github, tmp_path / "jobs")
    job.elsewhere = source

    code, told = job.run("images", "seance-build")

    assert code == 0, told
    commit = job.output().strip().removeprefix("commit=")
    assert f"push fractalhuman1/seance-backend:{commit}" in docker.read_text().splitlines()
    values = {
        "needs.seance-build.outputs.commit": commit,
        "secrets.RAILYARD_PULL_REQUEST_TOKEN || github.token": github.variables["GITHUB_TOKEN"],
    }
    code, told = job.run("images", "seance-propose", **values)
    assert code == 0, told
    (pull,) = github.pulls
    assert pull["title"] == f"seance {commit} in staging"
