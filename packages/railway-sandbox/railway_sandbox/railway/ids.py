"""Names that Railway makes out of something: the same text gives the same id or host name in every run."""

from __future__ import annotations

import hashlib
import uuid


def uuid_of(text: str) -> str:
    """Return the version-4-shaped UUID that belongs to ``text``."""
    return str(uuid.UUID(bytes=hashlib.sha256(text.encode()).digest()[:16], version=4))


def short_of(text: str, length: int = 8) -> str:
    """Return the first characters of the hash of ``text``: for generated host names and tokens."""
    return hashlib.sha256(text.encode()).hexdigest()[:length]
