"""MongoDB as a private Railway service with its own volume."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import pulumi
from typing_extensions import override

from components.arguments import VolumeGb
from components.database import Database, DatabaseArgs, DatabaseSettings, Identifier, Server
from components.inputs import MongodbInputs
from components.volume import OffsiteBackups

QUERY: Final = "?authSource=admin"
"""Query string of the URL: users are those of the database ``admin``."""


class MongodbSettings(DatabaseSettings):
    """Settings of a MongoDB server."""

    SERVER = Server(
        token="railyard:components:Mongodb",
        title="MongoDB",
        service_name="mongodb",
        port=27017,
        mount_path="/data/db",
        scheme="mongodb",
        password_variable="MONGO_INITDB_ROOT_PASSWORD",
    )

    outside: OffsiteBackups | None = OffsiteBackups()
    """Schedule of its dumps into the stack's backup bucket. Default: daily, kept 30 days."""

    version: Literal["7", "8"] = "8"
    """Major version. Each can read the files of the one before it, and of no other."""
    size_gb: VolumeGb = 5  # pyright: ignore[reportIncompatibleVariableOverride] it is never without a volume
    """Size of its volume in GB. Grows in place, never shrinks."""
    database: Identifier = "railway"
    """Name of the database in its connection URL; MongoDB makes it with the first document."""
    user: Identifier = "mongo"
    """Name of its administrator."""

    @property
    @override
    def server_image(self) -> str:
        return self.image or f"mongo:{self.version}"

    @property
    @override
    def login(self) -> tuple[str, str]:
        return self.user, self.database

    @override
    def variables(self) -> Mapping[str, str]:
        return {"MONGO_INITDB_ROOT_USERNAME": self.user, "MONGO_INITDB_DATABASE": self.database}

    @override
    def start_command(self, *, with_password: bool) -> str | None:
        # Railway's private network is IPv6 in older environments, and MongoDB listens to IPv4 alone unless told.
        return "docker-entrypoint.sh mongod --ipv6 --bind_ip ::,0.0.0.0"


@dataclass(frozen=True, kw_only=True)
class MongodbArgs(MongodbInputs, DatabaseArgs):
    """Arguments of a MongoDB server."""


class Mongodb(Database):
    """A MongoDB server, reachable from the other services of its environment."""

    SETTINGS, ARGS = MongodbSettings, MongodbArgs

    def __init__(self, name: str, args: MongodbArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, args, opts)

    def url(self, *, query: str = QUERY) -> pulumi.Output[str]:
        """Return the connection URL with user and password, a secret; users are those of the database ``admin``."""
        return self.connection_url(query=query)
