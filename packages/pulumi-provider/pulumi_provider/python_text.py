"""Small pieces of Python source: docstrings, blocks, imports; the form in which ``ruff format`` leaves them.

Owns layout, not content: what the SDK says is decided in ``sdk``.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Final

WIDTH: Final = 120


def docstring(text: str, indent: int = 0) -> str:
    """Return a docstring; paragraphs are wrapped, and stay apart."""
    margin, safe = " " * indent, text.replace("\\", "\\\\").replace('"""', "'''").strip()
    if "\n" not in safe and len(safe) + indent + 6 <= WIDTH and not safe.endswith('"'):
        return f'{margin}"""{safe}"""'
    blocks = [_wrapped(block, indent) for block in f'"""{safe}'.split("\n\n")]
    return "\n\n".join(blocks) + f'\n{margin}"""'


def block(opening: str, lines: Sequence[str], closing: str, indent: int = 0) -> str:
    """Return ``opening`` and ``closing`` around one line for each entry, each with its comma."""
    margin = " " * indent
    inside = [f"{margin}    {line}," for line in lines]
    return "\n".join([f"{margin}{opening}", *inside, f"{margin}{closing}"])


def call(function: str, arguments: str, indent: int = 0) -> str:
    """Return a call on one line, or with its arguments on a line of their own where that is too long."""
    margin = " " * indent
    line = f"{margin}{function}({arguments})"
    return line if len(line) <= WIDTH else f"{margin}{function}(\n{margin}    {arguments}\n{margin})"


def import_line(module: str, names: Sequence[str]) -> str:
    """Return an import, with a line for each name where one is too short for all."""
    line = f"from {module} import {', '.join(names)}"
    return line if len(line) <= WIDTH else block(f"from {module} import (", names, ")")


def _wrapped(paragraph: str, indent: int) -> str:
    """Return one paragraph within the width; a list or an indented text keeps its lines."""
    margin = " " * indent
    lines = paragraph.split("\n")
    if any(line.startswith((" ", "- ", "* ", ":param")) for line in lines):
        return "\n".join(_hanging(line, margin) for line in lines)
    return _hanging(" ".join(lines), margin)


def _hanging(line: str, margin: str) -> str:
    own = line[: len(line) - len(line.lstrip())]
    hang = "  " if line.lstrip().startswith(("- ", "* ", ":param")) else ""
    return textwrap.fill(
        line.strip(),
        WIDTH,
        initial_indent=margin + own,
        subsequent_indent=margin + own + hang,
        break_long_words=False,
        break_on_hyphens=False,
    )
