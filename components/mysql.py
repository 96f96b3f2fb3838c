"""MySQL as a private Railway service with its own volume."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pulumi
from typing_extensions import override

from components.arguments import VolumeGb
from components.database import Database, DatabaseArgs, DatabaseSettings, Identifier, Server, image_name, image_tag
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
        # As in Railway's own template: its disks lack native asynchronous I/O, and the binary log would fill them.
        return f"docker-entrypoint.sh {_program(self.server_image)} --innodb-use-native-aio=0 --disable-log-bin"


def _program(image: str) -> str:
    """Return the server of an image: MariaDB has ``mariadbd`` since 10.5, and no ``mysqld`` since 11."""
    if image_name(image) != "mariadb":
        return "mysqld"
    version = re.match(r"(\d+)(?:\.(\d+))?(?!\w)", image_tag(image))
    # A tag without a minor version is the newest one of its major version.
    is_old = version is not None and (int(version[1]), int(version[2] or 99)) < (10, 5)
    return "mysqld" if is_old else "mariadbd"


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
