"""The folder of the Pulumi project on which a command works, and the sandbox in it.

Owns what people are told where there is none. The commands themselves may be installed anywhere.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from railyard.shared.console import CallError
from stacks.project_folder import PROJECT_FILE, PROJECT_VARIABLE, find_project

SANDBOX_VARIABLE: Final = "RAILYARD_SANDBOX"
_PACKAGES: Final = {"components": "service.py", "railyard": "application.py", "stacks": "system.py"}
"""Railyard's own packages that a program finds by these names → a file that only they have."""


def project_directory() -> Path:
    """Return the project's folder: the nearest one with a ``Pulumi.yaml``, from the working directory upwards.

    The variable ``RAILYARD_PROJECT`` names another one. Raises ``CallError`` where there is no such file, or where
    something else in the folder has the name of a package that the program imports.
    """
    try:
        directory = find_project()
    except FileNotFoundError:
        raise CallError("the working directory has been deleted: change into the folder of a project") from None
    if directory is not None:
        refuse_hidden_packages(directory)
        return directory
    if named := os.environ.get(PROJECT_VARIABLE):
        raise CallError(
            f"{PROJECT_VARIABLE} is {named!r}, a folder without {PROJECT_FILE}: name the folder of a project"
        )
    raise CallError(
        f"there is no {PROJECT_FILE} in {Path.cwd()} or in a folder above it: change into the folder of a project, "
        f"make one with `railyard init`, or name one in {PROJECT_VARIABLE}"
    )


def refuse_hidden_packages(folder: Path) -> None:
    """Raise ``CallError`` for a folder in which a program would import something else in the place of Railyard."""
    for name, own in _PACKAGES.items():
        for other in (folder / f"{name}.py", folder / name / "__init__.py"):
            if other.is_file() and not (folder / name / own).is_file():
                raise CallError(
                    f"{other} hides Railyard's package {name!r} from the Pulumi program, which looks beside itself "
                    "first: rename it, or keep Pulumi.yaml in a folder of its own, such as infrastructure/"
                )


def sandbox_directory() -> Path:
    """Return where simulated clouds, states and the log of requests live: ``.sandbox`` in the project's folder.

    The variable ``RAILYARD_SANDBOX`` names another folder. Raises ``CallError`` like ``project_directory``.
    """
    named = os.environ.get(SANDBOX_VARIABLE)
    return Path(named) if named else project_directory() / ".sandbox"
