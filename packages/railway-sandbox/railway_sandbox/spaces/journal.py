"""The journal of Spaces: each request that changed something, as one line, so that it can be repeated.

Owns the file and its format. Moto keeps buckets in memory only; repeating the successful requests in their order
rebuilds them. A request costs one appended line, however many objects there are.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from railway_sandbox.storage import SandboxError, append_line, unreadable


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One successful request that changed something."""

    sequence: int
    """Position since the journal began; it decides the version ids that moto draws."""
    method: str
    region: str
    bucket: str
    key: str
    """Percent-encoded; empty for a request about the bucket."""
    query: str
    headers: dict[str, str]
    body: bytes


class Journal:
    """An append-only file, which only its owner may read: objects may be private."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.last_sequence = 0

    def entries(self) -> Iterator[Entry]:
        """Yield all entries, oldest first, but for a last line that is not whole: its request was never answered.

        Raises ``SandboxError`` for a line that cannot be read.
        """
        self.last_sequence = 0
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            for line in file:
                if line.endswith(b"\n"):
                    entry = self._entry(line)
                    self.last_sequence = entry.sequence
                    yield entry

    def repair(self) -> None:
        """Cut off a last line that a crash left unfinished. The caller must hold the sandbox's lock."""
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            size = sum(len(line) for line in file if line.endswith(b"\n"))
        os.truncate(self._path, size)

    def append(self, entry: Entry) -> None:
        """Add an entry; it is in the file when this returns. Raises ``OSError`` when it cannot be written."""
        written = {**vars(entry), "body": base64.b64encode(entry.body).decode()}
        append_line(self._path, json.dumps(written, separators=(",", ":")).encode())
        self.last_sequence = entry.sequence

    def clear(self) -> None:
        """Forget everything."""
        self._path.unlink(missing_ok=True)
        self.last_sequence = 0

    def _entry(self, line: bytes) -> Entry:
        try:
            written: dict[str, Any] = json.loads(line)
            written["body"] = base64.b64decode(written["body"])
            return Entry(**written)
        except (ValueError, KeyError, TypeError) as problem:
            raise SandboxError(unreadable(self._path, problem)) from problem
