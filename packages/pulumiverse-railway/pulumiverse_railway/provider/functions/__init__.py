"""The functions of the provider. A new one is a new module here, and nothing else: ``ALL`` finds it."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any, Final, cast

from pulumi_provider.declaration import Function


def _declared() -> list[type[Function[Any, Any]]]:
    """Return every function class that a module of this package defines, by token."""
    functions: dict[str, type[Function[Any, Any]]] = {}
    for module_info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{module_info.name}")
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, Function) and value.__module__ == module.__name__:
                function = cast("type[Function[Any, Any]]", value)
                functions[function.token] = function
    return [functions[token] for token in sorted(functions)]


ALL: Final = tuple(_declared())
"""All functions, sorted by token."""
