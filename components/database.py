"""The base of all database servers: a private service with a password, a volume with backups, an address.

A server is a declaration: a subclass of ``DatabaseSettings`` that says what its image is called, which variables and
command it starts with, and how its connection URL looks; and a ``Database`` that names its type. Owns the server and
its address. Does not own what is in it, and makes no user but the first. Reached over the private network alone, unless
``tcpPort`` opens it to the internet.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final, Self
from urllib.parse import quote

import pulumi
from pydantic import model_validator
from pydantic.alias_generators import to_camel

from components.arguments import (
    Arguments,
    Backups,
    Decides,
    Image,
    Many,
    MemoryMb,
    Name,
    Obeys,
    Port,
    UsageAlerts,
    VolumeGb,
    matching,
)
from components.checking import checked, refuse
from components.existing import ExistingProject
from components.inputs import DatabaseInputs, VolumeInputs
from components.problems import Problem
from components.project import Project
from components.service import Service, ServiceArgs
from components.service_kind import DEFAULT_REGION, Region, ServiceSettings
from components.service_settings import AutoUpdates
from components.volume import OffsiteBackups, VolumeSettings
from components.wiring import wired
from pulumiverse_railway import conflicts, rules

Identifier = Annotated[str, matching(r"[a-z_][a-z0-9_]*", "lower case letters, digits and underscores")]
"""A name in SQL that needs no quotes."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """A kind of server: its type token, port, paths and names."""

    token: str
    """Type token of its component; part of its URN, so that it never changes."""
    title: str
    """As people write it, ``PostgreSQL``."""
    service_name: str
    """Name of its service on Railway, unless a program says otherwise."""
    port: int
    mount_path: str
    """Directory of its data, at which its volume is mounted."""
    scheme: str
    """Scheme of its connection URL, ``postgresql``."""
    password_variable: str
    """The variable in which it gets its password."""
    needs_password: bool = True
    """True if it does not start without one."""


IMAGES: Final = {
    **dict.fromkeys(("postgres", "postgis", "pgvector", "timescale"), "PostgreSQL"),
    **dict.fromkeys(("mongo", "ferretdb"), "MongoDB"),  # before MySQL: Percona has servers of both
    **dict.fromkeys(("mysql", "mariadb", "percona"), "MySQL"),
    **dict.fromkeys(("redis", "valkey", "keydb", "dragonfly"), "Redis"),
}
"""Part of the name of an image → title of the kind of server that it is."""


def image_name(image: str) -> str:
    """Return the last part of an image's name, without tag and digest: ``postgres-ssl``."""
    return image.partition("@")[0].rpartition("/")[2].partition(":")[0]


def image_tag(image: str) -> str:
    """Return the tag of an image, ``16-alpine``; an empty string without one."""
    return image.partition("@")[0].rpartition("/")[2].partition(":")[2]


def kind_of(image: str) -> str | None:
    """Return the title of the kind of server that an image is, by its name; None where that does not tell."""
    name = image_name(image)
    return next((title for part, title in IMAGES.items() if part in name), None)


class StoreSettings(ServiceSettings):
    """The service of a database: those that use it are best in its region."""

    STORE = True


class DatabaseSettings(Arguments):
    """Settings that every database server has."""

    SERVER: ClassVar[Server]

    name: Annotated[Name | None, Decides("which service others refer to")] = None
    """Name of its service on Railway, by which others refer to it. Default: its key in the settings."""
    image: Image | None = None
    """Docker image with its tag. Default: that of its version."""
    auto_updates: AutoUpdates | None = None
    """Newer versions of the image that Railway deploys by itself, after a backup of the volume. Default: none."""
    auto_update_windows: Annotated[Many[str], Obeys(rules.update_windows)] = ()
    """Hours in which it does so, in UTC: 'SAT 2-6'. Default: Railway's choice."""
    region: Annotated[Region, Decides("where it runs")] = DEFAULT_REGION
    """Region in which it runs, best that of the services that use it."""
    size_gb: Annotated[VolumeGb | None, Decides("whether there is a volume")] = None
    """Size of its volume in GB. Grows in place, never shrinks. Default: none, a restart empties it."""
    backups: Backups = ("daily",)
    """Backup schedules of its volume."""
    outside: OffsiteBackups | None = None
    """Schedule of its dumps into the stack's backup bucket. Default: never, since it has no dump."""
    usage_alerts: UsageAlerts = (80,)
    """Percentages of its volume's capacity at which Railway alerts. Default: 80."""
    vcpus: Annotated[float, Obeys(rules.vcpus)] | None = None
    """CPU limit in vCPUs. Default: the plan's."""
    memory_mb: MemoryMb | None = None
    """Memory limit in MB. Default: the plan's."""
    tcp_port: Annotated[Port | None, Decides("whether there is a TCP proxy")] = None
    """Its port, opened to the internet at a host and port that Railway chooses. Default: only services of its
    environment reach it.
    """

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if self.image and (kind := kind_of(self.image)) not in (None, self.SERVER.title):
            raise ValueError(f"an image of {self.SERVER.title}, and {self.image} is one of {kind}: give another image")
        updates = {"auto_updates": self.auto_updates, "auto_update_windows": self.auto_update_windows}
        stated = {name: value for name, value in updates.items() if value}
        for name, reason in conflicts.of_auto_updates({"image": self.server_image, **stated}):
            raise ValueError(f"{to_camel(name)} {reason}")
        if self.tcp_port not in (None, self.SERVER.port):
            raise ValueError(
                f"tcpPort of the port on which {self.SERVER.title} listens, {self.SERVER.port}, not {self.tcp_port}: "
                f"set it to {self.SERVER.port}; the port to the outside is Railway's choice"
            )
        for name in ("backups", "usage_alerts") if self.size_gb is None else ():
            if getattr(self, name) and name in self.model_fields_set:
                key = to_camel(name)
                raise ValueError(f"{key} only with a volume, which they are about: add sizeGb, or remove {key}")
        return self

    @property
    def volume(self) -> VolumeSettings | None:
        """Return the volume that holds its data; None without ``size_gb``."""
        if self.size_gb is None:
            return None
        return VolumeSettings(**_disk(self.SERVER, self))

    @property
    def server_image(self) -> str:
        """Return the image that runs."""
        raise NotImplementedError

    @property
    def login(self) -> tuple[str, str]:
        """Return the user and the database of its connection URL."""
        raise NotImplementedError

    def variables(self) -> Mapping[str, str]:
        """Return the variables with which it starts, beside its password."""
        return {}

    def start_command(self, *, with_password: bool) -> str | None:
        """Return the command that starts it. Default: the image's."""
        del with_password
        return None


@dataclass(frozen=True, kw_only=True)
class DatabaseArgs(DatabaseInputs):
    """Arguments of a database server of any kind."""

    project: Project | ExistingProject
    """The project, and in it the environment, in which it runs."""
    password: pulumi.Input[str] | None = None
    """Password of its user. Default: none, which Redis alone starts with: only its own environment reaches it."""
    sealed: Sequence[str] = ()
    """Variables whose values Railway never shows again."""
    unknown_variables: Sequence[str] = ()
    """Variables whose values are not known in this run, and stay as the state has them."""


class Database(pulumi.ComponentResource):
    """A database server, reachable from the other services of its environment."""

    SETTINGS: ClassVar[type[DatabaseSettings]]
    ARGS: ClassVar[type[DatabaseArgs]]

    service: Service
    """The service that runs it; use it to start after the server is up."""
    args: DatabaseArgs
    """Checked arguments."""

    def __init__(self, name: str, args: DatabaseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        server = self.SETTINGS.SERVER
        self._given = checked(name, wired(name, args, self.ARGS), self.SETTINGS)
        password = _not_empty(name, self._given.args.password)
        if server.needs_password and password is None:
            allowed = f"a password, without which {server.title} does not start"
            fix = 'give it a secret, pulumi.Config().require_secret("databasePassword") for one'
            refuse(name, [Problem(("password",), None, allowed, fix)])
        self.args = args = dataclasses.replace(self._given.args, password=password)
        super().__init__(server.token, name, None, opts)
        self.service = Service(
            name,
            ServiceArgs(
                kind=StoreSettings,
                project=args.project,
                name=args.name or server.service_name,
                image=self._given.made(lambda settings: settings.server_image),
                auto_updates=args.auto_updates,
                auto_update_windows=args.auto_update_windows,
                region=args.region,
                vcpus=args.vcpus,
                memory_mb=args.memory_mb,
                tcp_port=args.tcp_port,
                volume=VolumeInputs(**_disk(server, args)) if args.size_gb is not None else None,
                start_command=self._given.made(
                    lambda settings: settings.start_command(with_password=password is not None)
                ),
                variables=self._variables(),
                sealed=args.sealed,
                unknown_variables=args.unknown_variables,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"host": self.service.private_host})

    def _variables(self) -> dict[str, pulumi.Input[str]]:
        names = self.SETTINGS().variables()
        own = {name: self._given.made(lambda settings, name=name: settings.variables()[name]) for name in names}
        password = self.args.password
        return own if password is None else {**own, self.SETTINGS.SERVER.password_variable: password}

    @property
    def login(self) -> tuple[pulumi.Input[str], pulumi.Input[str]]:
        """Return the user and the database of its connection URL."""
        return self._given.made(lambda made: made.login[0]), self._given.made(lambda made: made.login[1])

    def connection_url(self, *, scheme: str = "", query: str = "") -> pulumi.Output[str]:
        """Return ``scheme://user:password@host:port/database?query``, a secret when there is a password."""
        port = self.SETTINGS.SERVER.port
        return self._connection_url(pulumi.Output.concat(self.service.private_host, f":{port}"), scheme, query)

    def public_connection_url(self, *, scheme: str = "", query: str = "") -> pulumi.Output[str]:
        """Return the connection URL for clients on the internet. Raises ``pulumi.RunError`` without ``tcpPort``."""
        if self.service.tcp_address is None:
            title = self.SETTINGS.SERVER.title
            raise pulumi.RunError(f"{title} is not reachable from the internet: set its tcpPort")
        return self._connection_url(self.service.tcp_address, scheme, query)

    def _connection_url(self, place: pulumi.Output[str], scheme: str, query: str) -> pulumi.Output[str]:
        begin = f"{scheme or self.SETTINGS.SERVER.scheme}://"
        if self.args.password is None:
            return pulumi.Output.concat(begin, place, query)
        quoted: Any = pulumi.Output.secret(self.args.password).apply(lambda password: quote(password, safe=""))
        user, database = self.login
        return pulumi.Output.concat(begin, user, ":", quoted, "@", place, "/", database, query)


def _disk(server: Server, given: DatabaseSettings | DatabaseArgs) -> dict[str, Any]:
    """Return the settings of the volume that holds the data of a server, by their names in Python."""
    same = {name: getattr(given, name) for name in ("size_gb", "backups", "usage_alerts")}
    return {"mount_path": server.mount_path, **same}


def _not_empty(name: str, password: pulumi.Input[str] | None) -> pulumi.Input[str] | None:
    """Return the password; None for an empty one. An Output that turns out to be empty fails the run."""
    if password is None or isinstance(password, str):
        return password or None

    def check(value: str | None) -> str:
        if not value:
            refuse(name, [Problem(("password",), None, "a password that is not empty", "give one, or leave it out")])
        return value or ""

    return pulumi.Output.from_input(password).apply(check)
