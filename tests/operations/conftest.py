"""The command line in this process, on a stack that was brought up once and is copied for each test."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from railway_sandbox.clock import ManualClock
from railway_sandbox.railway.deployments import deployments
from railway_sandbox.railway.records import Deployment, Environment, Service
from railway_sandbox.server import SANDBOX, Sandbox
from railyard.application import application
from railyard.engine import operate
from tests.lifecycle.conftest import InProcess
from tests.railyard_command import Said, point_nowhere


class World(Sandbox):
    """The simulated clouds between two commands. Time stands still, unless a test moves it."""

    def __init__(self, directory: Path) -> None:
        self.manual = ManualClock()
        super().__init__(directory, clock=self.manual)
        self.manual.current_s = json.loads(self.storage.read_state(SANDBOX)[SANDBOX]["time_s"])

    def find(self, where: str) -> tuple[Environment, Service]:
        """Environment and service of ``seance/backend`` in staging."""
        system, _, name = where.partition("/")
        state = self.railway.state
        project = next(each for each in state.projects.values() if each.name == f"{system}-staging")
        service = next(each for each in state.services.values() if (each.project_id, each.name) == (project.id, name))
        return self.railway.environments_of(project.id)[0], service

    def newest(self, where: str) -> Deployment:
        """The newest deployment of a service."""
        environment, service = self.find(where)
        deployment = deployments.latest(self.railway, environment.id, service.id)
        assert deployment is not None
        return deployment

    def deploy(self, where: str, after_s: float = 400.0, **source: Any) -> Deployment:
        """Deploy a service again by hand, and let time pass; ``source`` differs from what runs."""
        environment, service = self.find(where)
        meta = {**deployments.source_of(self.newest(where)), **source}
        made = deployments.start(self.railway, environment, service.id, self.clock.now(), source=meta)
        self.manual.advance(after_s)
        return made

    def remove_record(self, type: str, name: str) -> None:
        """Delete a DNS record by hand."""
        for zone in self.cloudflare.zones():
            for record in self.cloudflare.records(zone["id"], type=type, name=name):
                self.cloudflare.delete_record(zone["id"], record["id"])


class Railyard:
    """The command line on the clouds in ``directory``."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def run(self, *arguments: str, width: int = 100) -> Said:
        """``railyard …`` in this process; a traceback fails the test."""
        return Said.of(CliRunner().invoke(application, list(arguments), env={"COLUMNS": str(width), "NO_COLOR": "1"}))

    @contextmanager
    def world(self) -> Iterator[World]:
        """Change what is in the clouds."""
        world = World(self.directory)
        yield world
        world.save()

    def requests(self) -> list[str]:
        """Every request so far, ``railway query projects``."""
        file = self.directory / "requests.jsonl"
        lines = map(json.loads, file.read_text().splitlines()) if file.exists() else ()
        return [f"{line['api']} {line['operation']}" for line in lines]


@pytest.fixture(scope="session")
def brought_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clouds after an up of Seance and Rose in staging: images and a repository, names with and without a proxy."""
    checkout = InProcess(tmp_path_factory.mktemp("brought-up") / "railyard")
    for system in ("seance", "rose"):
        checkout.json("up", "-s", "staging", "--system", system)
    return checkout.listed()


@pytest.fixture
def railyard(brought_up: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Railyard:
    """The command line on a copy of these clouds."""
    point_nowhere(monkeypatch)
    shutil.copytree(brought_up, tmp_path / "clouds")
    (tmp_path / "clouds" / "requests.jsonl").unlink()
    monkeypatch.setenv("RAILYARD_SANDBOX", str(tmp_path / "clouds"))
    return Railyard(tmp_path / "clouds")


@pytest.fixture
def pointed(railyard: Railyard, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Called, it serves the clouds and lets the environment point there, with some variables changed (None: unset)."""
    with ExitStack() as left:

        def point(**variables: str | None) -> None:
            address = left.enter_context(Sandbox(railyard.directory).serve())
            for name, value in {**operate.environment(address, railyard.directory), **variables}.items():
                if value is None:
                    monkeypatch.delenv(name, raising=False)
                else:
                    monkeypatch.setenv(name, value)

        yield point
