"""Every GraphQL document that this provider sends, one module per group of nouns. A new module is found by itself.

Each is declared with the type of its answer: ``make generate`` writes those types into ``answers``, and says which one
is missing. What a module imports from another one is not its own.

``DOCUMENTS`` lists them all by name, operations both alone and repeated, so that a test can hold each against the
schema.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import Final, TypeAlias

from railway_api.operation import Document, Operation

Declared: TypeAlias = Document[object] | Operation[object]


def modules() -> list[ModuleType]:
    """Return the modules with documents."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return [importlib.import_module(f"{__name__}.{name}") for name in names]


def declared_in(module: ModuleType) -> Iterator[tuple[str, Declared]]:
    """Give the operations and documents of a module, by their names."""
    for name in module.__annotations__:
        item = getattr(module, name, None)
        if isinstance(item, Operation | Document):
            yield name, item


def _documents() -> list[tuple[str, str]]:
    documents: list[tuple[str, str]] = []
    for item in DECLARED:
        if isinstance(item, Document):
            documents.append((item.name, item.text))
        else:
            documents.append((item.name, item.document()))
            documents.append((f"{item.name} three times", item.document(3)))
    return documents


DECLARED: Final = tuple(item for module in modules() for _, item in declared_in(module))
"""All operations and documents as they are declared."""
DOCUMENTS: Final = tuple(_documents())
"""Name and text of each document."""
MUTATIONS: Final = tuple(item.field for item in DECLARED if isinstance(item, Operation) and item.kind == "mutation")
"""The root field of each document that writes."""
