"""A small repository with one system, in which commits are made and compared, and the command line on it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from railway_sandbox.server import Sandbox
from railyard.application import application
from railyard.engine.engine import code_of
from tests.lifecycle.conftest import CODE, COPIED, LONGEST_S, ROOT, copy
from tests.operations_workflows.simulated_github import SimulatedGitHub
from tests.railyard_command import Said

SETTINGS = """\
config:
  railway:plan: {plan}
  railyard:secrets: secrets/{stack}.yaml
  railyard:omega:
    project: {{name: omega-{stack}, environment: {stack}}}
    logLevel: info
    bot:
      {{repo: null, branch: null, builder: null, startCommand: null, checkSuites: false, healthcheckTimeout: 30,
       image: "example/omega:1.0"}}
"""
"""One system, which is up, or given up, in a few seconds."""
GIT = {
    "GIT_AUTHOR_NAME": "Test",
    "GIT_AUTHOR_EMAIL": "test@example.test",
    "GIT_COMMITTER_NAME": "Test",
    "GIT_COMMITTER_EMAIL": "test@example.test",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
}


class Repository:
    """A repository with small settings, which runs the code that is installed until it has ``own_code``."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def git(self, *arguments: str) -> str:
        """Run git in it."""
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.directory,
            env={**os.environ, **GIT},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def write(self, name: str, text: str) -> None:
        """Write a file."""
        file = self.directory / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def change(self, name: str, old: str, new: str) -> None:
        """Change a file by hand."""
        text = (self.directory / name).read_text()
        assert old in text
        self.write(name, text.replace(old, new))

    def commit(self, message: str) -> str:
        """Commit everything; the commit."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        return self.git("rev-parse", "HEAD")

    def own_code(self) -> str:
        """Commit the project's code, too; the commit."""
        copy(CODE, self.directory)
        self.change("Pulumi.yaml", f"{ROOT}/packages", "./packages")
        return self.commit("The code")

    def railyard(self, *arguments: str, **variables: str) -> Said:
        """``railyard …`` as a process that works on the repository."""
        running = self.start(*arguments, **variables)
        text, errors = running.communicate(timeout=LONGEST_S * 3)
        return Said(running.returncode, text, errors)

    def start(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        """The same, under way in a process group of its own."""
        ours = {"ENGINE": "embedded", "NO_COLOR": "1", **code_of(self.directory)}
        environment = {**os.environ, **GIT, **ours, **variables}
        return subprocess.Popen(
            [sys.executable, "-m", "railyard", *arguments], cwd=self.directory, env=environment,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip

    @property
    def sandbox(self) -> Sandbox:
        """Its simulated clouds as the last run left them; ``save`` writes what a test changes."""
        return Sandbox(self.directory / ".sandbox")

    def image(self) -> str:
        """The image that the service is asked to run, by the simulated Railway."""
        (environment,) = (each for each in self.sandbox.railway.state.environments.values() if each.deleted_at is None)
        (service,) = environment.config["services"].values()
        return service["source"]["image"]


def run(*arguments: str) -> Said:
    """``railyard …`` in this process."""
    return Said.of(CliRunner().invoke(application, arguments))


@pytest.fixture(scope="session")
def first_commit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with one commit on main; tests copy it."""
    made = Repository(tmp_path_factory.mktemp("repository") / "railyard")
    made.directory.mkdir()
    copy((*COPIED, "bin", "Makefile", "requirements.txt", ".gitignore"), made.directory)
    made.change("Pulumi.yaml", "./packages", f"{ROOT}/packages")
    made.write("Pulumi.staging.yaml", SETTINGS.format(stack="staging", plan="hobby"))
    made.git("init", "--quiet", "--initial-branch=main")
    made.commit("First")
    return made.directory


@pytest.fixture
def repository(first_commit: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A repository of its own, in which the command line works."""
    directory = tmp_path / "railyard"
    shutil.copytree(first_commit, directory, symlinks=True)
    monkeypatch.setenv("RAILYARD_PROJECT", str(directory))
    monkeypatch.chdir(directory)
    for name in ("RAILYARD_SECRETS", "RAILYARD_SANDBOX", "GITHUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return Repository(directory)


@pytest.fixture(scope="session")
def brought_up(first_commit: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same repository with its stack up in the sandbox; tests copy it."""
    directory = tmp_path_factory.mktemp("brought-up") / "railyard"
    shutil.copytree(first_commit, directory, symlinks=True)
    done = Repository(directory).railyard("deploy", "-s", "staging", "--json")
    assert done.json["result"] == "deployed", done
    return directory


@pytest.fixture
def deployed(brought_up: Path, tmp_path: Path) -> Repository:
    """A repository of its own whose stack is up."""
    directory = tmp_path / "railyard"
    shutil.copytree(brought_up, directory, symlinks=True)
    return Repository(directory)


@pytest.fixture
def github() -> Iterator[SimulatedGitHub]:
    """A simulated GitHub, with webhooks that remember what they were sent."""
    with SimulatedGitHub().serve() as served:
        yield served
