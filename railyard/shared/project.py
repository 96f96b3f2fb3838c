"""Finds the folder of the Pulumi project on which a command works, and the sandbox in it.

Owns nothing but the search: what is in the folder is read by others. The commands themselves may be installed anywhere.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from railyard.shared.console import CallError

PROJECT_VARIABLE: Final = "RAILYARD_PROJECT"
SANDBOX_VARIABLE: Final = "RAILYARD_SANDBOX"
_FILE: Final = "Pulumi.yaml"


def project_directory() -> Path:
    """Return the project's folder: the nearest one with a ``Pulumi.yaml``, from the working directory upwards.

    The variable ``RAILYARD_PROJECT`` names another one. Raises ``CallError`` where there is no such file.
    """
    named = os.environ.get(PROJECT_VARIABLE)
    if named:
        if not (Path(named) / _FILE).is_file():
            raise CallError(f"{PROJECT_VARIABLE} is {named!r}, a folder without {_FILE}: name the folder of a project")
        return Path(named).resolve()
    try:
        here = Path.cwd()
    except FileNotFoundError:
        raise CallError("the working directory has been deleted: change into the folder of a project") from None
    for folder in (here, *here.parents):
        if (folder / _FILE).is_file():
            return folder
    raise CallError(
        f"there is no {_FILE} in {here} or in a folder above it: change into the folder of a project, "
        f"or name it in {PROJECT_VARIABLE}"
    )


def sandbox_directory() -> Path:
    """Return where simulated clouds, states and the log of requests live: ``.sandbox`` in the project's folder.

    The variable ``RAILYARD_SANDBOX`` names another folder. Raises ``CallError`` like ``project_directory``.
    """
    named = os.environ.get(SANDBOX_VARIABLE)
    return Path(named) if named else project_directory() / ".sandbox"
