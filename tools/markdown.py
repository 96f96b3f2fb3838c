"""Text of declarations as Markdown."""

from __future__ import annotations


def as_code(text: str) -> str:
    """Return text as code that may stand in a table."""
    return f"`{text.replace('|', chr(92) + '|')}`"
