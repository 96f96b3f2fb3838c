"""``railyard workflows``: write the files at GitHub that follow from the stacks, or say that they are out of date.

Owns the text of ``.github/CODEOWNERS``, which says who is asked to review what. Owners are in the settings,
``owner:`` of a stack and of a system; where they name nobody, the file names nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from railyard.shared.console import PROBLEM, CallError, reported_errors
from railyard.shared.files import write_whole
from railyard.shared.project import project_directory
from railyard.shared.stack import Stack, read_stacks
from railyard.workflows.generate import FOLDER, MARK, SET_UP, files
from stacks.project_folder import is_checkout, requirements_file
from stacks.shared_settings import DEFAULTS_FILE, file_name

CheckOption = Annotated[bool, typer.Option("--check", help="Write nothing; exit code 1 when a file is out of date.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Overwrite files of these names from elsewhere, too.")]


def workflows(*, check: CheckOption = False, force: ForceOption = False) -> None:
    """Write the workflows at GitHub that follow from the stacks and their systems, and CODEOWNERS.

    Each stack gets its jobs, behind those of the stack that it promotes from; files that no stack asks for any more
    are removed. Files that were not generated are left alone.
    """
    with reported_errors(json=False):
        root = project_directory()
        expected = expected_files(root)
        stale = [root / name for name, text in expected.items() if not _is(root / name, text)]
        superfluous = sorted(_generated(root) - {root / name for name in expected})
        if check:
            for file in [*stale, *superfluous]:
                typer.echo(f"{file.relative_to(root)} is out of date: railyard workflows")
            if stale or superfluous:
                raise typer.Exit(PROBLEM)
            return
        for file in stale:
            _refuse_foreign(file, force=force)
        for file in stale:
            file.parent.mkdir(parents=True, exist_ok=True)
            write_whole(file, expected[str(file.relative_to(root))])
            typer.echo(f"{file.relative_to(root)} written")
        for file in superfluous:
            file.unlink()
            typer.echo(f"{file.relative_to(root)} removed")


def expected_files(root: Path) -> dict[str, str]:
    """Return the files that follow from the stacks of the project in ``root``, path → text."""
    stacks = read_stacks()
    expected = files(stacks, requirements="" if is_checkout(root) else requirements_file(root))
    owners = owners_text(stacks, root)
    if names_somebody(owners) or is_generated(root / OWNERS_FILE):
        expected[OWNERS_FILE] = owners
    return expected


def _generated(root: Path) -> set[Path]:
    files = {*(root / FOLDER).glob("*.yml"), root / SET_UP}
    return {file for file in files if is_generated(file)}


def is_generated(file: Path) -> bool:
    """Tell whether a file is one that this command writes."""
    return file.is_file() and file.read_bytes().startswith((MARK.encode(), OWNERS_MARK.encode()))


def _refuse_foreign(file: Path, *, force: bool) -> None:
    if file.exists() and not force and not is_generated(file):
        raise CallError(f"{file} exists and was not written by this command: rename it, or overwrite it with --force")


def _is(file: Path, text: str) -> bool:
    return file.exists() and file.read_bytes() == text.encode()


OWNERS_FILE: Final = ".github/CODEOWNERS"
OWNERS_MARK: Final = "# Who is asked to review, by `owner:` of stacks and systems in the settings. "
"""First line of the file."""
_HEAD: Final = f"""\
{OWNERS_MARK}Written by `railyard workflows`: change those.
# The last line that matches a file decides.
"""
_NOBODY: Final = "# The settings name no owner.\n"


def owners_text(stacks: Sequence[Stack], root: Path) -> str:
    """Return the file as it should be."""
    lines = [f"{path} {' '.join(owners)}\n" for path, owners in _rules(stacks, root) if owners]
    return _HEAD + ("".join(dict.fromkeys(lines)) or _NOBODY)


def names_somebody(text: str) -> bool:
    """Tell whether a file names an owner."""
    return not text.endswith(_NOBODY)


def _rules(stacks: Sequence[Stack], root: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield paths with their owners: all of the repository, each system's code, each stack, each system's secrets."""
    everybody = tuple(dict.fromkeys(owner for stack in stacks for owner in stack.settings.stack.owner))
    yield "*", everybody
    systems = {name: each for stack in stacks for name, each in stack.settings.systems.items()}
    for name in systems:
        if (root / "stacks" / f"{name}.py").is_file():
            owners = [owner for stack in stacks for owner in _of_system(stack, name)]
            yield f"/stacks/{name}.py", tuple(dict.fromkeys(owners))
    for stack in stacks:
        owners = stack.settings.stack.owner
        if len(stack.systems) == 1:
            owners = tuple(dict.fromkeys([*owners, *_of_system(stack, stack.systems[0])]))
        yield f"/{file_name(stack.name)}", owners
        yield f"/{stack.settings.secrets}", owners
        if stack.settings.has_secrets_by_system:
            for name in stack.systems:
                yield f"/{stack.settings.secrets_of(name)}", _of_system(stack, name)
    yield f"/{DEFAULTS_FILE}", everybody


def _of_system(stack: Stack, system: str) -> tuple[str, ...]:
    """Return the owners of a system in a stack that runs it."""
    settings = stack.settings.systems.get(system)
    return settings.owner if settings else ()
