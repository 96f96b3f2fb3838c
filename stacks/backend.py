"""The passwords of a backend's databases as secrets, and how many connections PostgreSQL takes."""

from __future__ import annotations

from stacks.secrets import Generated, Secret

POSTGRES_PASSWORD = Secret(
    name="POSTGRES_PASSWORD",
    meaning="password of the database",
    min_bytes=16,
    generated=Generated(),
    also_sets=("DATABASE_URL",),
    rotation="PostgreSQL takes it only at the first start of an empty volume: change it in the running server first, "
    "with ALTER USER ... PASSWORD",
)
"""The secret of a backend with a database."""
REDIS_PASSWORD = Secret(
    name="REDIS_PASSWORD",
    meaning="password of Redis",
    min_bytes=16,
    generated=Generated(),
    also_sets=("REDIS_URL",),
)
"""The secret of a backend with a cache that asks for a password."""
MYSQL_PASSWORD = Secret(
    name="MYSQL_ROOT_PASSWORD",
    meaning="password of MySQL",
    min_bytes=16,
    generated=Generated(),
    also_sets=("DATABASE_URL",),
    rotation="MySQL takes it only at the first start of an empty volume: change it in the running server first, with "
    "ALTER USER root IDENTIFIED BY ...",
)
"""The secret of a backend with MySQL."""
MONGODB_PASSWORD = Secret(
    name="MONGO_INITDB_ROOT_PASSWORD",
    meaning="password of MongoDB",
    min_bytes=16,
    generated=Generated(),
    also_sets=("MONGO_URL",),
    rotation="MongoDB takes it only at the first start of an empty volume: change it in the running server first, with "
    "db.changeUserPassword",
)
"""The secret of a backend with MongoDB."""


CONNECTIONS = 97
"""Connections that a PostgreSQL server has for applications: of its 100 it keeps 3 for its superusers."""


def refuse_too_many_connections(instances: int, pool_size: int, *, setting: str) -> None:
    """Raise ``ValueError`` when ``instances`` with a pool each ask for more connections than a database has."""
    if (connections := instances * pool_size) > CONNECTIONS:
        raise ValueError(
            f"at most {CONNECTIONS} connections to the database, and {instances} instances with {pool_size} each take "
            f"{connections}: lower replicas, or {setting} to {max(CONNECTIONS // instances, 1)}"
        )
