"""The settings of a system as a tree of arguments objects, each with the place where it stands.

For whoever asks about all services, all names or all volumes of a system without knowing which system it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from components.arguments import Arguments, Path


def walk_arguments(arguments: Arguments, path: Path = ()) -> Iterator[tuple[Path, Arguments]]:
    """Yield every arguments object inside ``arguments``, itself first, with its path in the settings file."""
    yield path, arguments
    for name, field in type(arguments).model_fields.items():
        value: Any = getattr(arguments, name)
        here = (*path, field.alias or name)
        if isinstance(value, Arguments):
            yield from walk_arguments(value, here)
        elif isinstance(value, tuple):
            for index, item in enumerate(value):  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
                if isinstance(item, Arguments):
                    yield from walk_arguments(item, (*here, index))
        elif isinstance(value, dict):
            for key, item in value.items():  # pyright: ignore[reportUnknownVariableType]
                if isinstance(item, Arguments):
                    yield from walk_arguments(item, (*here, str(key)))  # pyright: ignore[reportUnknownArgumentType]
