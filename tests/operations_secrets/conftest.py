"""A stack with secrets of its own, the command line on it, and a program that writes SOPS files as ``sops`` does."""

from __future__ import annotations

import copy
import shutil
import stat
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from railyard.application import application
from railyard.engine.commands import application as sandbox_application
from railyard.secrets import commands as secrets_commands
from railyard.shared import console
from tests.lifecycle.conftest import ROOT, Checkout, Outcome
from tests.operations_secrets import sops_files
from tests.railyard_command import Said, point_nowhere
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
RECIPIENT = encrypting.RECIPIENT
"""The public part of the tests' key."""


class Place:
    """A directory with the settings of staging, and no secrets yet."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.file = directory / "secrets" / "staging.yaml"
        self.file.parent.mkdir(parents=True)
        for name in ("Pulumi.yaml", "defaults.yaml", "Pulumi.staging.yaml", "Pulumi.production.yaml"):
            shutil.copy(ROOT / name, directory)
        for name in (".sops.yaml", "sandbox.agekey"):
            shutil.copy(ROOT / "secrets" / name, self.file.parent)

    def hold(self, values: dict[str, Any]) -> None:
        """Let the secrets file hold ``values``."""
        encrypting.write(self.file, encrypting.encrypted(values))

    def values(self) -> dict[str, Any]:
        """What the secrets file holds."""
        return sops_files.opened(self.file)

    def run(self, *arguments: str, given: str | bytes = "") -> Said:
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
    monkeypatch.setenv("RAILYARD_PROJECT", str(made.directory))
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
    """A small checkout with an empty sandbox, on which the sandbox's commands and the command line run in this process.

    It has settings and secrets of its own and three of the five systems; the code is that of the project.
    """

    def __init__(self, directory: Path) -> None:
        self.directory, self.sandbox = directory, directory / ".sandbox"
        directory.mkdir()
        for name in ("Pulumi.yaml", "defaults.yaml", "__main__.py", "Pulumi.staging.yaml"):
            shutil.copy(ROOT / name, directory)
        for name in ("packages", "railyard"):
            (directory / name).symlink_to(ROOT / name)
        shutil.copytree(ROOT / "secrets", directory / "secrets")
        settings = self.settings()
        for system in ("netia", "rose", "reviews"):
            del settings["config"][f"railyard:{system}"]
        self.write_settings(settings)

    @property
    def secrets(self) -> Path:
        """The sandbox's own file."""
        return self.directory / "secrets" / "sandbox.yaml"

    @property
    def key(self) -> Path:
        """The key that opens it."""
        return self.directory / "secrets" / "sandbox.agekey"

    def copied(self, directory: Path) -> Railyard:
        """The same once more, with all that stands in its sandbox."""
        other = copy.copy(self)
        shutil.copytree(self.directory, directory, symlinks=True)
        other.directory, other.sandbox = directory, directory / ".sandbox"
        return other

    def change_secret(self, system: str, name: str, value: str | None) -> None:
        """Change one secret of the sandbox as ``sops set`` does, or take it away."""
        sops_files.change(self.secrets, self.key, system, name, value)

    def run(self, *arguments: str) -> Outcome:
        """One of the sandbox's commands, ``make …``."""
        return self._invoke(sandbox_application, arguments)

    def railyard(self, *arguments: str, given: str | None = None, **variables: str) -> Outcome:
        """``railyard secrets …``; ``given`` is typed by a person, without it nobody can be asked."""
        return self._invoke(application, ("secrets", *arguments), given=given, **variables)

    def _invoke(self, program: Any, arguments: Sequence[str], *, given: str | None = None, **variables: str) -> Outcome:
        with pytest.MonkeyPatch.context() as patch:
            patch.delenv("RAILYARD_PROJECT", raising=False)
            patch.delenv("RAILYARD_SANDBOX", raising=False)
            for module in (console, secrets_commands):
                patch.setattr(module, "can_ask", lambda: given is not None)
            patch.chdir(self.directory)
            for name, value in {"NO_COLOR": "1", "ENGINE": "embedded", **variables}.items():
                patch.setenv(name, value)
            done = CliRunner().invoke(program, [*arguments], input=given)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return Outcome(done.exit_code, done.stdout, done.stderr)

    def preview_without_key(self) -> Outcome:
        """``preview --json`` in an environment without any age key."""
        hidden = self.key.rename(self.directory / "hidden")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("HOME", str(self.directory / "nowhere"))
            outcome = self.json("preview", "-s", "staging")
        hidden.rename(self.key)
        return outcome

    def settings(self) -> dict[str, Any]:
        """The settings of staging."""
        return yaml.safe_load((self.directory / "Pulumi.staging.yaml").read_text())

    def write_settings(self, settings: dict[str, Any]) -> None:
        """Change them."""
        (self.directory / "Pulumi.staging.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))


@pytest.fixture
def railyard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Railyard:
    """A checkout with an empty sandbox, in an environment that points nowhere."""
    point_nowhere(monkeypatch)
    return Railyard(tmp_path / "railyard")


@pytest.fixture(scope="session")
def risen(tmp_path_factory: pytest.TempPathFactory) -> Railyard:
    """A checkout whose staging is up; tests take copies."""
    made = Railyard(tmp_path_factory.mktemp("risen") / "railyard")
    with pytest.MonkeyPatch.context() as patch:
        point_nowhere(patch)
        made.json("up", "-s", "staging")
    return made


@pytest.fixture
def up(risen: Railyard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Railyard:
    """A copy of the checkout whose staging is up in the sandbox."""
    point_nowhere(monkeypatch)
    return risen.copied(tmp_path / "up")
