"""PostgreSQL as a private Railway service with its own volume.

Owns the database server and its address. Does not own the databases' contents, and makes no user but the first.
Reached over the private network alone.
"""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import quote

import pulumi

from components.arguments import Arguments, Backups, MemoryMb, VolumeGb, matching
from components.project import Project
from components.service import NO_SECRETS, SecretVariables, Service, ServiceArgs
from components.volume import VolumeArgs

PORT = 5432
MOUNT_PATH = "/var/lib/postgresql/data"

Identifier = Annotated[str, matching(r"[a-z_][a-z0-9_]*", "lower case letters, digits and underscores")]
"""A name in SQL that needs no quotes."""


class PostgresArgs(Arguments):
    """What a PostgreSQL server needs."""

    version: Literal["16", "17", "18"] = "16"
    """Major version. A newer one needs a dump and restore: PostgreSQL does not upgrade its files by itself."""
    size_gb: VolumeGb = 5
    """Size of its volume in GB. Grows in place, never shrinks."""
    backups: Backups = ("daily",)
    """Backup schedules of its volume."""
    memory_mb: MemoryMb | None = None
    """Memory limit in MB. Default: the plan's."""
    database: Identifier = "railway"
    """Name of the database made at the first start."""
    user: Identifier = "postgres"
    """Name of its owner."""

    @property
    def volume(self) -> VolumeArgs:
        """Return the volume that holds its data."""
        return VolumeArgs(mount_path=MOUNT_PATH, size_gb=self.size_gb, backups=self.backups)


class Postgres(pulumi.ComponentResource):
    """A PostgreSQL server with TLS, reachable from the other services of its environment."""

    service: Service
    """The service that runs it; use it to start after the database is up."""

    def __init__(
        self,
        name: str,
        args: PostgresArgs,
        *,
        project: Project,
        password: pulumi.Input[str],
        secrets: SecretVariables = NO_SECRETS,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("railyard:components:Postgres", name, None, opts)
        self._args = args
        self._password = password
        self.service = Service(
            name,
            ServiceArgs(
                # Railway's own image: PostgreSQL with a certificate, which "sslmode=require" needs.
                image=f"ghcr.io/railwayapp-templates/postgres-ssl:{args.version}",
                memory_mb=args.memory_mb,
                volume=args.volume,
                variables={
                    "POSTGRES_DB": args.database,
                    "POSTGRES_USER": args.user,
                    # A folder below the mount: PostgreSQL refuses a data folder that holds lost+found.
                    "PGDATA": f"{MOUNT_PATH}/pgdata",
                },
            ),
            project=project,
            service_name="postgres",
            variables={"POSTGRES_PASSWORD": password},
            secrets=secrets,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"host": self.service.private_host})

    def url(self, *, scheme: str = "postgresql", query: str = "") -> pulumi.Output[str]:
        """Return the address with user and password, a secret: ``scheme://user:password@host:5432/database?query``."""
        args = self._args
        quoted = pulumi.Output.secret(self._password).apply(lambda password: quote(password, safe=""))
        address = pulumi.Output.concat(
            f"{scheme}://{args.user}:", quoted, "@", self.service.private_host, f":{PORT}/{args.database}", query
        )
        return pulumi.Output.secret(address)
