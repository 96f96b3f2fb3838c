"""PostgreSQL's own programs as children of a command: ``psql``, ``pg_dump`` and ``pg_restore``, found on PATH.

Owns their versions, their variables and what their errors look like. The password reaches them through their
environment alone: other users of the machine cannot read it there, and no command line or message holds it.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from typing import IO, Final

from railyard.data import programs
from railyard.shared.console import OperationError

_SEPARATOR: Final = "\x1f"
_DONE: Final = "railyard-done"
_TABLES: Final = """SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
    WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"""
Rows = list[list[str]]
Ask = Callable[[str], Rows]


@dataclass(frozen=True, kw_only=True)
class Server:
    """One database of one server, and how it is reached."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    database: str
    encrypted: bool = True
    """True when TLS is required. The image's certificate is self-signed, so it is not checked."""

    def to(self, database: str) -> Server:
        """Return another database of the same server."""
        return replace(self, database=database)

    @property
    def environment(self) -> dict[str, str]:
        """Return the variables of a child; none of the caller's own settings for PostgreSQL."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        return {
            **kept,
            "PGHOST": self.host,
            "PGPORT": str(self.port),
            "PGUSER": self.user,
            "PGPASSWORD": self.password,
            "PGDATABASE": self.database,
            "PGSSLMODE": "require" if self.encrypted else "prefer",
            "PGCONNECT_TIMEOUT": "15",
            "PGAPPNAME": "railyard",
        }


def program(name: str) -> str:
    """Return the path of one of PostgreSQL's programs; raises ``OperationError`` when it is not installed."""
    return programs.program(
        name,
        "PostgreSQL's client programs (package postgresql-client, or "
        "https://www.postgresql.org/download/) of the server's major version",
    )


def check_installed(*names: str) -> None:
    """Raise ``OperationError`` when a program is missing: before anything is done for nothing."""
    for name in names:
        program(name)


def major_of(server: Server) -> int:
    """Return the server's major version; raises ``OperationError`` when it does not answer."""
    return int(query(server, "SHOW server_version_num")[0][0]) // 10_000


def check_versions(server: Server, *names: str) -> int:
    """Return the server's major version, which the programs have to have as well; raises ``OperationError``.

    An older ``pg_dump`` refuses the server, and what a newer one writes the server's own ``pg_restore`` cannot read.
    """
    major = major_of(server)
    for name in names:
        output = subprocess.run([program(name), "--version"], capture_output=True, text=True, check=False).stdout
        match = re.search(r"(\d+)(\.|\s|$|devel|beta|rc)", output)
        if match is None or int(match[1]) != major:
            has = match[1] if match else "an unknown version"
            raise OperationError(
                f"the server is PostgreSQL {major} and {name} on PATH is {has}: install PostgreSQL {major}'s client "
                f"programs (package postgresql-client-{major}) and put them first on PATH"
            )
    return major


def _psql() -> list[str]:
    return [program("psql"), "-X", "-A", "-t", "-q", "-w", "-F", _SEPARATOR, "-v", "ON_ERROR_STOP=1"]


def query(server: Server, sql: str) -> Rows:
    """Return the rows of an answer; raises ``OperationError`` with the server's words."""
    process = subprocess.run(
        _psql(), input=sql, env=server.environment, capture_output=True, text=True, encoding="utf-8", check=False
    )
    if process.returncode != 0:
        raise OperationError(programs.said("psql", process.stderr, server.password))
    return [line.split(_SEPARATOR) for line in process.stdout.splitlines()]


@contextmanager
def snapshot(server: Server) -> Generator[Ask]:
    """Ask a transaction that sees the database as it is at this moment, for as long as the block runs."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as errors:
        process = subprocess.Popen(
            _psql(),
            env=server.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            encoding="utf-8",
        )
        assert process.stdin
        assert process.stdout
        stdin, stdout = process.stdin, process.stdout

        def ask(sql: str) -> Rows:
            try:
                stdin.write(f"{sql};\n\\echo {_DONE}\n")
                stdin.flush()
            except BrokenPipeError:
                pass  # It has ended with an error, which is read below.
            rows: Rows = []
            for line in stdout:
                if line.rstrip("\n") == _DONE:
                    return rows
                rows.append(line.rstrip("\n").split(_SEPARATOR))
            errors.seek(0)
            raise OperationError(programs.said("psql", errors.read(), server.password))

        try:
            ask("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield ask
        finally:
            programs.end(process)


def row_counts(ask: Ask) -> dict[str, int]:
    """Return each table of the database with the number of its rows, counted one by one."""
    tables = sorted(row[0] for row in ask(_TABLES))
    return {table: int(ask(f"SELECT count(*) FROM {table}")[0][0]) for table in tables}  # noqa: S608 quoted by format


def quoted(name: str) -> str:
    """Return an identifier as SQL has it."""
    return '"' + name.replace('"', '""') + '"'


def dumping(server: Server, snapshot_id: str) -> AbstractContextManager[IO[bytes]]:
    """Return what ``pg_dump`` writes of a snapshot, in its custom format; raises ``OperationError`` at a bad end."""
    command = [program("pg_dump"), "--format=custom", "--no-password", f"--snapshot={snapshot_id}"]
    return programs.output_of(command, server.environment, server.password)


def restoring(server: Server) -> AbstractContextManager[IO[bytes]]:
    """Return where a dump is written that ``pg_restore`` brings into the (empty) database of ``server``."""
    arguments = ["--no-owner", "--no-privileges", "--exit-on-error", "--no-password", f"--dbname={server.database}"]
    return programs.input_of([program("pg_restore"), *arguments], server.environment, server.password)
