"""Tells JSON objects from other JSON values. Loads nothing of the project, so that everything may use it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeGuard


def is_object(value: object) -> TypeGuard[Mapping[str, object]]:
    """Tell whether a JSON value is an object."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[list[object]]:
    """Tell whether a JSON value is a list."""
    return isinstance(value, list)


def table(value: object) -> dict[str, object]:
    """Return a JSON object, or an empty one for anything else (Railway leaves out what is empty)."""
    return dict(value) if is_object(value) else {}
