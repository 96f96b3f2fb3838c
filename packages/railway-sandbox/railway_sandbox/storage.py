"""The files of one sandbox directory, and the lock of the process that may write them.

Owns file names, the database and its transactions, atomic writes, the lock that keeps a second server out, and the note
that tells other commands where the running one listens. Does not know what the state means. A transaction touches the
rows that changed, so that its cost does not grow with what is stored.

    clouds.sqlite3   all simulated clouds but Spaces, and the simulated time
    spaces.jsonl     what was written to Spaces
    requests.jsonl   the request log
    server.json      port and process id, while a server runs
    server.lock      held, while a server runs
    port             where `railyard sandbox serve` listens, each time
    environment      variables that point a shell at it
    volumes/         files on volumes, and in backups of them, each below its id
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
import sqlite3
import time
from collections.abc import Generator, Iterable, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

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
        # Only its owner may read it, for it holds variables and tokens; SQLite's own files get the same mode.
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


LOCK_ATTEMPTS: Final = 5
LOCK_PAUSE_S: Final = 0.05
"""A command that only asks whether a server runs holds the lock for a moment: worth a second look."""


class SandboxError(Exception):
    """The sandbox cannot do what it was asked for a reason that a person can act on; the text says what to do."""


class AlreadyServingError(SandboxError):
    """Another server uses the same sandbox directory."""


def other_version(path: Path) -> str:
    """Return the error for a state that this version cannot read."""
    return f"{path} is of another version of Railyard: 'railyard sandbox reset' empties the sandbox"


def unreadable(path: Path, problem: Exception) -> str:
    """Return the error for a damaged file."""
    return f"{path} is not readable ({problem}): reset the sandbox to begin anew"


class Storage:
    """One sandbox directory. It is made when something is first written."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.state = directory / "clouds.sqlite3"
        self.database = Database(self.state)
        self._former_state = directory / "clouds.json"
        self.spaces = directory / "spaces.jsonl"
        self.requests = directory / "requests.jsonl"
        self.server = directory / "server.json"
        self.port = directory / "port"
        self.volumes = directory / "volumes"
        self._lock = directory / "server.lock"

    def read_state(self, kind: str | None = None) -> Rows:
        """Return the stored rows, or those of one kind; none for a new sandbox."""
        if self._former_state.exists():
            raise SandboxError(other_version(self._former_state))
        try:
            return self.database.read(kind)
        except sqlite3.Error as problem:
            raise SandboxError(unreadable(self.state, problem)) from problem

    def write_state(self, changed: Changed, *, everything: bool = False) -> None:
        """Store changes, of which a reader sees all or none. With ``everything`` they replace all that was stored.

        Raises ``OSError``, as for any other file that cannot be written, when the disk is full for example.
        """
        with self._as_os_error():
            self.database.write(changed, everything=everything)

    @contextmanager
    def opened(self) -> Generator[None]:
        """Keep the database open while the block runs. Raises ``OSError`` as ``write_state`` does."""
        with ExitStack() as stack:
            with self._as_os_error():
                stack.enter_context(self.database.kept_open())
            yield

    @contextmanager
    def _as_os_error(self) -> Generator[None]:
        try:
            yield
        except sqlite3.OperationalError as problem:
            raise OSError(errno.EIO, f"not written ({problem})", str(self.state)) from problem

    def write_server(self, address: str, port: int) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        note = {"address": address, "port": port, "pid": os.getpid()}
        write_whole(self.server, json.dumps(note, separators=(",", ":")).encode())

    def remove_server(self) -> None:
        self.server.unlink(missing_ok=True)

    def check_ours(self) -> None:
        """Raise ``SandboxError`` when the directory does not look like a sandbox: ``remove`` would empty it."""
        cli_states = self.directory / "pulumi" / ".pulumi"
        own_files = (self.state, self._former_state, self.spaces, self.requests, self._lock, cli_states)
        files = list(self.directory.iterdir())
        engine_locks = [path for path in files if path.name.endswith(".json.lock")]
        if files and not engine_locks and not any(path.exists() for path in own_files):
            raise SandboxError(f"{self.directory} is no sandbox directory: nothing was removed")

    def remove(self) -> None:
        """Delete what the sandbox wrote, and the states of its engine; the lock and the port stay."""
        for path in self.directory.iterdir():
            if path in (self._lock, self.port):
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()

    def serving_address(self) -> str | None:
        """Return where the running server listens; ``None`` when none runs, whatever a crashed one left behind."""
        if not self._lock.exists() or not self.server.exists():
            return None
        try:
            with self.lock(attempts=1):
                return None
        except AlreadyServingError:
            try:
                return str(json.loads(self.server.read_bytes())["address"])
            except (FileNotFoundError, ValueError, KeyError):
                return None

    @contextmanager
    def lock(self, attempts: int = LOCK_ATTEMPTS) -> Generator[None]:
        """Keep every other server out while the block runs. Raises ``AlreadyServingError`` where one runs already."""
        self.directory.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            self._acquire(descriptor, attempts)
            yield
        finally:
            os.close(descriptor)

    def _acquire(self, descriptor: int, attempts: int) -> None:
        for attempt in range(attempts):
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if attempt + 1 < attempts:
                    time.sleep(LOCK_PAUSE_S)
            else:
                return
        holder = self._who()
        raise AlreadyServingError(
            f"a sandbox server already runs on {self.directory}{holder}; use or stop it, or choose another directory"
        )

    def _who(self) -> str:
        try:
            note: dict[str, Any] = json.loads(self.server.read_bytes())
        except (FileNotFoundError, ValueError):
            return ""
        return f" (process {note.get('pid')}, {note.get('address')})"


def write_whole(path: Path, data: bytes) -> None:
    """Write a file that only its owner may read, in one piece: a run that is killed leaves the old one or none."""
    temporary = path.with_suffix(".part")
    temporary.unlink(missing_ok=True)  # of a run that was killed
    with open(temporary, "xb", opener=_open_private) as file:
        file.write(data)
    temporary.replace(path)


def append_line(path: Path, line: bytes) -> None:
    """Append a line to a file that only its owner may read, and whose folder is made where there is none.

    Raises ``OSError`` when the disk is full, and leaves the file as it was: half a line would spoil the next one, too.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    rest = line + b"\n"
    with open(path, "ab", buffering=0, opener=_open_private) as file:
        former_size = file.tell()
        try:
            while rest:
                rest = rest[file.write(rest) :]
        except OSError as problem:
            file.truncate(former_size)
            raise OSError(problem.errno, problem.strerror, str(path)) from problem


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
