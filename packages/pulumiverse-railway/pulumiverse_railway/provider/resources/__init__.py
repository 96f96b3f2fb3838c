"""The resource types of the provider. A new one is a new module here, and nothing else: ``ALL`` finds it."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any, Final, cast

from pulumi_provider.declaration import Resource


def _declared() -> list[type[Resource[Any, Any]]]:
    """Return every resource class that a module of this package defines, by token."""
    resources: dict[str, type[Resource[Any, Any]]] = {}
    for module_info in pkgutil.iter_modules(__path__):
        if module_info.ispkg:
            continue
        module = importlib.import_module(f"{__name__}.{module_info.name}")
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, Resource) and value.__module__ == module.__name__:
                resource = cast("type[Resource[Any, Any]]", value)
                resources[resource.token] = resource
    return [resources[token] for token in sorted(resources)]


ALL: Final = tuple(_declared())
"""All resource types, sorted by token."""
