"""A project with a git history whose two stacks are up in one sandbox; tests take copies of it."""

from __future__ import annotations

import copy
import shutil
import subprocess
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from railway_sandbox.clock import ManualClock
from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.railway.records import Deployment
from railway_sandbox.server import Sandbox
from railyard.application import application
from tests.lifecycle.conftest import InProcess
from tests.railyard_command import Said
from tests.simulated import fail

GIT = {"GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.com"}
GIT |= {name.replace("AUTHOR", "COMMITTER"): value for name, value in GIT.items()}


class Place(InProcess):
    """A copy of the project, its sandbox and its history."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.git("init", "--quiet")
        self.commit("first")

    def copied(self, directory: Path) -> Place:
        """The same once more, with all that stands in its sandbox."""
        other = copy.copy(self)
        shutil.copytree(self.directory, directory, symlinks=True)
        other.directory, other.sandbox = directory, directory / ".sandbox"
        return other

    def git(self, *arguments: str) -> str:
        command = ["git", "-c", "core.hooksPath=/dev/null", *arguments]
        variables = {"PATH": "/usr/bin:/bin", "HOME": str(self.directory), **GIT}
        return subprocess.run(
            command, cwd=self.directory, env=variables, capture_output=True, check=True, text=True
        ).stdout

    def commit(self, message: str) -> None:
        """Commit the settings as they are."""
        self.git("add", "Pulumi.staging.yaml", "Pulumi.production.yaml")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)

    def released(self, stack: str, old: str, new: str) -> None:
        """Another commit of Seance in the settings of a stack, committed."""
        self.change(stack, f"commit: {old}", f"commit: {new}")
        self.commit(f"seance {new}")

    def up(self, stack: str, system: str = "seance") -> None:
        self.json("up", "--stack", stack, "--system", system)

    def file(self, stack: str = "production") -> str:
        return (self.directory / f"Pulumi.{stack}.yaml").read_text()

    def railyard(self, *arguments: str, given: str = "") -> Said:
        """``railyard …`` in this process."""
        return Said.of(CliRunner().invoke(application, arguments, input=given))

    @contextmanager
    def railway(self, *, later_s: float = 0.0) -> Generator[RailwayCloud]:
        """The simulated Railway, to do by hand what the outside world does; then time passes."""
        sandbox = Sandbox(self.sandbox)
        sandbox.clock = ManualClock(sandbox.clock.now())
        yield sandbox.railway
        sandbox.clock.advance(later_s)
        sandbox.save()

    def fail(self, operation: str, *, when: str = "before", status: int = 503) -> None:
        """Let the next request that holds ``operation`` go wrong, in whichever command sends it."""
        sandbox = Sandbox(self.sandbox)
        fail(sandbox, operation, when=when, status=status)
        sandbox.save()

    def wait(self, seconds: float) -> None:
        """Let time pass at Railway."""
        with self.railway(later_s=seconds):
            pass

    def deployments(self, stack: str, service: str, system: str = "seance") -> list[Deployment]:
        """All deployments of a service, newest first."""
        state = Sandbox(self.sandbox).railway.state
        project = next(each.id for each in state.projects.values() if each.name == f"{system}-{stack}")
        mine = next(each.id for each in state.services.values() if (each.project_id, each.name) == (project, service))
        return [each for each in state.deployments.values() if each.service_id == mine][::-1]


@pytest.fixture(scope="session")
def level_scene(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Seance and Omega are up in both stacks with the same commits."""
    place = Place(tmp_path_factory.mktemp("level") / "railyard")
    for stack in ("staging", "production"):
        place.up(stack)
        place.up(stack, "omega")
    return place


@pytest.fixture(scope="session")
def ahead_scene(level_scene: Place, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Then staging got another commit of Seance, and is healthy with it."""
    place = level_scene.copied(tmp_path_factory.mktemp("ahead") / "railyard")
    place.released("staging", "a1b2c3d", "b2c3d4e")
    place.up("staging")
    place.wait(600)
    return place


@pytest.fixture(scope="session")
def bad_scene(ahead_scene: Place, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Then production got that too, and after it a commit with which the backend never becomes healthy."""
    place = ahead_scene.copied(tmp_path_factory.mktemp("bad") / "railyard")
    place.released("production", "a1b2c3d", "b2c3d4e")
    place.up("production")
    place.released("production", "b2c3d4e", "c3d4e5f")
    place.break_image("fractalhuman1/seance-backend:c3d4e5f", "unhealthy")
    assert place.run("up", "--stack", "production", "--system", "seance").code == 1
    return place


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Place], Place]:
    """Copies a scene and lets the command line work in the copy."""

    def moved(scene: Place) -> Place:
        place = scene.copied(tmp_path / "railyard")
        monkeypatch.setenv("RAILYARD_PROJECT", str(place.directory))
        monkeypatch.setenv("RAILYARD_SANDBOX", str(place.sandbox))
        monkeypatch.chdir(place.directory)
        for name in ("RAILWAY_API_URL", "RAILWAY_API_TOKEN", "RAILWAY_TOKEN", "RAILYARD_SECRETS"):
            monkeypatch.delenv(name, raising=False)
        return place

    return moved


@pytest.fixture
def level(here: Callable[[Place], Place], level_scene: Place) -> Place:
    """A copy of ``level_scene``."""
    return here(level_scene)


@pytest.fixture
def ahead(here: Callable[[Place], Place], ahead_scene: Place) -> Place:
    """A copy of ``ahead_scene``."""
    return here(ahead_scene)


@pytest.fixture
def bad(here: Callable[[Place], Place], bad_scene: Place) -> Place:
    """A copy of ``bad_scene``."""
    return here(bad_scene)
