"""A server of the Redis protocol (Redis or Valkey) as a private Railway service.

Owns the server and its address. With a volume it survives a restart with its data; without one it is a cache.
"""

from __future__ import annotations

from urllib.parse import quote

import pulumi

from components.arguments import Arguments, Image, MemoryMb, VolumeGb
from components.project import Project
from components.service import NO_SECRETS, SecretVariables, Service, ServiceArgs
from components.volume import VolumeArgs

PORT = 6379


class RedisArgs(Arguments):
    """What a Redis or Valkey server needs."""

    image: Image = "redis:8"
    """Docker image with its tag: Redis or Valkey."""
    memory_mb: MemoryMb | None = None
    """Memory limit in MB. Default: the plan's."""
    size_gb: VolumeGb | None = None
    """Size of its volume in GB. Default: none, a restart empties it."""

    @property
    def volume(self) -> VolumeArgs | None:
        """Return the volume that holds its data, if any."""
        return None if self.size_gb is None else VolumeArgs(mount_path="/data", size_gb=self.size_gb)


class Redis(pulumi.ComponentResource):
    """A Redis or Valkey server, reachable from the other services of its environment."""

    service: Service
    """The service that runs it; use it to start after the server is up."""
    url: pulumi.Output[str]
    """Its address, ``redis://…:6379``; a secret when it has a password."""

    def __init__(
        self,
        name: str,
        args: RedisArgs,
        *,
        project: Project,
        service_name: str = "redis",
        password: pulumi.Input[str] | None = None,
        secrets: SecretVariables = NO_SECRETS,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("railyard:components:Redis", name, None, opts)
        program = "valkey-server" if "valkey" in args.image else "redis-server"
        self.service = Service(
            name,
            ServiceArgs(
                image=args.image,
                memory_mb=args.memory_mb,
                volume=args.volume,
                start_command=_start_command(program, with_password=password is not None, persistent=bool(args.volume)),
            ),
            project=project,
            service_name=service_name,
            variables={} if password is None else {"REDIS_PASSWORD": password},
            secrets=secrets,
            opts=pulumi.ResourceOptions(parent=self),
        )
        host = self.service.private_host
        if password is None:
            self.url = pulumi.Output.concat("redis://", host, f":{PORT}")
        else:
            quoted = pulumi.Output.secret(password).apply(lambda value: quote(value, safe=""))
            self.url = pulumi.Output.secret(pulumi.Output.concat("redis://default:", quoted, "@", host, f":{PORT}/0"))
        self.register_outputs({"host": host})


def _start_command(program: str, *, with_password: bool, persistent: bool) -> str | None:
    options = " --appendonly yes --dir /data" if persistent else ""
    if with_password:
        # The variable needs a shell: Railway runs the command of an image without one.
        return f'/bin/sh -c "exec {program} --requirepass $REDIS_PASSWORD{options}"'
    return f"{program}{options}" if options else None
