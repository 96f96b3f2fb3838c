"""The tools of dump and restore for each kind of database: its programs, its login, and how one of it is copied.

Owns what differs between them. The order of the steps stands in ``dumping``, and knows no kind.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from typing import IO, ClassVar, Final

from typing_extensions import override

from components.database import DatabaseSettings
from components.mongodb import MongodbSettings
from components.mysql import MysqlSettings
from components.postgres import PostgresSettings
from railyard.data import mongodb, mysql, postgres
from railyard.data.postgres import Server, quoted
from railyard.shared.console import CallError, OperationError

Write = Callable[[IO[bytes]], None]
Read = Callable[[IO[bytes]], None]


@dataclass(frozen=True, kw_only=True)
class DumpFacts:
    """The facts about a database that was dumped."""

    server_major: int
    database_bytes: int
    rows: dict[str, int] = field(default_factory=dict[str, int])
    """Rows of each table, where nobody wrote to it meanwhile."""
    unsettled: tuple[str, ...] = ()
    """Tables that somebody wrote to while it was dumped."""


class Tools(ABC):
    """The programs that dump and restore databases of one kind."""

    title: ClassVar[str]
    login: ClassVar[tuple[str, str, str]]
    """The variables that hold user, password and database; a user that is no variable stands as ``=name``."""
    rotated: ClassVar[str]
    """Instruction for changing the password of a running server."""
    hint: ClassVar[str] = ""
    """Further possible reason when nothing answers."""
    to_dump: ClassVar[tuple[str, ...]]
    to_restore: ClassVar[tuple[str, ...]]

    def credentials(self, variables: Mapping[str, str]) -> tuple[str, str, str]:
        """Return user, password and database. Raises ``KeyError`` with the names of variables that are missing."""
        missing = [name for name in self.login if not name.startswith("=") and not variables.get(name)]
        if missing:
            raise KeyError(*missing)
        user, password, database = (each[1:] if each.startswith("=") else variables[each] for each in self.login)
        return user, password, database

    @abstractmethod
    def check_installed(self, *names: str) -> None:
        """Raise ``OperationError`` when a program is missing."""

    @abstractmethod
    def ask(self, server: Server) -> None:
        """Ask the server anything; raises ``OperationError`` with its words."""

    @abstractmethod
    def major(self, server: Server) -> int:
        """Return the server's major version, which fits the programs that restore; raises ``OperationError``."""

    @abstractmethod
    def take(self, server: Server, write: Write) -> DumpFacts:
        """Write a dump of the database, and return what is known of it."""

    @abstractmethod
    def scratch(self, server: Server, name: str, of: str, read: Read) -> AbstractContextManager[dict[str, int]]:
        """Return the rows of a new database beside the live one, filled by ``read``; it is dropped at the end."""

    @abstractmethod
    def replace_live(self, server: Server, scratch: str, former: str) -> str:
        """Let the scratch database take the live one's place; the name under which the former one is kept."""


class Postgres(Tools):
    """PostgreSQL: rows are counted in the very transaction that ``pg_dump`` reads."""

    title = PostgresSettings.SERVER.title
    login = ("POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_DB")
    rotated = "ALTER USER"
    to_dump = ("psql", "pg_dump")
    to_restore = ("psql", "pg_restore")

    @override
    def check_installed(self, *names: str) -> None:
        postgres.check_installed(*names)

    @override
    def ask(self, server: Server) -> None:
        postgres.query(server, "SELECT 1")

    @override
    def major(self, server: Server) -> int:
        return postgres.check_versions(server, "pg_restore")

    @override
    def take(self, server: Server, write: Write) -> DumpFacts:
        major = postgres.check_versions(server, "pg_dump")
        with postgres.snapshot(server) as ask:
            snapshot_id = ask("SELECT pg_export_snapshot()")[0][0]
            rows = postgres.row_counts(ask)
            size = int(ask("SELECT pg_database_size(current_database())")[0][0])
            with postgres.dumping(server, snapshot_id) as stream:
                write(stream)
        return DumpFacts(server_major=major, database_bytes=size, rows=rows)

    @override
    @contextmanager
    def scratch(self, server: Server, name: str, of: str, read: Read) -> Generator[dict[str, int]]:
        scratch_server = server.to(name)
        postgres.query(server, f"CREATE DATABASE {quoted(name)} TEMPLATE template0")
        try:
            with postgres.restoring(scratch_server) as stream:
                read(stream)
            with postgres.snapshot(scratch_server) as ask:
                rows = postgres.row_counts(ask)
            yield rows
        finally:
            postgres.query(_beside(server), f"DROP DATABASE IF EXISTS {quoted(name)} WITH (FORCE)")

    @override
    def replace_live(self, server: Server, scratch: str, former: str) -> str:
        live, beside = server.database, _beside(server)
        postgres.query(beside, f"ALTER DATABASE {quoted(live)} WITH ALLOW_CONNECTIONS false")
        try:
            postgres.query(
                beside,
                f"""SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $name${live}$name$;
                BEGIN;
                ALTER DATABASE {quoted(live)} RENAME TO {quoted(former)};
                ALTER DATABASE {quoted(scratch)} RENAME TO {quoted(live)};
                COMMIT""",  # noqa: S608 names are quoted
            )
        except BaseException:  # a Ctrl-C too must not leave the live database without its connections
            postgres.query(beside, f"ALTER DATABASE {quoted(live)} WITH ALLOW_CONNECTIONS true")
            raise
        postgres.query(beside, f"ALTER DATABASE {quoted(former)} WITH ALLOW_CONNECTIONS true")
        return former


def _beside(server: Server) -> Server:
    """Return a database of the server that is neither the live one nor a scratch one."""
    return server.to("template1" if server.database == "postgres" else "postgres")


class Mysql(Tools):
    """MySQL: tables move between databases, since a database has no other name to take."""

    title = MysqlSettings.SERVER.title
    login = ("=root", MysqlSettings.SERVER.password_variable, "MYSQL_DATABASE")
    rotated = "ALTER USER"
    to_dump = ("mysql", "mysqldump")
    to_restore = ("mysql",)

    @override
    def check_installed(self, *names: str) -> None:
        mysql.check_installed(*names)

    @override
    def ask(self, server: Server) -> None:
        mysql.query(server, "SELECT 1", database=False)

    @override
    def major(self, server: Server) -> int:
        return mysql.major_of(server)

    @override
    def take(self, server: Server, write: Write) -> DumpFacts:
        facts = DumpFacts(server_major=mysql.check_versions(server), database_bytes=mysql.bytes_of(server))
        return _counted_around(facts, server, write, mysql.row_counts, mysql.dumping)

    @override
    @contextmanager
    def scratch(self, server: Server, name: str, of: str, read: Read) -> Generator[dict[str, int]]:
        scratch_server = server.to(name)
        mysql.query(server, f"CREATE DATABASE {mysql.quoted(name)}", database=False)
        try:
            with mysql.restoring(scratch_server) as stream:
                read(stream)
            yield mysql.row_counts(scratch_server)
        finally:
            mysql.query(server, f"DROP DATABASE IF EXISTS {mysql.quoted(name)}", database=False)

    @override
    def replace_live(self, server: Server, scratch: str, former: str) -> str:
        live = server.database
        moves = [(live, table, former) for table in mysql.tables(server)]
        moves += [(scratch, table, live) for table in mysql.tables(server.to(scratch))]
        mysql.query(server, f"CREATE DATABASE {mysql.quoted(former)}", database=False)
        try:
            mysql.move_tables(server, moves)
        except BaseException:  # all tables move, or none does
            mysql.query(server, f"DROP DATABASE {mysql.quoted(former)}", database=False)
            raise
        return former


class Mongodb(Tools):
    """MongoDB: a restored database cannot take the live one's name, so that is left to a person."""

    title = MongodbSettings.SERVER.title
    login = ("MONGO_INITDB_ROOT_USERNAME", MongodbSettings.SERVER.password_variable, "MONGO_INITDB_DATABASE")
    rotated = "db.changeUserPassword"
    hint = "; MongoDB's own image has no TLS: give --in-clear if the dump may cross the internet as it is"
    to_dump = ("mongosh", "mongodump")
    to_restore = ("mongosh", "mongorestore")

    @override
    def check_installed(self, *names: str) -> None:
        mongodb.check_installed(*names)

    @override
    def ask(self, server: Server) -> None:
        mongodb.major_of(server)

    @override
    def major(self, server: Server) -> int:
        return mongodb.major_of(server)

    @override
    def take(self, server: Server, write: Write) -> DumpFacts:
        facts = DumpFacts(server_major=mongodb.major_of(server), database_bytes=mongodb.bytes_of(server))
        return _counted_around(facts, server, write, mongodb.row_counts, mongodb.dumping)

    @override
    @contextmanager
    def scratch(self, server: Server, name: str, of: str, read: Read) -> Generator[dict[str, int]]:
        scratch_server = server.to(name)
        try:
            with mongodb.restoring(server, of=of, into=name) as stream:
                read(stream)
            yield mongodb.row_counts(scratch_server)
        finally:
            mongodb.drop(scratch_server)

    @override
    def replace_live(self, server: Server, scratch: str, former: str) -> str:
        raise OperationError(
            "MongoDB cannot give a database another name, so nothing was replaced. To bring the dump back, stop what "
            "writes to it, and run mongorestore --drop on the object of the bucket yourself"
        )


def _counted_around(
    facts: DumpFacts,
    server: Server,
    write: Write,
    row_counts: Callable[[Server], dict[str, int]],
    dumping: Callable[[Server], AbstractContextManager[IO[bytes]]],
) -> DumpFacts:
    """Write a dump; return ``facts`` with the rows of the tables whose number is the same before and after it."""
    before = row_counts(server)
    with dumping(server) as stream:
        write(stream)
    after = row_counts(server)
    moved = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
    rows = {name: number for name, number in before.items() if name not in moved}
    return replace(facts, rows=rows, unsettled=tuple(moved))


TOOLS: Final[Mapping[type[DatabaseSettings], Tools]] = {
    PostgresSettings: Postgres(),
    MysqlSettings: Mysql(),
    MongodbSettings: Mongodb(),
}
"""The kinds that can be dumped. Redis is none: its file is part of the backups of its volume."""


def tools_of(args: object) -> Tools | None:
    """Return how a database with these settings is dumped, None where there is no way."""
    return next((tools for kind, tools in TOOLS.items() if isinstance(args, kind)), None)


def check_kind(tools: Tools, dumped: str) -> None:
    """Raise ``CallError`` for a dump of another kind of database."""
    if dumped != tools.title:
        raise CallError(f"the dump is of {dumped}, and the database is {tools.title}")
