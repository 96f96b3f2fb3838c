"""The real ``sops``, as ``make sops`` built it or as it is on PATH, for tests that need it."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from tools import sops_program


@cache
def program() -> Path:
    """The program."""
    program = sops_program.find()
    assert program is not None
    return program


def path() -> str:
    """A PATH on which it comes first."""
    return os.pathsep.join([str(program().parent), os.environ["PATH"]])
