"""Railyard's packages as wheels, built once, and the command line installed from them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = sorted(path.parent.name for path in ROOT.glob("packages/*/pyproject.toml"))
LEFT_OUT = shutil.ignore_patterns("*.egg-info", "__pycache__")
UV = Path(sys.executable).with_name("uv")
BUILD = """
import os, sys
from setuptools import build_meta

directory, *sources = sys.argv[1:]
for source in sources:
    os.chdir(source)
    build_meta.build_wheel(directory)
"""
"""What ``uv build`` has done for each, in one process."""


def run(*command: str | Path, **options: Any) -> str:
    """Run a command that must succeed; gives what it printed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheels of the parts and of the project, each built from a copy with its own files alone."""
    sources = tmp_path_factory.mktemp("sources")
    for name in PACKAGES:
        shutil.copytree(ROOT / "packages" / name, sources / name, ignore=LEFT_OUT)
    project = sources / "railyard"
    for name in ("components", "docs", "railyard", "stacks"):
        shutil.copytree(ROOT / name, project / name, ignore=LEFT_OUT)
    for name in ("LICENSE", "README.md", "pyproject.toml"):
        shutil.copy(ROOT / name, project)
    return build(tmp_path_factory.mktemp("wheels"), *sources.iterdir())


def build(directory: Path, *sources: Path) -> Path:
    """Build the wheel of each folder into ``directory``, and return that."""
    directory.mkdir(exist_ok=True)
    run(sys.executable, "-c", BUILD, directory, *sources)
    return directory


def empty(place: Path) -> Path:
    """Make an environment with nothing in it; gives its Python."""
    run(UV, "venv", "--quiet", "--python", sys.executable, place)
    return place / "bin" / "python"


def fill(python: Path, *arguments: str | Path, **options: Any) -> None:
    """Install what ``uv pip install`` is told into the environment of ``python``.

    What the tests' own environment has of it, linked to the same files, is compiled there already.
    """
    run(UV, "pip", "install", "--quiet", "--python", python, *arguments, **options)
    ours = Path(sysconfig.get_path("purelib"))
    its = python.parents[1] / ours.relative_to(sys.prefix)
    for folder, _, names in os.walk(its):
        here, there = Path(folder), ours / Path(folder).relative_to(its)
        compiled = there / "__pycache__"
        if compiled.is_dir() and all((here / name).samefile(there / name) for name in names if name.endswith(".py")):
            (here / "__pycache__").symlink_to(compiled)


def install(place: Path, wheels: Path, *names: str) -> Path:
    """Make an environment with these parts, and all that they ask for as pinned, alone; gives its Python."""
    python = empty(place)
    fill(python, "--constraint", ROOT / "requirements.txt", "--find-links", wheels, *names)
    return python


COMMANDS = """
import gc, importlib, json, os, pkgutil, sys

gc.disable()
for name in ("railyard", "pulumi_embedded", "railway_sandbox"):
    for each in pkgutil.walk_packages(importlib.import_module(name).__path__, name + "."):
        if not each.name.endswith("__main__"):
            importlib.import_module(each.name)
main = importlib.import_module("railyard.__main__").main
gc.freeze()
gc.enable()
for line in sys.stdin:
    arguments, directory, variables, files = json.loads(line)
    if not os.fork():
        break
    print(os.waitstatus_to_exitcode(os.wait()[1]), flush=True)
else:
    sys.exit()
for number, name in enumerate(files):
    os.dup2(os.open(name, os.O_RDWR | os.O_CREAT | os.O_TRUNC), number)
os.chdir(directory)
os.environ.clear()
os.environ.update(variables)
sys.argv[1:] = arguments
try:
    main()
except SystemExit as ended:
    sys.stdout.flush()
    os._exit(ended.code or 0)
"""
"""Runs the installed command again and again, each time in a fork of one process that has imported it.

A fork ends without taking apart what it has imported.
"""


class Commands:
    """The installed command in processes that need not import it anew, with nothing of this checkout."""

    def __init__(self, python: Path, place: Path) -> None:
        self._files = [os.devnull, str(place / "stdout"), str(place / "stderr")]
        self._server = subprocess.Popen(
            [python, "-c", COMMANDS], cwd=place, env={"PATH": "/usr/bin:/bin"}, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def run(self, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command in a folder, below which it has its home."""
        variables = {"PATH": "/usr/bin:/bin", "HOME": str(folder.parent), "NO_COLOR": "1"}
        assert self._server.stdin
        assert self._server.stdout
        self._server.stdin.write(json.dumps([arguments, str(folder), variables, self._files]) + "\n")
        self._server.stdin.flush()
        code = int(self._server.stdout.readline())
        return subprocess.CompletedProcess(arguments, code, *(Path(name).read_text() for name in self._files[1:]))

    def close(self) -> None:
        """Let the process end."""
        self._server.communicate()


@pytest.fixture(scope="session")
def commands(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Commands]:
    """The installed command ``railyard``, imported once."""
    running = Commands(installed.with_name("python"), tmp_path_factory.mktemp("commands"))
    yield running
    running.close()


@pytest.fixture(scope="session")
def installed(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The console script ``railyard``, installed from a wheel beside those of the parts."""
    return install(tmp_path_factory.mktemp("railyard") / "environment", wheels, "railyard").with_name("railyard")
