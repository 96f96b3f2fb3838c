"""The command line on a folder that a test writes, and a project of Railway that was made by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from typer.testing import CliRunner

from railyard.application import application
from tests import railyard_command


@dataclass(frozen=True)
class Said(railyard_command.Said):
    """The answer of ``railyard migrate``."""

    def becomes(self, key: str) -> tuple[str, str]:
        """Return what became of a key, and the text that says so."""
        (found,) = [each for each in self.json["findings"] if each["key"] == key]
        return found["kind"], found["text"]

    def settings(self, environment: str = "production", service: str = "web") -> dict[str, Any]:
        return self.json["settings"][environment][service]


@pytest.fixture
def railyard(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Said]:
    """``railyard …`` in this process; a traceback fails the test."""
    railyard_command.point_nowhere(monkeypatch)

    def run(*arguments: str | Path) -> Said:
        env = {"COLUMNS": "100", "NO_COLOR": "1"}
        return Said.of(CliRunner().invoke(application, list(map(str, arguments)), env=env))

    return run


@pytest.fixture
def folder(tmp_path: Path) -> Callable[[dict[str, str]], Path]:
    """Write files of an application; gives their folder."""

    def write(files: dict[str, str]) -> Path:
        for name, text in files.items():
            path = tmp_path / "shop" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text))
        return tmp_path / "shop"

    return write


@pytest.fixture
def migrated(railyard: Callable[..., Said], folder: Callable[[dict[str, str]], Path]) -> Callable[..., Said]:
    """``railyard migrate`` of files, as its document."""

    def run(files: dict[str, str], *options: str) -> Said:
        return railyard("migrate", folder(files), "--repo", "acme/shop", "--json", *options)

    return run
