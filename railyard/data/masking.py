"""Columns of a restored PostgreSQL database whose values nobody may recognize.

Owns what becomes of a value, by the type of its column. The same value becomes the same other one within one restore,
so that what refers to each other still does, and nobody without the number that was drawn for it can search for the
original. Empty values stay empty. What a table held before is rewritten on disk, statistics and materialized views
included; the server's write-ahead log is not.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Final

from railyard.data.postgres import Rows, Server, query, quoted
from railyard.shared.console import OperationError

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
