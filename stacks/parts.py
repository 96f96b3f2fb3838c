"""Every arguments object in the settings of a system, with the place where it stands.

For whoever asks about all services, all names or all volumes of a system without knowing which system it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from components.arguments import Arguments


def parts(arguments: Arguments, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Arguments]]:
    """Every arguments object inside ``arguments``, itself included, with its path in the settings file."""
    yield path, arguments
    for name, field in type(arguments).model_fields.items():
        value: Any = getattr(arguments, name)
        here = (*path, field.alias or name)
        if isinstance(value, Arguments):
            yield from parts(value, here)
        elif isinstance(value, tuple):
            for index, item in enumerate(value):  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
                if isinstance(item, Arguments):
                    yield from parts(item, (*here, index))
