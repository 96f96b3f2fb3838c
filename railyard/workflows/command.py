"""``railyard workflows``: write the files at GitHub that follow from the stacks, or say that they are out of date."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from railyard.shared.console import PROBLEM, CallError, reported_errors
from railyard.shared.project import project_directory
from railyard.shared.stack import read_stacks
from railyard.workflows import code_owners
from railyard.workflows.generate import FOLDER, MARK, SET_UP, files
from stacks.project_folder import is_checkout, requirements_file

CheckOption = Annotated[bool, typer.Option("--check", help="Write nothing; exit code 1 when a file is out of date.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Overwrite files of these names that somebody else wrote.")]


def workflows(*, check: CheckOption = False, force: ForceOption = False) -> None:
    """Write the workflows at GitHub that follow from the stacks and their systems, and CODEOWNERS.

    Each stack gets its jobs, behind those of the stack that it promotes from; files that no stack asks for any more
    are removed. Whatever nobody generated is left alone.
    """
    with reported_errors(json=False):
        root = project_directory()
        wanted = wanted_files(root)
        stale = [root / name for name, text in wanted.items() if not _is(root / name, text)]
        superfluous = sorted(_generated(root) - {root / name for name in wanted})
        for file in [*stale, *superfluous]:
            if not check:
                _refuse_foreign(file, force=force)
        for file in [*stale, *superfluous]:
            typer.echo(f"{file.relative_to(root)} {'is out of date: railyard workflows' if check else 'written'}")
        if check and (stale or superfluous):
            raise typer.Exit(PROBLEM)
        for file in stale:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(wanted[str(file.relative_to(root))], encoding="utf-8")
        for file in superfluous:
            file.unlink()


def wanted_files(root: Path) -> dict[str, str]:
    """Return the files that follow from the stacks of the project in ``root``, path → text."""
    stacks = read_stacks()
    wanted = files(stacks, requirements="" if is_checkout(root) else requirements_file(root))
    owners = code_owners.text(stacks, root)
    if (root / code_owners.FILE).exists() or code_owners.names_somebody(owners):
        wanted[code_owners.FILE] = owners
    return wanted


def _generated(root: Path) -> set[Path]:
    files = {*(root / FOLDER).glob("*.yml"), root / SET_UP}
    return {file for file in files if is_generated(file)}


def is_generated(file: Path) -> bool:
    """Tell whether a file is one that this command writes."""
    return file.is_file() and file.read_text(encoding="utf-8").startswith((MARK, code_owners.MARK))


def _refuse_foreign(file: Path, *, force: bool) -> None:
    if file.exists() and not force and not is_generated(file):
        raise CallError(f"{file} exists and was not written by this command: rename it, or overwrite it with --force")


def _is(file: Path, text: str) -> bool:
    return file.exists() and file.read_text(encoding="utf-8") == text
