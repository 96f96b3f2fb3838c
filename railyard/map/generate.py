"""Writes the picture of the README: ``python -m railyard.map.generate``; ``--check`` only says whether it is current.

Owns which stack it shows: the one at the end of the promotions.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Final

from railyard.map.picture import declared, draw
from railyard.map.svg import svg
from railyard.shared.files import write_or_check
from railyard.shared.stack import last_stack, read_stack

FILE: Final = "docs/map.svg"


def picture() -> str:
    """Return the picture as it should stand in the file."""
    stack = last_stack()
    return svg(draw(read_stack(stack), declared(stack)))


def main(arguments: Sequence[str]) -> int:
    """Write the picture, or compare it; return the exit code."""
    return write_or_check(FILE, picture(), arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
