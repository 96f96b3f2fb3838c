"""A server of the Redis protocol (Redis or Valkey) as a private Railway service.

With a volume it survives a restart with its data; without one it is a cache.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pulumi
from typing_extensions import override

from components.arguments import Image
from components.database import Database, DatabaseArgs, DatabaseSettings, Server, image_name
from components.inputs import RedisInputs

_PROGRAMS: Final = {"valkey": "valkey-server", "keydb": "keydb-server", "redis": "redis-server"}
"""Part of the name of an image → its server."""


class RedisSettings(DatabaseSettings):
    """Settings of a Redis or Valkey server."""

    SERVER = Server(
        token="railyard:components:Redis",
        title="Redis",
        service_name="redis",
        port=6379,
        mount_path="/data",
        scheme="redis",
        password_variable="REDIS_PASSWORD",
        needs_password=False,
    )

    image: Image = "redis:8"  # pyright: ignore[reportIncompatibleVariableOverride] it has no version
    """Docker image with its tag: Redis or Valkey."""

    @property
    @override
    def server_image(self) -> str:
        return self.image

    @property
    @override
    def login(self) -> tuple[str, str]:
        return "default", "0"

    @override
    def start_command(self, *, with_password: bool) -> str | None:
        program = _program(self.image)
        options = f" --appendonly yes --dir {self.SERVER.mount_path}" if self.volume else ""
        if with_password:
            # The variable needs a shell: Railway runs the command of an image without one.
            return f"/bin/sh -c 'exec {program} --requirepass \"${self.SERVER.password_variable}\"{options}'"
        return f"{program}{options}" if options else None


def _program(image: str) -> str:
    """Return the server of an image by the last part of its name, else by all of it: ``acme.io/valkey/server:8``."""
    found = (name for text in (image_name(image), image) for part, name in _PROGRAMS.items() if part in text)
    return next(found, "redis-server")


@dataclass(frozen=True, kw_only=True)
class RedisArgs(RedisInputs, DatabaseArgs):
    """Arguments of a Redis or Valkey server."""


class Redis(Database):
    """A Redis or Valkey server, reachable from the other services of its environment."""

    SETTINGS, ARGS = RedisSettings, RedisArgs

    url: pulumi.Output[str]
    """Its connection URL, ``redis://…:6379``; a secret when it has a password."""

    def __init__(self, name: str, args: RedisArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, args, opts)
        self.url = self.connection_url()
