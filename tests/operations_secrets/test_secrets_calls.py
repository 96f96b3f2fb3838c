"""How the command line is called: its wrapper, its help, and a page that knows every command."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from railyard.application import application
from tests.lifecycle.conftest import ROOT

PAGE = (ROOT / "docs" / "secrets.md").read_text(encoding="utf-8")
COMMANDS = sorted(get_command(application).commands["secrets"].commands)  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_json_and_a_row_on_the_page(command):
    """Nobody has to read code to know what there is."""
    done = CliRunner().invoke(application, ["secrets", command, "--help"])

    assert done.exit_code == 0
    assert all(option in done.output for option in ("--stack", "--json"))
    assert f"| `secrets {command}` |" in PAGE


def test_the_wrapper_works_from_any_folder(tmp_path: Path):
    """It finds its checkout by its own place."""
    done = subprocess.run(
        [ROOT / "bin" / "railyard", "--help"], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert "secrets" in done.stdout


def test_the_wrapper_says_what_is_missing(tmp_path: Path):
    """Without the virtual environment it names the command that makes it."""
    shutil.copytree(ROOT / "bin", tmp_path / "bin")

    done = subprocess.run([tmp_path / "bin" / "railyard"], capture_output=True, text=True, check=False)

    assert (done.returncode, "make preview" in done.stderr) == (1, True)


def test_a_group_without_a_command_is_a_wrong_call():
    """It lists what there is."""
    done = subprocess.run([sys.executable, "-m", "railyard"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert "secrets" in done.stdout + done.stderr
