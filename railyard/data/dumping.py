"""From a database into a dump, and back into a scratch database: the work of ``backup dump`` and ``restore dump``.

Owns the order of the steps and what is compared. A live database is never written to: what is restored is a new
database beside it, which takes its name in one transaction when that is asked for.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from railyard.data.database import Database
from railyard.data.dumps import Dump, Dumps, time_now
from railyard.data.postgres import (
    Server,
    check_versions,
    dumping,
    query,
    quoted,
    restoring,
    row_counts,
    snapshot,
)
from railyard.shared.console import OperationError

ROOM: Final = 1.2
"""A restore needs so many times the database's size on the volume: indices are built, and the log grows."""
MB: Final = 1_000_000


def dump_of(server: Server, dumps: Dumps, system: str, stack: str) -> Dump:
    """A new dump; rows are counted in the same transaction that ``pg_dump`` reads."""
    major = check_versions(server, "pg_dump")
    with snapshot(server) as ask:
        time = time_now()
        snapshot_id = ask("SELECT pg_export_snapshot()")[0][0]
        rows = row_counts(ask)
        size = int(ask("SELECT pg_database_size(current_database())")[0][0])
        key = f"{system}/{stack}/{time}.dump"
        with dumps.upload(key) as upload:
            with dumping(server, snapshot_id) as stream:
                upload.write(stream)
            upload.complete()
    made = Dump(
        system=system,
        stack=stack,
        time=time,
        sha256=upload.sha256,
        bytes=upload.bytes,
        server_major=major,
        database=server.database,
        database_bytes=size,
        rows=rows,
    )
    dumps.note(made)
    return made


@dataclass(frozen=True, kw_only=True)
class Restored:
    """What a restore into a scratch database came to."""

    database: str
    """Name of the scratch database."""
    rows: dict[str, int]
    differences: list[str]
    """Tables that are not as they were dumped, for people."""


@contextmanager
def scratch(server: Server, dumps: Dumps, dump: Dump, database: Database) -> Generator[Restored]:
    """A new database beside the live one, filled with a dump and compared; dropped at the end unless it was renamed."""
    major = check_versions(server, "pg_restore")
    if major < dump.server_major:
        raise OperationError(f"the dump is of PostgreSQL {dump.server_major}, and {database.full_name} is {major}")
    _check_room(dump, database)
    name = f"railyard_restore_{time_now().lower().replace('-', '_')}"
    there = server.to(name)
    query(server, f"CREATE DATABASE {quoted(name)} TEMPLATE template0")
    try:
        with restoring(there) as stream:
            dumps.read(dump, stream)
        with snapshot(there) as ask:
            rows = row_counts(ask)
        yield Restored(database=name, rows=rows, differences=_differences(dump.rows, rows))
    finally:
        query(_beside(server), f"DROP DATABASE IF EXISTS {quoted(name)} WITH (FORCE)")


def replace_live(server: Server, restored: Restored) -> str:
    """Let the scratch database take the live one's name; the name that the former live one has from now on."""
    live, former = server.database, f"{server.database}_before_{time_now().lower().replace('-', '_')}"
    beside = _beside(server)
    query(beside, f"ALTER DATABASE {quoted(live)} WITH ALLOW_CONNECTIONS false")
    try:
        query(
            beside,
            f"""SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $name${live}$name$;
            BEGIN;
            ALTER DATABASE {quoted(live)} RENAME TO {quoted(former)};
            ALTER DATABASE {quoted(restored.database)} RENAME TO {quoted(live)};
            COMMIT""",  # noqa: S608 names are quoted
        )
    except BaseException:  # a Ctrl-C too must not leave the live database without its connections
        query(beside, f"ALTER DATABASE {quoted(live)} WITH ALLOW_CONNECTIONS true")
        raise
    query(beside, f"ALTER DATABASE {quoted(former)} WITH ALLOW_CONNECTIONS true")
    return former


def _beside(server: Server) -> Server:
    """A database of the server that is neither the live one nor a scratch one."""
    return server.to("template1" if server.database == "postgres" else "postgres")


def _check_room(dump: Dump, database: Database) -> None:
    disk = database.disk
    if disk is None:
        return
    free_mb, needed_mb = disk.size_mb - disk.used_mb, dump.database_bytes / MB * ROOM
    if needed_mb > free_mb:
        raise OperationError(
            f"the dump needs about {needed_mb:.0f} MB beside the live database, and the volume of {database.full_name} "
            f"has {free_mb:.0f} MB left: a full volume would stop it. Raise sizeGb of the database and run up first"
        )


def _differences(dumped: dict[str, int], restored: dict[str, int]) -> list[str]:
    tables = sorted({*dumped, *restored})
    return [
        f"{table}: {dumped.get(table, 'no table')} in the dump, {restored.get(table, 'no table')} restored"
        for table in tables
        if dumped.get(table) != restored.get(table)
    ]
