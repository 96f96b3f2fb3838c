"""The ``sops`` that tests compare with: which one is taken, and what is said where there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import sops_program
from tools.sops_program import SOPS


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine that has neither Go nor ``sops`` and kept nothing; its only folder of programs."""
    programs = tmp_path / "programs"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("CI", raising=False)
    return programs


def put(file: Path) -> Path:
    """A program that does nothing."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("#!/bin/sh\n")
    file.chmod(0o700)
    return file


def test_the_kept_program_comes_before_the_one_on_path(bare: Path) -> None:
    """The pinned version counts, wherever another one is installed."""
    assert sops_program.find() is None
    on_path = put(bare / "sops")
    assert sops_program.find() == on_path
    kept = put(SOPS.path)
    assert sops_program.find() == kept


def test_without_go_nothing_is_built_and_that_is_said(
    bare: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is no failure on a contributor's machine, and one in continuous integration; a ``sops`` on PATH will do."""
    assert sops_program.main() == 0
    assert capsys.readouterr().err == "sops is not built: there is no Go toolchain\n"
    monkeypatch.setenv("CI", "true")
    assert sops_program.main() == 1
    put(bare / "sops")
    assert sops_program.main() == 0


def test_a_build_that_fails_is_a_failure(bare: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In Go's own words; nothing half is kept."""
    put(bare / "go").write_text("#!/bin/sh\necho 'no such module' >&2\nexit 1\n")

    assert sops_program.main() == 1
    assert capsys.readouterr().err == "sops could not be built:\nno such module\n"
    assert sops_program.find() is None
