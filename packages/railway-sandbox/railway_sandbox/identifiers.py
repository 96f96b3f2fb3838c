"""Ids and keys of simulated resources, repeatable from run to run.

The models draw from one source: the same seed gives the same ids in the same order, and the position is stored with the
rest of the state, so that no id is given twice. ``uuid_of`` and ``short_of`` give the same id for the same string.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass


@dataclass
class Identifiers:
    """A counter, each of whose positions is hashed to an id."""

    seed: str = "sandbox"
    count: int = 0
    """Number of ids drawn so far."""

    def __call__(self) -> str:
        """Return the next id, shaped like a version 4 UUID."""
        return str(uuid.UUID(bytes=self._next()[:16], version=4))

    def hexadecimal(self, length: int) -> str:
        """Return the next id as ``length`` hexadecimal digits (at most 64), the shape of Cloudflare's ids."""
        return self._next().hex()[:length]

    def _next(self) -> bytes:
        self.count += 1
        return hashlib.sha256(f"{self.seed}:{self.count}".encode()).digest()


def uuid_of(text: str) -> str:
    """Return the version-4-shaped UUID that belongs to ``text``."""
    return str(uuid.UUID(bytes=hashlib.sha256(text.encode()).digest()[:16], version=4))


def short_of(text: str, length: int = 8) -> str:
    """Return the first characters of the hash of ``text``: for generated host names and tokens."""
    return hashlib.sha256(text.encode()).hexdigest()[:length]
