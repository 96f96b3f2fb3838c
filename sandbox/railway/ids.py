"""Identifiers that look like Railway's and come out the same in every run.

Owns the seedable source that a sandbox and tests hand to the model; the model itself only ever calls what it was given.
"""

from __future__ import annotations

import hashlib
import uuid


def uuid_of(text: str) -> str:
    """The version-4-shaped UUID that belongs to ``text``."""
    return str(uuid.UUID(bytes=hashlib.sha256(text.encode()).digest()[:16], version=4))


def short_of(text: str, length: int = 8) -> str:
    """The first characters of the hash of ``text``: for generated host names and tokens."""
    return hashlib.sha256(text.encode()).hexdigest()[:length]


class Identifiers:
    """A source of UUIDs: the same ``seed`` gives the same sequence, from ``drawn`` on."""

    def __init__(self, seed: str = "railway", drawn: int = 0) -> None:
        self.seed = seed
        self.drawn = drawn

    def __call__(self) -> str:
        """The next identifier."""
        self.drawn += 1
        return uuid_of(f"{self.seed}/{self.drawn}")
