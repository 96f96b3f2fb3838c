"""The data of a review environment: the last dump that was rehearsed, its named columns masked, in each database.

Owns which dump that is, how it gets in, and what becomes of a value, by the type of its column. The dump is restored
into a scratch database, masked there, and takes the live one's place as a whole, so that no service of the pull request
ever sees a value as it was. The same value becomes the same other one within one restore, so that what refers to each
other still does, and nobody without the number that was drawn for it can search for the original. Empty values stay
empty. What a table held before is rewritten on disk, statistics and materialized views included; the server's
write-ahead log is not.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from components.postgres import PostgresSettings
from railyard.accounts.railway_client import Railway
from railyard.accounts.spaces_client import spaces_refusals
from railyard.data import postgres
from railyard.data.database import find, reached
from railyard.data.dumping import MB, replace_live, scratch
from railyard.data.dumps import Dump, Dumps
from railyard.data.postgres import query, quoted
from railyard.data.programs import Rows, Server
from railyard.shared.console import OperationError
from railyard.shared.stack import Stack, read_stack
from stacks.project_folder import RAILYARD
from stacks.reviews import Reviews
from stacks.services import services

_ROOM: Final = 3.0
"""A database takes so many times its size on the volume while it is masked: beside the live one, and rewritten."""


@dataclass(frozen=True, kw_only=True)
class DatabaseFilling:
    """The data that the database of one system gets."""

    system: str
    service: str
    dump: Dump
    dumps: Dumps
    columns: Sequence[str]

    @property
    def size_gb(self) -> int:
        """Return how large its volume has to be, in GB."""
        return max(1, math.ceil(self.dump.database_bytes / MB * _ROOM / 1_000))

    @property
    def targets(self) -> list[str]:
        """Return URN patterns of what has to be up before: the project and the database, no service that uses it."""
        system = f"**::{self.system}"
        nouns = ("project", "shared-variables", self.service, f"{self.service}-*")
        return [system, *(f"{system}-{noun}" for noun in nouns)]


def planned(base: Stack, reviews: Reviews, systems: Sequence[str]) -> tuple[list[DatabaseFilling], list[str]]:
    """Return what the databases of ``systems`` get, and a note for each that stays empty."""
    fillings: list[DatabaseFilling] = []
    notes: list[str] = []
    for system in systems:
        service = _database(base, system)
        if service is None:
            continue
        where = f"{system}/{service} begins empty"
        if system not in reviews.mask:
            notes.append(f"{where}: railyard:reviews.mask does not name {system}, not even with an empty list")
            continue
        try:
            with spaces_refusals():
                dumps = Dumps(read_stack(reviews.data or base.name), system, service, PostgresSettings.SERVER.title)
                dumps.check()
                rehearsed = [each for each in dumps.own() if each.rehearsed]
        except OperationError as error:
            notes.append(f"{where}: {str(error).splitlines()[0]}")
            continue
        if not rehearsed:
            notes.append(
                f"{where}: no dump of {reviews.data or base.name} was rehearsed; {RAILYARD} restore dump {system} "
                f"--from {reviews.data or base.name} does that"
            )
            continue
        columns = tuple(reviews.mask[system])
        fillings.append(
            DatabaseFilling(system=system, service=service, dump=rehearsed[0], dumps=dumps, columns=columns)
        )
    return fillings, notes


def fill(railway: Railway, stack: Stack, filling: DatabaseFilling, say: Callable[[str], None]) -> None:
    """Put a dump into the database of an environment; raises ``OperationError``, and the database is as it was."""
    database = find(railway, stack, f"{filling.system}/{filling.service}")
    tools = database.tools
    tools.check_installed(*tools.to_restore)
    with (
        spaces_refusals(),
        reached(railway, database, say) as server,
        scratch(tools, server, filling.dumps, filling.dump, database) as restored,
    ):
        if restored.differences:
            raise OperationError(f"{filling.dump.key} does not come back as it was dumped: {restored.differences[0]}")
        mask(server.to(restored.database), filling.columns)
        former = replace_live(tools, server, restored)
        postgres.query(server.to("template1"), f"DROP DATABASE {postgres.quoted(former)} WITH (FORCE)")
    masked = f", {len(filling.columns)} of its columns masked" if filling.columns else ""
    say(f"{database.where} has the dump of {filling.dump.stack} from {filling.dump.time}{masked}")


def sizes_gb(fillings: Sequence[DatabaseFilling]) -> Mapping[str, int]:
    """Return system → the size of the volume that its database needs."""
    return {each.system: each.size_gb for each in fillings}


def _database(base: Stack, system: str) -> str | None:
    """Return the service that is the PostgreSQL server of a system."""
    databases = (each for each in services(base.settings.systems[system]) if isinstance(each.args, PostgresSettings))
    return next((each.name for each in databases), None)


_COLUMNS: Final = """SELECT table_schema, table_name, column_name, udt_name, is_nullable,
    coalesce(character_maximum_length, 0) FROM information_schema.columns NATURAL JOIN information_schema.tables
    WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')"""
_VIEWS: Final = "SELECT format('%I.%I', schemaname, matviewname) FROM pg_matviews"
_TEXTS: Final = ("text", "varchar", "bpchar", "citext", "name")
_BY_TYPE: Final[Mapping[str, str]] = {
    "uuid": "{hash}::uuid",
    "int2": "('x' || substr({hash}, 1, 3))::bit(12)::int::int2",
    "int4": "('x' || substr({hash}, 1, 7))::bit(28)::int",
    "int8": "('x' || substr({hash}, 1, 15))::bit(60)::bigint",
    "numeric": "0",
    "float4": "0",
    "float8": "0",
    "bool": "false",
    "date": "date_trunc('year', {column})::date",
    "timestamp": "date_trunc('year', {column})",
    "timestamptz": "date_trunc('year', {column})",
    "json": "'{{}}'",
    "jsonb": "'{{}}'",
    "bytea": "decode({hash}, 'hex')",
    "inet": "'192.0.2.1'",
}


def mask(server: Server, columns: Sequence[str]) -> None:
    """Rewrite the named columns of a database, ``table.column`` or ``schema.table.column``.

    Raises ``OperationError`` for one that does not exist or cannot be masked, before anything is written.
    """
    tables = _set_expressions(query(server, _COLUMNS), columns, salt=secrets.token_hex(16))
    for table, changes in tables.items():
        # As a replica: a trigger would copy the values elsewhere, into a log of changes say.
        query(server, f"SET session_replication_role = replica;\nUPDATE {table} SET {', '.join(changes)}")
        query(server, f"VACUUM (FULL, ANALYZE) {table}")
    for (view,) in query(server, _VIEWS) if tables else ():
        query(server, f"REFRESH MATERIALIZED VIEW {view};\nANALYZE {view}")


def _set_expressions(rows: Rows, columns: Sequence[str], *, salt: str) -> dict[str, list[str]]:
    """Return table → what is set in it."""
    tables: dict[str, list[str]] = {}
    for wanted in columns:
        parts = wanted.split(".")
        matching = [row for row in rows if row[3 - len(parts) : 3] == parts]
        if len(matching) != 1:
            many = "is in several schemas: write schema.table.column" if matching else "does not exist"
            raise OperationError(f"column {wanted} of railyard:reviews.mask {many}; nothing was taken over")
        schema, table, column, kind, nullable, length = matching[0]
        value = _masked(quoted(column), kind, nullable == "YES", int(length), salt)
        if value is None:
            raise OperationError(
                f"column {wanted} of railyard:reviews.mask has type {kind}, which is not masked and may not be empty; "
                "nothing was taken over"
            )
        name = quoted(column)
        change = f"{name} = CASE WHEN {name} IS NULL THEN NULL ELSE ({value})::{quoted(kind)} END"
        tables.setdefault(f"{quoted(schema)}.{quoted(table)}", []).append(change)
    return tables


def _masked(column: str, kind: str, nullable: bool, length: int, salt: str) -> str | None:
    """Return the expression that takes a value's place; None for a type without one."""
    hashed = f"md5('{salt}' || {column}::text)"
    if kind in _TEXTS:
        masked = f"CASE WHEN {column}::text LIKE '%_@_%' THEN {hashed} || '@masked.example' ELSE {hashed} END"
        return f"left({masked}, {length})" if length else masked
    if kind in _BY_TYPE:
        return _BY_TYPE[kind].format(hash=hashed, column=column)
    return "NULL" if nullable else None
