"""A throw-away copy of the project with a git history and simulated clouds of its own.

Owns the folder, the processes in it, and how long each took and what it asked. The copy holds the files as they stand,
committed or not; settings, sandbox and history of the project it was taken from are never touched. The
embedded engine brings its stacks up, so that everybody sees the same figures, with and without a Pulumi CLI.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from railyard.deliver.notify import DISCORD
from railyard.engine import sandbox_door
from railyard.engine.engine import code_of
from railyard.rehearsal.dashboard_and_webhook import Dashboard, Inbox
from railyard.review.throwaway_sandbox import EMBEDDED, clean_environment
from railyard.shared.project import project_directory

STACKS: Final = ("staging", "production")
_SETTINGS: Final = Path(__file__).with_name("settings")
_GIT: Final = {
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.com",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.com",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
}
_MADE_BY_MAKE: Final = ("requirements.txt", "packages/*/pyproject.toml")
"""Files that ``.venv/ready`` depends on."""


@dataclass(frozen=True, kw_only=True)
class CommandRun:
    """One command that was run."""

    command: str
    code: int
    text: str
    """Output, errors included."""
    time_s: float
    """Seconds of real time."""
    requests: Counter[str]
    """API → requests that it sent there."""


class ProjectCopy:
    """The copy in ``folder``, which the caller removes."""

    def __init__(self, folder: Path) -> None:
        self.directory = folder / "railyard"
        self.inbox = Inbox()
        self._log = self.directory / ".sandbox" / "requests.jsonl"

    @contextmanager
    def open(self) -> Generator[ProjectCopy]:
        """Make the copy, and serve its simulated clouds and a webhook for as long as the block runs."""
        self._copy()
        self.clouds = sandbox_door.clouds(self.directory / ".sandbox")
        with self.clouds.serve() as address, self.inbox.open():
            self._address = address
            self.dashboard = Dashboard(address)
            yield self

    def _copy(self) -> None:
        root = project_directory()
        for name in _files(root):
            if (root / name).is_file():
                (self.directory / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(root / name, self.directory / name)
        for file in self.directory.glob("Pulumi.*.yaml"):
            file.unlink()
        for stack in STACKS:
            shutil.copy(_SETTINGS / f"Pulumi.{stack}.yaml", self.directory)
        (self.directory / ".venv").symlink_to(sys.prefix, target_is_directory=True)
        for pattern in _MADE_BY_MAKE:  # older than what was made of them, so that nothing is installed
            for path in self.directory.glob(pattern):
                os.utime(path, (0, 0))
        self.git("init", "--quiet", "--initial-branch=main")
        (self.directory / ".git" / "info" / "exclude").write_text("/.venv\n", encoding="utf-8")  # a link, not a folder
        self.commit("What runs today")

    def git(self, *arguments: str) -> str:
        """Run git in the copy."""
        return _git(self.directory, *arguments)

    def commit(self, message: str) -> str:
        """Commit everything; the short commit."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        return self.git("rev-parse", "--short=7", "HEAD")

    def change(self, stack: str, old: str, new: str) -> None:
        """Change the settings of a stack wherever ``old`` stands."""
        file = self.directory / f"Pulumi.{stack}.yaml"
        file.write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")

    def run(self, *command: str, in_shell: bool = False, **variables: str) -> CommandRun:
        """Run a command in the copy to its end, with ``variables``; ``in_shell``: in a shell of the sandbox."""
        shell = sandbox_door.variables(self._address, self.directory / ".sandbox") if in_shell else {}
        before, began = len(self._requests()), time.monotonic()
        process = subprocess.run(
            command, cwd=self.directory, env={**self._environment(), **shell, **variables}, text=True, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        return CommandRun(
            command=" ".join([*(f"{name}={value}" for name, value in variables.items()), *command]),
            code=process.returncode,
            text=process.stdout,
            time_s=time.monotonic() - began,
            requests=Counter(self._requests()[before:]),
        )

    def _requests(self) -> Sequence[str]:
        """Return the API of each request until now."""
        lines = self._log.read_text(encoding="utf-8").splitlines() if self._log.exists() else []
        return [json.loads(line)["api"] for line in lines]

    def _environment(self) -> dict[str, str]:
        own = {**code_of(self.directory), "NO_COLOR": "1", "COLUMNS": "120", DISCORD: self.inbox.address}
        return {**clean_environment(), **_GIT, **own, **EMBEDDED}


def _files(root: Path) -> list[str]:
    """List the project's own files: those that git knows or would add."""
    listed = _git(root, "ls-files", "--cached", "--others", "--exclude-standard", "-z")
    return [name for name in listed.split("\0") if name]


def _git(directory: Path, *arguments: str) -> str:
    process = subprocess.run(
        ["git", *arguments], cwd=directory, env={**os.environ, **_GIT}, capture_output=True, text=True, check=False
    )
    if process.returncode != 0:
        raise SystemExit(f"error: git {arguments[0]} failed in {directory}: {process.stderr.strip()}")
    return process.stdout.strip()
