"""Writes the picture of the README: ``python -m railyard.map.generate``; ``--check`` only says whether it is current.

Owns which stack it shows: the one at the end of the promotions.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Final

from railyard.map.picture import declared, draw
from railyard.map.svg import svg
from railyard.shared.project import project_directory
from railyard.shared.stack import last_stack, read_stack

FILE: Final = "docs/map.svg"


def picture() -> str:
    """Return the picture as it should stand in the file."""
    stack = last_stack()
    return svg(draw(read_stack(stack), declared(stack)))


def main(arguments: Sequence[str]) -> int:
    """Write the picture, or compare it; return the exit code."""
    file = project_directory() / FILE
    current = picture()
    if "--check" in arguments:
        if not file.exists() or file.read_text(encoding="utf-8") != current:
            sys.stdout.write(f"{FILE} is out of date: make generate\n")
            return 1
        return 0
    file.write_text(current, encoding="utf-8")
    sys.stdout.write(f"{FILE} written\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
