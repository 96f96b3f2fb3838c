"""The five systems as they run, and an empty place that knows nothing of them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from railway_sandbox.clock import ManualClock
from railway_sandbox.railway import operations
from railway_sandbox.server import SANDBOX, Sandbox
from railyard.application import application
from railyard.engine.commands import application as engine
from tests.lifecycle.conftest import CODE, COPIED, ROOT, InProcess, copy
from tests.railyard_command import Said, point_nowhere

FORGOTTEN = """\
# What is left of the settings.
config:
  railway:plan: hobby # of the account
  railyard:secrets: secrets/staging.yaml
"""


class Elsewhere:
    """A checkout that never saw the systems, on the clouds in which they run."""

    def __init__(self, directory: Path, clouds: Path) -> None:
        self.directory, self.clouds = directory, clouds
        directory.mkdir()
        copy(COPIED, directory)  # what is adopted is written into files and folders of its own
        for name in CODE:
            (directory / name).symlink_to(ROOT / name)
        self.settings.write_text(FORGOTTEN)

    @property
    def settings(self) -> Path:
        return self.directory / "Pulumi.staging.yaml"

    @property
    def of_systems(self) -> dict[str, Any]:
        return yaml.safe_load(self.settings.read_text())["config"]

    def railyard(self, *arguments: str) -> Said:
        """``railyard …`` in this process; a traceback fails the test."""
        return self._run(application, arguments)

    def engine(self, *arguments: str) -> Said:
        """``make …`` in this process."""
        return self._run(engine, arguments)

    def up(self) -> Any:
        """``make up`` of the stack, as a document."""
        done = self.engine("up", "--stack", "staging", "--json")
        assert done.code == 0, done.text + done.errors
        return done.json

    def _run(self, command: Any, arguments: tuple[str, ...]) -> Said:
        return Said.of(CliRunner().invoke(command, list(arguments), env={"COLUMNS": "120", "NO_COLOR": "1"}))

    def writes(self) -> list[str]:
        """Every request so far that writes anything anywhere."""
        lines = (self.clouds / "requests.jsonl").read_text().splitlines()
        names = [str(json.loads(line)["operation"]) for line in lines]
        return [name for name in names if not name.startswith(("query ", "GET ", "HEAD "))]

    def patches(self) -> list[Any]:
        """What was asked to be changed of environments."""
        lines = map(json.loads, (self.clouds / "requests.jsonl").read_text().splitlines())
        return [line["variables"]["patch"] for line in lines if line["operation"] == "mutation environmentPatchCommit"]

    @contextmanager
    def world(self) -> Iterator[tuple[Sandbox, ManualClock]]:
        """Change what is in the clouds between two commands; afterwards a quarter of an hour goes by."""
        clock = ManualClock()
        sandbox = Sandbox(self.clouds, clock=clock)
        clock.current_s = json.loads(sandbox.storage.read_state(SANDBOX).get(SANDBOX, {}).get("time_s", "0"))
        yield sandbox, clock
        for _ in range(3):
            clock.advance(300)
            operations.catch_up(sandbox.railway)
        sandbox.save()


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clouds after an up of all systems in staging."""
    checkout = InProcess(tmp_path_factory.mktemp("running") / "railyard")
    checkout.json("up", "-s", "staging")
    return checkout.listed()


@pytest.fixture
def elsewhere(running: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Elsewhere:
    """State, settings and list of requests are forgotten; the clouds are as they were."""
    point_nowhere(monkeypatch)
    shutil.copytree(running, tmp_path / "clouds")
    for file in [*(tmp_path / "clouds").glob("staging.json*"), tmp_path / "clouds" / "requests.jsonl"]:
        file.unlink()
    monkeypatch.setenv("RAILYARD_SANDBOX", str(tmp_path / "clouds"))
    monkeypatch.setenv("RAILYARD_PROJECT", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("ENGINE", "embedded")
    return Elsewhere(tmp_path / "elsewhere", tmp_path / "clouds")
