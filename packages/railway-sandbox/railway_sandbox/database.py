"""The SQLite file of one sandbox: rows of JSON text by kind and id, in the order in which they were first written.

Owns the file and its transactions. A transaction touches the rows that changed, so that its cost does not grow with
what is stored. Does not know what the rows mean.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

Rows = dict[str, dict[str, str]]
"""Kind → id → JSON text."""
Changed = Iterable[tuple[str, list[str], Mapping[str, str]]]
"""Of each kind the ids of removed rows, and the texts of changed ones by id."""

_SCHEMA: Final = "CREATE TABLE IF NOT EXISTS records (kind TEXT, id TEXT, value TEXT, PRIMARY KEY (kind, id))"
_SELECT: Final = "SELECT kind, id, value FROM records WHERE ? IS NULL OR kind = ? ORDER BY rowid"
_DELETE: Final = "DELETE FROM records WHERE kind = ? AND id = ?"
_UPSERT: Final = "INSERT INTO records VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value"
"""An update keeps the row's place in the order."""


class Database:
    """One file. Several processes may read it; who writes holds the sandbox's lock."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.connection: sqlite3.Connection | None = None
        """The one that is kept open, if any."""

    def read(self, kind: str | None = None) -> Rows:
        """Return all rows, or those of one kind; none when there is no file. Raises ``sqlite3.Error``."""
        rows: Rows = {}
        if not self.path.exists():
            return rows
        with self._connection() as connection:
            for row in connection.execute(_SELECT, (kind, kind)):
                rows.setdefault(row[0], {})[row[1]] = row[2]
        return rows

    def write(self, changed: Changed, *, everything: bool = False) -> None:
        """Store changes, all of them or none; they are in the file when this returns.

        With ``everything`` they take the place of all that was stored.
        """
        with self._connection() as connection, connection:
            connection.execute("BEGIN IMMEDIATE")
            if everything:
                connection.execute("DELETE FROM records")
            for kind, removed, texts in changed:
                connection.executemany(_DELETE, ((kind, key) for key in removed))
                connection.executemany(_UPSERT, ((kind, key, text) for key, text in texts.items()))

    @contextmanager
    def kept_open(self) -> Generator[None]:
        """Use one connection for all that is read and written in the block."""
        with self._connection() as connection:
            self.connection = connection
            try:
                yield
            finally:
                self.connection = None

    @contextmanager
    def _connection(self) -> Generator[sqlite3.Connection]:
        if self.connection is not None:
            yield self.connection
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # Readable by its owner alone, for it holds variables and tokens; SQLite's own files beside it follow.
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        try:
            # What a process has written outlives its end without waiting for the disk.
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(_SCHEMA)
            yield connection
        finally:
            connection.close()
