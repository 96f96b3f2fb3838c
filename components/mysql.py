"""MySQL as a private Railway service with its own volume."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pulumi
from typing_extensions import override

from components.arguments import VolumeGb
from components.database import Database, DatabaseArgs, DatabaseSettings, Identifier, Server, image_name
from components.inputs import MysqlInputs
from components.volume import OffsiteBackups


class MysqlSettings(DatabaseSettings):
    """Settings of a MySQL server."""

    SERVER = Server(
        token="railyard:components:Mysql",
        title="MySQL",
        service_name="mysql",
        port=3306,
        mount_path="/var/lib/mysql",
        scheme="mysql",
        password_variable="MYSQL_ROOT_PASSWORD",
    )

    outside: OffsiteBackups | None = OffsiteBackups()
    """Schedule of its dumps into the stack's backup bucket. Default: daily, kept 30 days."""

    version: Literal["8.4", "9.4"] = "8.4"
    """Version: 8.4 has long-term support. A newer one upgrades the files at its first start, and none goes back."""
    size_gb: VolumeGb = 5  # pyright: ignore[reportIncompatibleVariableOverride] it is never without a volume
    """Size of its volume in GB. Grows in place, never shrinks."""
    database: Identifier = "railway"
    """Name of the database made at the first start; its user is root."""

    @property
    @override
    def server_image(self) -> str:
        return self.image or f"mysql:{self.version}"

    @property
    @override
    def login(self) -> tuple[str, str]:
        return "root", self.database

    @override
    def variables(self) -> Mapping[str, str]:
        return {"MYSQL_DATABASE": self.database}

    @override
    def start_command(self, *, with_password: bool) -> str | None:
        # Images of MariaDB 11 and later have no program called mysqld.
        program = "mariadbd" if "mariadb" in image_name(self.server_image) else "mysqld"
        # As in Railway's own template: its disks lack native asynchronous I/O, and the binary log would fill them.
        return f"docker-entrypoint.sh {program} --innodb-use-native-aio=0 --disable-log-bin"


@dataclass(frozen=True, kw_only=True)
class MysqlArgs(MysqlInputs, DatabaseArgs):
    """Arguments of a MySQL server."""


class Mysql(Database):
    """A MySQL server, reachable from the other services of its environment."""

    SETTINGS, ARGS = MysqlSettings, MysqlArgs

    def __init__(self, name: str, args: MysqlArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, args, opts)

    def url(self, *, scheme: str = "", query: str = "") -> pulumi.Output[str]:
        """Return the connection URL with user and password, a secret: ``mysql://root:password@host:3306/database``."""
        return self.connection_url(scheme=scheme, query=query)
