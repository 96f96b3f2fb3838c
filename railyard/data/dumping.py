"""From a database into a dump, and back into a scratch database: the work of ``backup dump`` and ``restore dump``.

Owns the order of the steps and what is compared. A live database is never written to: what is restored is a new
database beside it, which takes its place in one step when that is asked for.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from railyard.data.database import Database, check_kind
from railyard.data.dumps import Dump, Dumps, time_now
from railyard.data.programs import Server, Tools
from railyard.shared.console import OperationError

ROOM: Final = 1.2
"""Factor on the size of the database that a restore needs on the volume: indices are built, and the log grows."""
MB: Final = 1_000_000


def dump_of(tools: Tools, server: Server, dumps: Dumps, system: str, service: str, stack: str) -> Dump:
    """Return a new dump of the database of a service, with what is known of it."""
    time = time_now()
    with dumps.upload(f"{system}/{stack}/{time}.dump") as upload:
        taken = tools.take(server, upload.write)
        upload.complete()
    dump = Dump(
        system=system,
        service=service,
        stack=stack,
        time=time,
        sha256=upload.sha256,
        bytes=upload.bytes,
        kind=tools.title,
        server_major=taken.server_major,
        database=server.database,
        database_bytes=taken.database_bytes,
        rows=taken.rows,
        unsettled=list(taken.unsettled),
    )
    dumps.note_new(dump)
    return dump


@dataclass(frozen=True, kw_only=True)
class Restored:
    """The result of a restore into a scratch database."""

    database: str
    """Name of the scratch database."""
    rows: dict[str, int]
    differences: list[str]
    """Tables that are not as they were dumped, for people."""


@contextmanager
def scratch(tools: Tools, server: Server, dumps: Dumps, dump: Dump, database: Database) -> Generator[Restored]:
    """Yield a new database beside the live one, filled with a dump and compared; drop it unless it was renamed."""
    check_kind(tools, dump.kind)
    major = tools.major(server)
    if major < dump.server_major:
        raise OperationError(f"the dump is of {dump.kind} {dump.server_major}, and {database.full_name} is {major}")
    _check_room(dump, database)
    name = f"railyard_restore_{time_now().lower().replace('-', '_')}"
    with tools.scratch(server, name, dump.database, lambda stream: dumps.read(dump, stream)) as rows:
        yield Restored(database=name, rows=rows, differences=_differences(dump, rows))


def replace_live(tools: Tools, server: Server, restored: Restored) -> str:
    """Let the scratch database take the live one's place; return the name that the former live one has from now on."""
    former = f"{server.database}_before_{time_now().lower().replace('-', '_')}"
    tools.replace_live(server, restored.database, former)
    return former


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


def _differences(dump: Dump, restored: dict[str, int]) -> list[str]:
    tables = sorted({*dump.rows, *restored} - set(dump.unsettled))
    return [
        f"{table}: {dump.rows.get(table, 'no table')} in the dump, {restored.get(table, 'no table')} restored"
        for table in tables
        if dump.rows.get(table) != restored.get(table)
    ]
