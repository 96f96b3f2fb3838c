"""The settings of a system as a tree: its arguments objects, or its plain values, each with its path in the file.

For code that needs all services, all names or all strings of a system without knowing which system it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from components.arguments import Arguments, Path


def walk_arguments(arguments: Arguments, path: Path = ()) -> Iterator[tuple[Path, Arguments]]:
    """Yield every arguments object inside ``arguments``, itself first, with its path in the settings file."""
    yield path, arguments
    for name, field in type(arguments).model_fields.items():
        value: Any = getattr(arguments, name)
        inner_path = (*path, field.alias or name)
        if isinstance(value, Arguments):
            yield from walk_arguments(value, inner_path)
        elif isinstance(value, tuple):
            for index, item in enumerate(value):  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
                if isinstance(item, Arguments):
                    yield from walk_arguments(item, (*inner_path, index))
        elif isinstance(value, dict):
            for key, item in value.items():  # pyright: ignore[reportUnknownVariableType]
                if isinstance(item, Arguments):
                    yield from walk_arguments(item, (*inner_path, str(key)))  # pyright: ignore[reportUnknownArgumentType]


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield every value below ``value`` that is neither a group nor a list, with its path."""
    if isinstance(value, Mapping):
        for key, inner in cast("Mapping[str, Any]", value).items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(cast("list[Any]", value)):
            yield from leaves(inner, (*path, index))
    else:
        yield path, value
