"""``railyard workflows``: write the workflow files that follow from the stacks, or say that they are out of date."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from railyard.shared.console import PROBLEM, people
from railyard.shared.project import project_directory
from railyard.shared.stack import read_stacks
from railyard.workflows.generate import FOLDER, MARK, files

CheckOption = Annotated[bool, typer.Option("--check", help="Write nothing; exit code 1 when a file is out of date.")]


def workflows(*, check: CheckOption = False) -> None:
    """Write the workflows at GitHub that follow from the stacks and their systems.

    Each stack gets its jobs, behind those of the stack that it promotes from; files that no stack asks for any more
    are removed. The others in the folder are the same whatever the stacks are.
    """
    with people(json=False):
        root = project_directory()
        wanted = files(read_stacks())
        generated = {
            file for file in (root / FOLDER).glob("*.yml") if file.read_text(encoding="utf-8").startswith(MARK)
        }
        stale = [root / name for name, text in wanted.items() if not _is(root / name, text)]
        gone = sorted(generated - {root / name for name in wanted})
        for file in [*stale, *gone]:
            typer.echo(f"{file.relative_to(root)} {'is out of date: railyard workflows' if check else 'written'}")
        if check and (stale or gone):
            raise typer.Exit(PROBLEM)
        for file in stale:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(wanted[str(file.relative_to(root))], encoding="utf-8")
        for file in gone:
            file.unlink()


def _is(file: Path, text: str) -> bool:
    return file.exists() and file.read_text(encoding="utf-8") == text
