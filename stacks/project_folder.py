"""Finds the folder of the Pulumi project on which a program or a command works.

Owns nothing but the search. What is in the folder is read by others.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

PROJECT_VARIABLE: Final = "RAILYARD_PROJECT"
PROJECT_FILE: Final = "Pulumi.yaml"
REQUIREMENTS: Final = "requirements.txt"
"""The file that pins what a project needs."""
PAGES: Final = "share/doc/railyard"
"""Folder of an environment into which the wheel puts the pages of ``docs/``."""
OTHER_REQUIREMENTS: Final = "requirements-railyard.txt"
"""The same beside an application that has a ``requirements.txt`` of its own."""


def find_project() -> Path | None:
    """Return the nearest folder with a ``Pulumi.yaml``, from the working directory upwards; None where there is none.

    The variable ``RAILYARD_PROJECT`` names another one. Raises ``FileNotFoundError`` when the working directory has
    been deleted.
    """
    named = os.environ.get(PROJECT_VARIABLE)
    start = Path(named).resolve() if named else Path.cwd()
    folders = (start,) if named else (start, *start.parents)
    return next((folder for folder in folders if (folder / PROJECT_FILE).is_file()), None)


def requirements_file(root: Path) -> str:
    """Return the name of the file that pins Railyard in a project."""
    return OTHER_REQUIREMENTS if (root / OTHER_REQUIREMENTS).is_file() else REQUIREMENTS


def is_checkout(root: Path) -> bool:
    """Tell whether a project is a checkout of Railyard itself, which has a script for the command line, and make."""
    return (root / "bin" / "railyard").is_file()


def _typed() -> str:
    with suppress(FileNotFoundError):
        root = find_project()
        if root and is_checkout(root):
            return "./bin/railyard"
    return "railyard"


def page(name: str) -> str:
    """Return where a person reads a page of ``docs/``: in a checkout, or else where the wheel has put it.

    What lies below the working directory is named from there.
    """
    file = Path(sys.prefix) / PAGES / name
    with suppress(FileNotFoundError):
        root = find_project()
        if file.is_file() and not (root and is_checkout(root)):
            return str(file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file)
    return f"docs/{name}"


RAILYARD: Final = _typed()
"""Command line as a person types it in this project: a checkout of Railyard needs no activated environment."""
