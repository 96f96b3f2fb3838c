"""Lines on a console: with styles on a terminal, as plain text wherever else they go."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text


def is_plain(console: Console) -> bool:
    """Tell whether nothing but text may be written: to a file, a pipe, a dumb terminal, or with NO_COLOR."""
    return not console.is_terminal or console.is_dumb_terminal or console.no_color


def write(console: Console, *lines: Text) -> None:
    """Write each as it is: neither wrapped nor highlighted."""
    for line in lines:
        text = Text(line.plain) if is_plain(console) else line
        console.print(text, soft_wrap=True, highlight=False, markup=False)
