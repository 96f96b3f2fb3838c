"""A file of the project that ``make generate`` writes and ``make check`` compares."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from railyard.shared.project import project_directory


def write_or_check(name: str, text: str, arguments: Sequence[str]) -> int:
    """Write the file ``name`` of the project, or compare it where ``--check`` is given; return the exit code."""
    file = project_directory() / name
    if "--check" in arguments:
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            sys.stdout.write(f"{name} is out of date: make generate\n")
            return 1
        return 0
    file.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{name} written\n")
    return 0
