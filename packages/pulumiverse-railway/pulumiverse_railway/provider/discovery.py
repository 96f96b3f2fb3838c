"""Finds the classes of the provider: a new resource or function is a new module in its package, and nothing else."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from typing import Any, TypeVar

from pulumi_provider.declaration import Function, Resource

Declared = TypeVar("Declared", bound="Resource[Any, Any] | Function[Any, Any]")


def classes_in(package: str, path: Iterable[str], base: type[Declared]) -> tuple[type[Declared], ...]:
    """Return every subclass of ``base`` that a module of the package defines, sorted by token."""
    classes: dict[str, type[Declared]] = {}
    for info in pkgutil.iter_modules(path):
        if info.ispkg:
            continue
        module = importlib.import_module(f"{package}.{info.name}")
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, base) and value.__module__ == module.__name__:
                classes[value.token] = value
    return tuple(classes[token] for token in sorted(classes))
