"""Puts the files of a new project into its folder: all that are new, and none in the place of somebody else's.

Owns the comparison with what is there. A run that was killed is finished by the next one: what is written already is
the same, and left as it is.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from railyard.shared.console import CallError
from railyard.shared.files import write_whole
from railyard.workflows.command import is_generated, wanted_files
from stacks.project_folder import PROJECT_VARIABLE

_KEPT = ("README.md",)
"""Files that an application has of its own, and that the project does without."""
_MERGED = (".gitignore",)
"""Files of which the project adds the lines that are missing."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Files to be written into the folder."""

    folder: Path
    files: Mapping[str, str] = field(default_factory=dict[str, str])
    """Path → text, of those that are not there as they should be."""
    kept: Sequence[str] = ()
    """Files of somebody else that stay as they are."""


def plan(folder: Path, wanted: Mapping[str, str], *, force: bool) -> Plan:
    """Return what is to be written; raises ``CallError`` for files that would be overwritten, unless ``force``."""
    files: dict[str, str] = {}
    kept: list[str] = []
    foreign: list[str] = []
    for name, text in wanted.items():
        file = folder / name
        present = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else None
        if present is None:
            files[name] = text
        elif name in _MERGED:
            if lines := [line for line in text.splitlines() if line not in present.splitlines()]:
                files[name] = present.rstrip("\n") + "\n" * bool(present) + "".join(f"{line}\n" for line in lines)
        elif present == text:
            continue
        elif name in _KEPT and not force:
            kept.append(name)
        elif force or is_generated(file):
            files[name] = text
        else:
            foreign.append(name)
    if foreign:
        names = ", ".join(foreign)
        raise CallError(
            f"there already, and not as they would be: {names}; nothing was written. Move them away, or overwrite "
            "them with --force"
        )
    return Plan(folder=folder, files=files, kept=kept)


def write(plan: Plan) -> None:
    """Write the files, each in one piece."""
    for name, text in plan.files.items():
        (plan.folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_whole(plan.folder / name, text)


def with_generated(files: Mapping[str, str]) -> dict[str, str]:
    """Return the files of a project with those at GitHub that follow from its stacks.

    Raises ``OperationError`` for settings that are refused: the project is made in a passing folder first.
    """
    with (
        tempfile.TemporaryDirectory(prefix="railyard-init-") as directory,
        _working_on(Path(directory).resolve()) as copy,
    ):
        write(Plan(folder=copy, files=files))
        return {**files, **wanted_files(copy)}


@contextmanager
def _working_on(project: Path) -> Generator[Path]:
    before = os.environ.get(PROJECT_VARIABLE)
    os.environ[PROJECT_VARIABLE] = str(project)
    try:
        yield project
    finally:
        if before is None:
            del os.environ[PROJECT_VARIABLE]
        else:
            os.environ[PROJECT_VARIABLE] = before
