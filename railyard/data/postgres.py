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
from typing import IO, Final

from typing_extensions import override

from components.postgres import PostgresSettings
from railyard.data import programs
from railyard.data.cleanup import cleaned_up
from railyard.data.programs import DumpFacts, Read, Rows, Server, Tools, Write
from railyard.shared.console import OperationError

_SEPARATOR: Final = "\x1f"
_DONE: Final = "railyard-done"
_TABLES: Final = """SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
    WHERE schemaname <> 'information_schema' AND schemaname !~ '^pg_'"""
"""Those of users: the names of the catalog, and of each session's temporary tables, begin with ``pg_``."""
Ask = Callable[[str], Rows]


_PACKAGE: Final = (
    "PostgreSQL's client programs (package postgresql-client, or "
    "https://www.postgresql.org/download/) of the server's major version"
)


def _program(name: str) -> str:
    return programs.program(name, _PACKAGE)


def major_of(server: Server) -> int:
    """Return the server's major version; raises ``OperationError`` when it does not answer."""
    return int(query(server, "SHOW server_version_num")[0][0]) // 10_000


def check_versions(server: Server, *names: str) -> int:
    """Return the server's major version, which the programs have to have as well; raises ``OperationError``.

    An older ``pg_dump`` refuses the server, and what a newer one writes the server's own ``pg_restore`` cannot read.
    """
    major = major_of(server)
    for name in names:
        output = subprocess.run([_program(name), "--version"], capture_output=True, text=True, check=False).stdout
        match = re.search(r"(\d+)(\.|\s|$|devel|beta|rc)", output)
        if match is None or int(match[1]) != major:
            has = match[1] if match else "an unknown version"
            raise OperationError(
                f"the server is PostgreSQL {major} and {name} on PATH is {has}: install PostgreSQL {major}'s client "
                f"programs (package postgresql-client-{major}) and put them first on PATH"
            )
    return major


def environment(server: Server) -> dict[str, str]:
    """Return the variables of a child; none of the caller's own settings for PostgreSQL."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {
        **kept,
        "PGHOST": server.host,
        "PGPORT": str(server.port),
        "PGUSER": server.user,
        "PGPASSWORD": server.password,
        "PGDATABASE": server.database,
        "PGSSLMODE": "require" if server.encrypted else "prefer",
        "PGCONNECT_TIMEOUT": "15",
        "PGAPPNAME": "railyard",
    }


def _psql() -> list[str]:
    return [_program("psql"), "-X", "-A", "-t", "-q", "-w", "-F", _SEPARATOR, "-v", "ON_ERROR_STOP=1"]


def query(server: Server, sql: str) -> Rows:
    """Return the rows of an answer; raises ``OperationError`` with the server's words."""
    process = subprocess.run(
        _psql(), input=sql, env=environment(server), capture_output=True, text=True, encoding="utf-8", check=False
    )
    if process.returncode != 0:
        raise OperationError(programs.failure_text("psql", process.stderr, server.password))
    return [line.split(_SEPARATOR) for line in process.stdout.splitlines()]


@contextmanager
def snapshot(server: Server) -> Generator[Ask]:
    """Yield a function that asks one transaction, which sees the database as it is at this moment."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as errors:
        process = subprocess.Popen(
            _psql(),
            env=environment(server),
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
            raise OperationError(programs.failure_text("psql", errors.read(), server.password))

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
    """Return an identifier in double quotes."""
    return '"' + name.replace('"', '""') + '"'


def dumping(server: Server, snapshot_id: str) -> AbstractContextManager[IO[bytes]]:
    """Yield what ``pg_dump`` writes of a snapshot, in its custom format; raises ``OperationError`` at a bad end."""
    command = [_program("pg_dump"), "--format=custom", "--no-password", f"--snapshot={snapshot_id}"]
    return programs.output_of(command, environment(server), server.password)


def restoring(server: Server) -> AbstractContextManager[IO[bytes]]:
    """Yield the input of ``pg_restore``, which restores a dump into the empty database of ``server``."""
    arguments = ["--no-owner", "--no-privileges", "--exit-on-error", "--no-password", f"--dbname={server.database}"]
    return programs.input_of([_program("pg_restore"), *arguments], environment(server), server.password)


class Postgres(Tools):
    """PostgreSQL: rows are counted in the very transaction that ``pg_dump`` reads."""

    title = PostgresSettings.SERVER.title
    login = ("POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_DB")
    rotated = "ALTER USER"
    package = _PACKAGE
    to_dump = ("psql", "pg_dump")
    to_restore = ("psql", "pg_restore")

    @override
    def ask(self, server: Server) -> None:
        query(server, "SELECT 1")

    @override
    def major(self, server: Server) -> int:
        return check_versions(server, "pg_restore")

    @override
    def take(self, server: Server, write: Write) -> DumpFacts:
        major = check_versions(server, "pg_dump")
        with snapshot(server) as ask:
            snapshot_id = ask("SELECT pg_export_snapshot()")[0][0]
            rows = row_counts(ask)
            size = int(ask("SELECT pg_database_size(current_database())")[0][0])
            with dumping(server, snapshot_id) as stream:
                write(stream)
        return DumpFacts(server_major=major, database_bytes=size, rows=rows)

    @override
    @contextmanager
    def scratch(self, server: Server, name: str, of: str, read: Read) -> Generator[dict[str, int]]:
        scratch_server = server.to(name)
        drop = f"DROP DATABASE IF EXISTS {quoted(name)} WITH (FORCE)"
        with programs.dropped_at_end(name, lambda: query(_beside(server), drop)):
            query(server, f"CREATE DATABASE {quoted(name)} TEMPLATE template0")
            with restoring(scratch_server) as stream:
                read(stream)
            with snapshot(scratch_server) as ask:
                rows = row_counts(ask)
            yield rows

    @override
    def replace_live(self, server: Server, scratch: str, former: str) -> None:
        live, beside = server.database, _beside(server)
        with cleaned_up(lambda: _allow_connections(beside, live, former)):
            query(beside, f"ALTER DATABASE {quoted(live)} WITH ALLOW_CONNECTIONS false")
            query(
                beside,
                f"""SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {_literal(live)};
                BEGIN;
                ALTER DATABASE {quoted(live)} RENAME TO {quoted(former)};
                ALTER DATABASE {quoted(scratch)} RENAME TO {quoted(live)};
                COMMIT""",  # noqa: S608 names are quoted
            )


def _allow_connections(beside: Server, *names: str) -> None:
    """Open those of the databases that there are."""
    try:
        query(
            beside,
            f"""SELECT format('ALTER DATABASE %I WITH ALLOW_CONNECTIONS true', datname) FROM pg_database
            WHERE datname IN ({", ".join(map(_literal, names))}) \\gexec""",  # noqa: S608 names are quoted
        )
    except OperationError as error:
        raise OperationError(
            f"{' and '.join(names)} may take no connections: {error}\n"
            "next: for each that there is, run ALTER DATABASE <name> WITH ALLOW_CONNECTIONS true"
        ) from None


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _beside(server: Server) -> Server:
    """Return a database of the server that is neither the live one nor a scratch one."""
    return server.to("template1" if server.database == "postgres" else "postgres")
