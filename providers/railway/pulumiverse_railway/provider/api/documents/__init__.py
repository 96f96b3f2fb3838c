"""Every GraphQL document that this provider sends, one module per noun.

``DOCUMENTS`` lists them all by name, operations both alone and repeated, so that a test can hold each against the
schema.
"""

from __future__ import annotations

from typing import Final

from pulumiverse_railway.provider.api.documents import deployment, domain, environment, project, service, volume
from pulumiverse_railway.provider.api.operation import Document

_MODULES: Final = (project, environment, service, deployment, volume, domain)


def _documents() -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for module in _MODULES:
        for item in module.OPERATIONS:
            if isinstance(item, Document):
                found.append((item.name, item.text))
            else:
                found.append((item.field, item.document()))
                found.append((f"{item.field} three times", item.document(3)))
    return found


DOCUMENTS: Final = tuple(_documents())
