"""The first minute with a checkout: what is said where something is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Only what the set-up reads, in a folder with a space and other letters in its name."""
    made = tmp_path / "mein Übungsordner"
    for name in ("Makefile", "bin/railyard", "requirements.txt", "packages/pulumiverse-railway/pyproject.toml"):
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, made / name)
    return made


def called(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)


def stand_in(directory: Path, text: str) -> str:
    """A program called python in ``directory``."""
    program = directory / "python"
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(0o755)
    return str(program)


def test_a_missing_python_is_named_in_one_line(checkout):
    done = called("make", "-C", str(checkout), "preview", "PYTHON=/nowhere/python3")

    said = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    assert said == [
        "Railyard needs Python 3.11 or newer, and /nowhere/python3 is missing: name another one, make PYTHON=python3.12"
    ]


def test_a_python_that_is_too_old_is_named_with_its_version(checkout, tmp_path):
    old = stand_in(tmp_path, '[ "$1" = --version ] && echo Python 3.10.13 || exit 1')

    done = called("make", "-C", str(checkout), "preview", f"PYTHON={old}")

    assert "and " + old + " is Python 3.10.13: name another one" in done.stderr


def test_an_unfinished_set_up_is_told_and_leaves_standard_output_to_documents(checkout, tmp_path):
    """Packages that cannot be had end it with the reason; the command line then asks for the set-up, in any folder."""
    pip = 'case "$*" in *"-m venv"*) mkdir -p .venv/bin && cp "$0" .venv/bin/python;; *pip*) exit 1;; esac'

    done = called("make", "-s", "-C", str(checkout), "preview", "JSON=1", f"PYTHON={stand_in(tmp_path, pip)}")
    asked = called(str(checkout / "bin" / "railyard"), "status")

    assert (done.returncode, done.stdout) == (2, "")
    assert "not every package was installed: pip says why above" in done.stderr
    assert asked.returncode == 1
    assert asked.stderr.startswith(f"error: {checkout}/.venv is missing or unfinished: run `make preview`")
