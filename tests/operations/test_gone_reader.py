"""Commands whose output goes into a pipe that nobody reads any more, as in ``railyard … | head``."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from railyard.shared.broken_pipe import READER_GONE

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("command", "also_errors"),
    [
        ("railyard secrets check --sandbox", False),
        ("railyard --help", True),
        ("railyard.engine preview --system omega", False),
    ],
)
def test_a_command_ends_quietly_when_its_reader_has_gone(tmp_path, command, also_errors):
    """No traceback, no error, and the exit code of a program that the signal of a broken pipe ends."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as gone:
        done = subprocess.run(
            [sys.executable, "-m", *command.split()],
            cwd=ROOT,
            env={**os.environ, "RAILYARD_SANDBOX": str(tmp_path)},
            stdout=gone,
            stderr=gone if also_errors else subprocess.PIPE,
            check=False,
        )

    assert done.returncode == READER_GONE
    told = [line for line in (done.stderr or b"").decode().splitlines() if not line.startswith("engine: ")]
    assert told == []


def test_what_is_read_to_its_end_is_whole():
    """The exit code is the command's own, and the last line arrives."""
    done = subprocess.run(
        [sys.executable, "-m", "railyard", "--help"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0
    assert "2 the call was wrong." in done.stdout
