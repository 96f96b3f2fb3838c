"""A stack with secrets of its own, the command line on it, and a program that writes SOPS files as ``sops`` does."""

from __future__ import annotations

import copy
import json
import os
import shutil
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from operations import stack as stack_module
from operations.application import application
from tests.lifecycle.conftest import LONGEST_S, ROOT, Checkout, Outcome
from tests.operations_secrets import sops_files
from tests.sops import encrypting

GOOD: dict[str, dict[str, str]] = {
    "omega": {"DISCORD_BOT_TOKEN": "planted-discord-token", "OPENAI_API_KEY": "sk-planted-omega"},
    "seance": {"STRIPE_SECRET_KEY": "sk_planted_stripe", "BUILDER_KEY": "planted-builder-key-1"},
    "omnistack": {
        "SECRET_KEY": "planted-secret-key-of-32-bytes-at-least",
        "POSTGRES_PASSWORD": "planted-postgres-1",
        "REDIS_PASSWORD": "planted-redis-pass-1",
    },
    "netia": {"SECRET_KEY_BASE": "planted-" * 9, "POSTGRES_PASSWORD": "planted-postgres-2"},
    "rose": {
        "GROQ_API_KEY": "planted-groq",
        "ELEVENLABS_API_KEY": "planted-eleven",
        "QDRANT_URL": "https://planted.example",
        "QDRANT_API_KEY": "planted-qdrant",
    },
}
"""All that staging needs."""
RECIPIENT = str(encrypting.pyrage.x25519.Identity.from_str(encrypting.KEY).to_public())
"""The public part of the tests' key."""


@dataclass(frozen=True)
class Said:
    """How a command ended and what it said."""

    code: int
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class Place:
    """A directory with the settings of staging, and no secrets yet."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.file = directory / "secrets" / "staging.yaml"
        self.file.parent.mkdir(parents=True)
        for name in ("Pulumi.yaml", "Pulumi.staging.yaml", "Pulumi.production.yaml"):
            shutil.copy(ROOT / name, directory)
        for name in (".sops.yaml", "sandbox.agekey"):
            shutil.copy(ROOT / "secrets" / name, self.file.parent)

    def hold(self, values: dict[str, Any]) -> None:
        """Let the secrets file hold ``values``."""
        encrypting.write(self.file, encrypting.encrypted(values))

    def values(self) -> dict[str, Any]:
        """What the secrets file holds."""
        return sops_files.opened(self.file)

    def run(self, *arguments: str, given: str = "") -> Said:
        """``railyard secrets …`` in this process."""
        done = CliRunner().invoke(application, ["secrets", *arguments], input=given)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return Said(done.exit_code, done.output)


def without(values: dict[str, dict[str, str]], *keys: str) -> dict[str, dict[str, str]]:
    """``values`` without some keys, ``seance.BUILDER_KEY``."""
    return {
        system: {name: value for name, value in group.items() if f"{system}.{name}" not in keys}
        for system, group in values.items()
    }


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A directory in which the command line works, with the key of its secrets and without the sops program."""
    made = Place(tmp_path / "railyard")
    monkeypatch.setattr(stack_module, "ROOT", made.directory)
    monkeypatch.chdir(made.directory)
    for name in ("RAILYARD_SECRETS", "SOPS_AGE_KEY_FILE", "SOPS_AGE_KEY_CMD", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setenv("SOPS_AGE_KEY", encrypting.KEY)
    return made


@pytest.fixture
def sops_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ``sops`` on PATH that writes files as the real one does; gives the file in which its command lines are kept."""
    folder = tmp_path / "programs"
    folder.mkdir()
    program, calls = folder / "sops", folder / "calls"
    program.write_text(
        f"#!{sys.executable}\nimport sys\nsys.path[:0] = [{str(ROOT)!r}]\n"
        f"from tests.operations_secrets.sops_files import main\nmain({str(calls)!r})\n"
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return calls


class Railyard(Checkout):
    """A copy of the project in which both the sandbox's commands and the command line run."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        shutil.copytree(ROOT / "operations", directory / "operations", ignore=shutil.ignore_patterns("__pycache__"))

    @property
    def secrets(self) -> Path:
        """The sandbox's own file."""
        return self.directory / "secrets" / "sandbox.yaml"

    def copied(self, directory: Path) -> Railyard:
        """The same once more, with all that stands in its sandbox."""
        other = copy.copy(self)
        shutil.copytree(self.directory, directory)
        other.directory, other.sandbox = directory, directory / ".sandbox"
        return other

    def change_secret(self, system: str, name: str, value: str | None) -> None:
        """Change one secret of the sandbox as ``sops set`` does, or take it away."""
        sops_files.change(self.secrets, self.directory / "secrets" / "sandbox.agekey", system, name, value)

    def railyard(self, *arguments: str, **variables: str) -> Outcome:
        """``railyard secrets …`` as a process."""
        done = subprocess.run(
            [sys.executable, "-m", "operations", "secrets", *arguments],
            cwd=self.directory,
            env={
                **os.environ,
                "NO_COLOR": "1",
                "PYTHONPATH": f"{self.directory}:{self.directory / 'providers' / 'railway'}",
                **variables,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LONGEST_S,
            check=False,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    def preview_without_key(self, **variables: str) -> Outcome:
        """``preview --json`` in an environment without any age key."""
        (self.directory / "secrets" / "sandbox.agekey").rename(self.directory / "hidden")
        os.environ.update({"HOME": str(self.directory / "nowhere"), **variables})
        try:
            return self.json("preview", "-s", "staging")
        finally:
            (self.directory / "hidden").rename(self.directory / "secrets" / "sandbox.agekey")

    def settings(self) -> dict[str, Any]:
        """The settings of staging."""
        return yaml.safe_load((self.directory / "Pulumi.staging.yaml").read_text())


@pytest.fixture
def railyard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Railyard:
    """A fresh copy of the project with an empty sandbox; the environment is put back afterwards."""
    for name in ("HOME", "RAILYARD_SECRETS_BEFORE"):
        monkeypatch.setenv(name, os.environ.get(name, ""))
    for name in ("SOPS_AGE_KEY", "RAILWAY_API_URL", "RAILWAY_API_TOKEN", "RAILWAY_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return Railyard(tmp_path / "railyard")


@pytest.fixture(scope="session")
def risen(tmp_path_factory: pytest.TempPathFactory) -> Railyard:
    """A project whose staging is up; tests take copies."""
    made = Railyard(tmp_path_factory.mktemp("risen") / "railyard")
    made.json("up", "-s", "staging")
    return made


@pytest.fixture
def up(railyard: Railyard, risen: Railyard, tmp_path: Path) -> Railyard:
    """A copy of the project whose staging is up in the sandbox."""
    return risen.copied(tmp_path / "up")
