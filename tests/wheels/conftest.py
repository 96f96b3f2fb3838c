"""Railyard's packages as wheels, built once, and the command line installed from them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = sorted(path.parent.name for path in ROOT.glob("packages/*/pyproject.toml"))
LEFT_OUT = shutil.ignore_patterns("*.egg-info", "__pycache__")
UV = Path(sys.executable).with_name("uv")


def run(*command: str | Path, **options: Any) -> str:
    """Run a command that must succeed; gives what it printed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel of each part, built from a copy that holds the part alone."""
    directory = tmp_path_factory.mktemp("wheels")
    for name in PACKAGES:
        source = tmp_path_factory.mktemp("source") / name
        shutil.copytree(ROOT / "packages" / name, source, ignore=LEFT_OUT)
        build(source, directory)
    return directory


def build(source: Path, directory: Path) -> None:
    """Build the wheel of the folder ``source`` into another one."""
    flags = ("--quiet", "--wheel", "--no-build-isolation", "--python", sys.executable)
    run(UV, "build", *flags, "--out-dir", directory, source)


def install(place: Path, wheels: Path, *names: str) -> Path:
    """Make an empty environment with these parts, and all that they ask for as pinned; gives its Python."""
    run(UV, "venv", "--quiet", "--python", sys.executable, place)
    python = place / "bin" / "python"
    pinned = ("--constraint", ROOT / "requirements.txt", "--find-links", wheels)
    run(UV, "pip", "install", "--quiet", "--python", python, *pinned, *names)
    return python


@pytest.fixture(scope="session")
def installed(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The console script ``railyard``, installed from a wheel beside those of the parts."""
    source = tmp_path_factory.mktemp("source") / "railyard"
    for name in ("components", "railyard", "stacks"):
        shutil.copytree(ROOT / name, source / name, ignore=LEFT_OUT)
    for name in ("LICENSE", "README.md", "pyproject.toml"):
        shutil.copy(ROOT / name, source)
    build(source, wheels)
    return install(tmp_path_factory.mktemp("railyard") / "environment", wheels, "railyard").with_name("railyard")
