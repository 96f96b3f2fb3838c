"""Files of Python as trees."""

from __future__ import annotations

import ast


def parsed(text: str) -> ast.Module:
    """Return a file as a tree, tried again where CPython 3.11 miscounts (python/cpython issue 106905)."""
    try:
        return ast.parse(text)
    except SystemError:
        return ast.parse(text)
