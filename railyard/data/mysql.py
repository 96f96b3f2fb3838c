"""MySQL's own programs as children of a command: ``mysql`` and ``mysqldump``, found on PATH.

Owns their options, and what is compared: MySQL hands no snapshot from one connection to another, so rows are counted
before and after the dump, and a table that was written to meanwhile is left out of the comparison.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import IO, Final

from typing_extensions import override

from components.mysql import MysqlSettings
from railyard.data import programs
from railyard.data.cleanup import cleaned_up
from railyard.data.programs import DumpFacts, Read, Rows, Server, Tools, UnencryptedError, Write
from railyard.shared.console import OperationError

_PACKAGE: Final = (
    "MySQL's client programs (package mysql-client or default-mysql-client, or https://dev.mysql.com/downloads/)"
)


_TRIGGERS: Final = "SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = DATABASE()"
_PROGRAMS: Final = """SELECT 'view', table_name FROM information_schema.views WHERE table_schema = DATABASE()
    UNION ALL SELECT LOWER(routine_type), routine_name FROM information_schema.routines
    WHERE routine_schema = DATABASE()
    UNION ALL SELECT 'event', event_name FROM information_schema.events WHERE event_schema = DATABASE()"""


@contextmanager
def _options(server: Server) -> Generator[list[str]]:
    """Yield the first options of each program: a file, which no other user can read, with address and password."""
    password = server.password.replace("\\", "\\\\").replace('"', '\\"')
    lines = [
        "[client]",
        f"host={server.host}",
        f"port={server.port}",
        "protocol=tcp",
        f"user={server.user}",
        f'password="{password}"',
    ]
    if server.encrypted:
        lines += ["ssl", "ssl-verify-server-cert=0"] if _is_mariadb() else ["ssl-mode=REQUIRED"]
    with programs.private_file(".cnf", "\n".join(lines) + "\n") as file:
        yield [f"--defaults-file={file}", "--default-character-set=utf8mb4"]


def _is_mariadb() -> bool:
    """Tell whether the programs are MariaDB's, which have other options for TLS."""
    version = subprocess.run([_program("mysql"), "--version"], capture_output=True, text=True, check=False).stdout
    return "MariaDB" in version


def _program(name: str) -> str:
    return programs.program(name, _PACKAGE)


def query(server: Server, sql: str, *, database: bool = True) -> Rows:
    """Return the rows of an answer; raises ``OperationError`` with the server's words."""
    with _options(server) as options:
        process = subprocess.run(
            [_program("mysql"), *options, "--batch", "--skip-column-names", *([server.database] if database else [])],
            input=sql,
            env=_environment(),
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
    if process.returncode != 0:
        raise OperationError(programs.failure_text("mysql", process.stderr, server.password))
    return [line.split("\t") for line in process.stdout.splitlines()]


def major_of(server: Server) -> int:
    """Return the server's major version."""
    return int(query(server, "SELECT VERSION()", database=False)[0][0].partition(".")[0])


def check_versions(server: Server) -> int:
    """Return the server's major version, which ``mysqldump`` must not be older than; raises ``OperationError``."""
    major = major_of(server)
    text = subprocess.run([_program("mysqldump"), "--version"], capture_output=True, text=True, check=False).stdout
    match = re.search(r"(?:Distrib|Ver|from)\s+(\d+)\.\d+\.\d+", text)
    if match is None or int(match[1]) < major:
        has = match[1] if match else "an unknown version"
        raise OperationError(
            f"the server is MySQL {major} and mysqldump on PATH is {has}: install {_PACKAGE} of version {major}"
        )
    return major


def tables(server: Server) -> list[str]:
    """Return the tables of the database, without views."""
    return sorted(row[0] for row in query(server, "SHOW FULL TABLES WHERE Table_type = 'BASE TABLE'"))


def row_counts(server: Server) -> dict[str, int]:
    """Return each table of the database with the number of its rows, counted in one transaction."""
    names = tables(server)
    counting = "".join(f"SELECT COUNT(*) FROM {quoted(name)};\n" for name in names)  # noqa: S608 quoted
    rows = query(server, f"START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY;\n{counting}COMMIT;") if names else []
    return dict(zip(names, (int(row[0]) for row in rows), strict=True))


def bytes_of(server: Server) -> int:
    """Return how large the database is on its volume."""
    size = "SELECT COALESCE(SUM(data_length + index_length), 0) FROM information_schema.tables"
    return int(float(query(server, f"{size} WHERE table_schema = DATABASE()")[0][0]))


@contextmanager
def dumping(server: Server) -> Generator[IO[bytes]]:
    """Yield what ``mysqldump`` writes of one moment; raises ``OperationError`` when it ends badly."""
    dump_options = ["--single-transaction", "--routines", "--triggers", "--events", "--hex-blob", "--no-tablespaces"]
    with _options(server) as options:
        command = [_program("mysqldump"), *options, *dump_options, server.database]
        with programs.output_of(command, _environment(), server.password) as stream:
            yield stream


@contextmanager
def restoring(server: Server) -> Generator[IO[bytes]]:
    """Yield the input of ``mysql``, which restores a dump into the empty database of ``server``."""
    with _options(server) as options:
        command = [_program("mysql"), *options, server.database]
        with programs.input_of(command, _environment(), server.password) as stream:
            yield stream


def move_tables(server: Server, moves: Sequence[tuple[str, str, str]]) -> None:
    """Move tables between databases of the server, all in one step: (from database, table, to database)."""
    pairs = [f"{quoted(old)}.{quoted(name)} TO {quoted(new)}.{quoted(name)}" for old, name, new in moves]
    query(server, f"RENAME TABLE {', '.join(pairs)}", database=False)


def check_movable(live: Server, scratch: Server) -> None:
    """Raise ``OperationError`` where an exchange of tables fails or loses something: tables alone can be moved."""
    if triggers := _named(live, _TRIGGERS) | _named(scratch, _TRIGGERS):
        raise OperationError(
            f"nothing was replaced: MySQL moves no table with a trigger to another database: {_listing(triggers)}"
        )
    if lost := _named(scratch, _PROGRAMS) - _named(live, _PROGRAMS):
        raise OperationError(
            f"nothing was replaced: the live database lacks what the dump has beside its tables, {_listing(lost)}\n"
            "next: create that in the live database, since tables alone move between databases, and run it again"
        )


def _listing(names: set[str]) -> str:
    return ", ".join(sorted(names))


def _named(server: Server, sql: str) -> set[str]:
    return {" ".join(row) for row in query(server, sql)}


def quoted(name: str) -> str:
    """Return an identifier in backquotes."""
    return "`" + name.replace("`", "``") + "`"


def _environment() -> dict[str, str]:
    """Return the variables of a child; none of the caller's own settings for MySQL."""
    return {name: value for name, value in os.environ.items() if not name.startswith("MYSQL")}


class Mysql(Tools):
    """MySQL: tables move between databases, since a database has no other name to take."""

    title = MysqlSettings.SERVER.title
    login = ("=root", MysqlSettings.SERVER.password_variable, "MYSQL_DATABASE")
    rotated = "ALTER USER"
    package = _PACKAGE
    to_dump = ("mysql", "mysqldump")
    to_restore = ("mysql",)

    @override
    def ask(self, server: Server) -> None:
        (cipher,) = query(server, "SHOW STATUS LIKE 'Ssl_cipher'", database=False)
        # MariaDB's programs go on without TLS where the server has none.
        if server.encrypted and not cipher[1]:
            raise UnencryptedError("the server has no TLS: give --in-clear if the dump may cross the internet as it is")

    @override
    def major(self, server: Server) -> int:
        return major_of(server)

    @override
    def take(self, server: Server, write: Write) -> DumpFacts:
        facts = DumpFacts(server_major=check_versions(server), database_bytes=bytes_of(server))
        return programs.counted_around(facts, server, write, row_counts, dumping)

    @override
    @contextmanager
    def scratch(self, server: Server, name: str, of: str, read: Read) -> Generator[dict[str, int]]:
        scratch_server = server.to(name)
        drop = f"DROP DATABASE IF EXISTS {quoted(name)}"
        with programs.dropped_at_end(name, lambda: query(server, drop, database=False)):
            query(server, f"CREATE DATABASE {quoted(name)}", database=False)
            with restoring(scratch_server) as stream:
                read(stream)
            yield row_counts(scratch_server)

    @override
    def replace_live(self, server: Server, scratch: str, former: str) -> None:
        live, scratch_server = server.database, server.to(scratch)
        check_movable(server, scratch_server)
        moves = [(live, table, former) for table in tables(server)]
        moves += [(scratch, table, live) for table in tables(scratch_server)]
        query(server, f"CREATE DATABASE {quoted(former)}", database=False)
        try:
            move_tables(server, moves)
        except BaseException as error:  # all tables move, or none does
            if _REFUSED.search(str(error)) and not tables(server.to(former)):
                with cleaned_up(lambda: query(server, f"DROP DATABASE {quoted(former)}", database=False)):
                    raise
            # The server may still be at it: a DROP would wait for it, and take the live tables along.
            raise OperationError(
                f"{str(error) or 'interrupted'}\nwhether the tables changed places is not known: {former} has the "
                f"former ones of {live}, or is empty and can be dropped"
            ) from None


_REFUSED: Final = re.compile(r"ERROR (?!2\d{3}\b)\d+")
"""An error of the server: those that begin with 2 are the client's, such as a lost connection."""
