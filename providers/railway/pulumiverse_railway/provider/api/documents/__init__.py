"""Every GraphQL document that this provider sends, one module per noun. A new module is found by itself.

``DOCUMENTS`` lists them all by name, operations both alone and repeated, so that a test can hold each against the
schema.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from typing import Final, cast

from pulumiverse_railway.provider.api.operation import Document, Operation


def _documents() -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name in sorted(module.name for module in pkgutil.iter_modules(__path__)):
        module = importlib.import_module(f"{__name__}.{name}")
        for item in cast("Sequence[Document | Operation]", module.OPERATIONS):
            if isinstance(item, Document):
                found.append((item.name, item.text))
            else:
                found.append((item.field, item.document()))
                found.append((f"{item.field} three times", item.document(3)))
    return found


DOCUMENTS: Final = tuple(_documents())
