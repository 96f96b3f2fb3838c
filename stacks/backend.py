"""The backend topology: a service with its database and cache on the private network.

internet → backend ─┬→ PostgreSQL ─ volume
                    └→ Redis
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi

from components.bucket import Bucket
from components.postgres import Postgres
from components.project import Project
from components.redis import Redis
from components.service import Service, ServiceArgs
from components.zone import Zone
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


class BackendArgs(ServiceArgs):
    """What a backend needs."""


class Backend(Service):
    """An application in one environment, connected to what it stores its data in."""

    TOKEN = "railyard:topologies:Backend"

    def __init__(
        self,
        name: str,
        args: ServiceArgs,
        *,
        project: Project,
        service_name: str,
        zones: Sequence[Zone] = (),
        database: Postgres | None = None,
        database_scheme: str = "postgresql",
        database_query: str = "",
        cache: Redis | None = None,
        bucket: Bucket | None = None,
        variables: Mapping[str, pulumi.Input[str]] | None = None,
        own_address: Sequence[str] = (),
        uses: Sequence[Service] = (),
        registry_password: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Make the backend; DATABASE_URL and REDIS_URL come from ``database`` and ``cache``."""
        wired: dict[str, pulumi.Input[str]] = dict(variables or {})
        before = list(uses)
        if database:
            wired["DATABASE_URL"] = database.url(scheme=database_scheme, query=database_query)
            before.append(database.service)
        if cache:
            wired["REDIS_URL"] = cache.url
            before.append(cache.service)
        super().__init__(
            name,
            args,
            project=project,
            service_name=service_name,
            zones=zones,
            variables=wired,
            own_address=own_address,
            bucket=bucket,
            uses=before,
            registry_password=registry_password,
            opts=opts,
        )
