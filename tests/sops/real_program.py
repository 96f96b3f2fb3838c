"""The real ``sops``, as ``make sops`` built it or as it is on PATH, for tests that need it."""

from __future__ import annotations

import os
from pathlib import Path

from tools import sops_program

# Looked for before a test points the commands at another project, whose tools are not pinned.
_PROGRAM = sops_program.find()


def program() -> Path:
    """The program."""
    assert _PROGRAM is not None
    return _PROGRAM


def path() -> str:
    """A PATH on which it comes first."""
    return os.pathsep.join([str(program().parent), os.environ["PATH"]])
