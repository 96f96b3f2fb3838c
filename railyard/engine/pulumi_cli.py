"""The Pulumi CLI: where it and its plugins are found, and running one of its commands.

Owns the places that are searched and what is missing there. Knows neither the sandbox nor what a command is for, so
that every part of this project that needs the CLI can use it.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from threading import Event
from typing import Any, Final

from railyard.shared.console import OperationError

LANGUAGE_HOST: Final = "pulumi-language-python"
PLUGINS: Final = ("cloudflare", "digitalocean")
"""Pulumi's own providers that this project uses; the plugin of Railway is part of the project."""


@dataclass(frozen=True)
class PulumiCli:
    """A ``pulumi`` that exists."""

    program: Path

    @cached_property
    def missing(self) -> list[str]:
        """Return what it lacks to run this project: files by their names; empty when all is there."""
        path = _path(os.environ, self.program)
        lacking = [] if shutil.which(LANGUAGE_HOST, path=path) else [LANGUAGE_HOST]
        return lacking + [
            f"pulumi-resource-{name} {version}"
            for name, version in plugin_versions().items()
            if not shutil.which(f"pulumi-resource-{name}", path=path)
            and not (home() / "plugins" / f"resource-{name}-v{version}" / f"pulumi-resource-{name}").exists()
        ]

    def run(
        self,
        arguments: Sequence[str],
        directory: Path,
        variables: Mapping[str, str],
        *,
        captured: bool = False,
        given: str | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run one command to its end, with ``given`` as its input; it prints where this process does, or is captured.

        Ctrl-C reaches it directly. It ends in its own order, and this process waits for that.
        """
        with patient():
            return subprocess.run(
                [str(self.program), *arguments],
                cwd=directory,
                env=self.environment(variables),
                input=given,
                capture_output=captured,
                encoding="utf-8",
                errors="replace",
                check=False,
            )

    def environment(self, variables: Mapping[str, str]) -> dict[str, str]:
        """Return the variables of its process: ours, ``variables``, and a PATH that leads to its own programs."""
        environment = {**os.environ, **variables}
        return {**environment, "PATH": _path(environment, self.program)}


def find() -> PulumiCli | None:
    """Return the ``pulumi`` on PATH, or else the one that ``make tools`` installed; ``None`` when there is neither."""
    program = shutil.which("pulumi") or shutil.which("pulumi", path=str(tools_directory() / "bin"))
    return PulumiCli(Path(program)) if program else None


def find_for_real_account() -> PulumiCli:
    """Return the ``pulumi`` that works on a real account; raises ``OperationError`` when there is none."""
    cli = find()
    if cli is None:
        raise OperationError(
            "the environment points at a real Railway account, which takes the Pulumi CLI, and it is not on PATH: "
            "install it from https://www.pulumi.com/docs/install/, or give --sandbox"
        )
    return cli


def home() -> Path:
    """Return Pulumi's own directory, which holds its plugins."""
    return Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")


def tools_directory() -> Path:
    """Return the directory where ``PulumiCommand.install`` puts the release that belongs to the pinned SDK."""
    return Path.home() / ".pulumi" / "versions" / version("pulumi")


def plugin_versions() -> dict[str, str]:
    """Return plugin → the version that its pinned SDK asks for, and no other will do."""
    return {name: str(_note(name)["version"]) for name in PLUGINS}


def _note(name: str) -> dict[str, Any]:
    """Return what an SDK says of its plugin. The SDK itself is slow to import, and stays unimported."""
    package = find_spec(f"pulumi_{name}")
    assert package is not None
    assert package.origin is not None
    return json.loads(Path(package.origin).with_name("pulumi-plugin.json").read_bytes())


def _path(environment: Mapping[str, str], program: Path) -> str:
    """Return PATH with the program's own folder, which has the language hosts, and ours, with an installed plugin."""
    return os.pathsep.join([environment.get("PATH", ""), str(program.parent), str(Path(sys.executable).parent)])


@contextmanager
def patient() -> Generator[Event]:
    """Outlive a Ctrl-C: a child gets it as well, and needs what we serve until it has ended. Tells whether one came."""
    interrupted = Event()
    previous = signal.signal(signal.SIGINT, lambda _number, _frame: interrupted.set())  # ignoring would be inherited
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, previous)
