"""PostgreSQL as a private Railway service with its own volume."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pulumi
from typing_extensions import override

from components.arguments import VolumeGb
from components.database import Database, DatabaseArgs, DatabaseSettings, Identifier, Server
from components.inputs import PostgresInputs
from components.volume import OffsiteBackups


class PostgresSettings(DatabaseSettings):
    """Settings of a PostgreSQL server."""

    SERVER = Server(
        token="railyard:components:Postgres",
        title="PostgreSQL",
        service_name="postgres",
        port=5432,
        mount_path="/var/lib/postgresql/data",
        scheme="postgresql",
        password_variable="POSTGRES_PASSWORD",
    )

    outside: OffsiteBackups | None = OffsiteBackups()
    """Schedule of its dumps into the stack's backup bucket. Default: daily, kept 30 days."""

    version: Literal["16", "17", "18"] = "16"
    """Major version. A newer one needs a dump and restore: PostgreSQL does not upgrade its files by itself."""
    size_gb: VolumeGb = 5  # pyright: ignore[reportIncompatibleVariableOverride] it is never without a volume
    """Size of its volume in GB. Grows in place, never shrinks."""
    database: Identifier = "railway"
    """Name of the database made at the first start."""
    user: Identifier = "postgres"
    """Name of its owner."""

    @property
    @override
    def server_image(self) -> str:
        # Railway's own image: PostgreSQL with a certificate, which "sslmode=require" needs.
        return self.image or f"ghcr.io/railwayapp-templates/postgres-ssl:{self.version}"

    @property
    @override
    def login(self) -> tuple[str, str]:
        return self.user, self.database

    @override
    def variables(self) -> Mapping[str, str]:
        return {
            "POSTGRES_DB": self.database,
            "POSTGRES_USER": self.user,
            # A folder below the mount: PostgreSQL refuses a data folder that holds lost+found.
            "PGDATA": f"{self.SERVER.mount_path}/pgdata",
        }


@dataclass(frozen=True, kw_only=True)
class PostgresArgs(PostgresInputs, DatabaseArgs):
    """Arguments of a PostgreSQL server."""


class Postgres(Database):
    """A PostgreSQL server with TLS, reachable from the other services of its environment."""

    SETTINGS, ARGS = PostgresSettings, PostgresArgs

    def __init__(self, name: str, args: PostgresArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, args, opts)

    def url(self, *, scheme: str = "", query: str = "") -> pulumi.Output[str]:
        """Return the connection URL with user and password, a secret: ``postgresql://user:…@host:5432/database``."""
        return self.connection_url(scheme=scheme, query=query)
