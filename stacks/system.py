"""The base of all systems: a project, the zones of their names, and how they report what they made.

A system is a component, so that everything of it stands under one name in the tree of the stack. Its file holds its
settings, its secrets and its topology, and nothing that differs between environments.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Generic, TypeVar

import pulumi

from components.alerts import Alerts, AlertsArgs, AlertsSettings
from components.arguments import Arguments, Many, VariableName, matching
from components.bucket import Bucket, BucketArgs, BucketSettings
from components.database import Database, DatabaseSettings
from components.domain import DomainSettings
from components.from_settings import args_class, inputs_of
from components.inputs import RedirectInputs
from components.postgres import Postgres, PostgresSettings
from components.project import Project, ProjectArgs, ProjectSettings
from components.railway_bucket import RailwayBucket, RailwayBucketArgs, RailwayBucketSettings
from components.redirect import Redirects, RedirectsArgs, RedirectSettings
from components.redis import Redis, RedisSettings
from components.service import Service
from components.service_kind import ServiceSettings, kind_of
from components.zone import Zone, ZoneArgs, ZoneSettings, holding, nearest
from railway_api.plans import Plan
from stacks.account import AccountSettings, provider_of
from stacks.arguments_tree import walk_arguments
from stacks.names import names_of
from stacks.releases import Release, releases_of
from stacks.secrets import Secret, SystemSecrets

Owner = Annotated[
    str,
    matching(r"@[A-Za-z0-9][\w./-]*|[^@\s]+@[^@\s]+\.[^@\s]+", "@user, @organization/team, or an e-mail address"),
]
"""A reviewer, as GitHub's CODEOWNERS writes it."""


class SystemSettings(Arguments):
    """The settings that every system has."""

    project: ProjectSettings
    """Its Railway project and environment."""
    owner: Many[Owner] = ()
    """People who are asked to review what is the system's alone: its file, and its secrets where they have a file of
    their own. Default: nobody."""
    railway: AccountSettings | None = None
    """Whose Railway account it uses. Default: that of the stack."""
    follows_branch: bool = False
    """True if it may run the head of a branch, or an image without a version, in a stack that promotes from another."""
    protected: bool = False
    """True if nothing of it is ever deleted or replaced, which is what ``railyard adopt`` sets."""
    sealed: Many[VariableName] = ()
    """Secrets whose values Railway never shows again, in the dashboard neither. It cannot unseal them."""
    redirects: Many[RedirectSettings] = ()
    """Names at Cloudflare that lead visitors on to another name, www to the name itself for one. Default: none."""
    alerts: AlertsSettings | None = None
    """Events that are sent to the webhook of the secret ALERT_WEBHOOK: ``{}`` for what fails, crashes or passes a
    threshold. Default: none."""

    def plan(self, of_stack: Plan) -> Plan:
        """Return the Railway plan of its workspace: its own, else that of the stack."""
        return (self.railway and self.railway.plan) or of_stack

    def domains(self) -> list[DomainSettings]:
        """Return every public domain in these settings."""
        return [part for _, part in walk_arguments(self) if isinstance(part, DomainSettings)]

    def origins(self) -> list[str]:
        """Return where its web pages come from, as browsers write it."""
        return [f"https://{domain.hostname}" for domain in self.domains()]


ALERT_WEBHOOK = Secret(
    name="ALERT_WEBHOOK", meaning="address to which Railway sends the events of alerts", prefix="https://"
)

SettingsT = TypeVar("SettingsT", bound=SystemSettings)
DatabaseT = TypeVar("DatabaseT", bound=Database)


class System(pulumi.ComponentResource, Generic[SettingsT]):
    """One system in one stack."""

    NAME: ClassVar[str]
    """Its key in the settings, and the first part of the name of all its resources."""
    TOKEN: ClassVar[str]
    SETTINGS: ClassVar[type[SystemSettings]]

    outputs: Mapping[str, Any]
    """Stack outputs: addresses, ids, DNS targets, bucket and CDN names."""

    def __init__(
        self,
        settings: SettingsT,
        secrets: SystemSecrets,
        zones: Sequence[ZoneSettings],
        project: Project | None = None,
        *,
        encrypted: Collection[str] = (),
    ) -> None:
        """Make the system, in a ``project`` that another one has made, or in its own.

        ``encrypted`` names variables whose values are encrypted in the settings.
        """
        # Children have the protection of their parents, and their providers.
        workspace_id = settings.project.workspace_id
        own = [provider_of(self.NAME, settings.railway, workspace_id=workspace_id)] if settings.railway else None
        options = pulumi.ResourceOptions(protect=settings.protected or None, providers=own)
        super().__init__(self.TOKEN, self.NAME, None, options)
        self._sealed = self._sealed_variables(settings)
        self._secrets, self._encrypted = secrets, frozenset(encrypted)
        self.project = project or Project(self.NAME, ProjectArgs(**inputs_of(settings.project)), self.child())
        self.zones = self._zones(settings, zones)
        self._services: dict[str, Service] = {}
        self._buckets: list[Bucket] = []
        extra = self.compose(settings, secrets)
        if settings.alerts:
            webhook, is_unknown = secrets[ALERT_WEBHOOK.name], ALERT_WEBHOOK.name in secrets.unknown_variables
            alerts = AlertsArgs(
                **inputs_of(settings.alerts), project=self.project, webhook=webhook, webhook_is_unknown=is_unknown
            )
            Alerts(self.NAME, alerts, self.child())
        self._redirect(settings.redirects)
        domains = [domain for service in self._services.values() for domain in service.domains]
        for bucket in self._buckets:
            bucket.allow(settings.origins(), after=domains)
        self.outputs = {**self._common(), **extra}
        self.register_outputs(self.outputs)

    @classmethod
    @abstractmethod
    def secrets(cls, settings: SettingsT) -> Sequence[Secret]:
        """Declare the secrets that it needs with ``settings``."""

    @classmethod
    def declared(cls, settings: SettingsT) -> Sequence[Secret]:
        """Return all secrets that it needs with ``settings``: its own, and that of its alerts."""
        return (*cls.secrets(settings), *((ALERT_WEBHOOK,) if settings.alerts else ()))

    @classmethod
    def releases(cls, settings: SettingsT) -> Sequence[Release]:
        """Return what of ``settings`` decides what it runs: each service's own image or commit, unless overridden."""
        return releases_of(settings)

    @abstractmethod
    def compose(self, settings: SettingsT, secrets: SystemSecrets) -> Mapping[str, Any]:
        """Make its services, and return what it exports beside their addresses and the ids of the project."""

    def named(self, noun: str) -> str:
        """Return the name of a part, ``seance-backend``."""
        return f"{self.NAME}-{noun}"

    def child(self) -> pulumi.ResourceOptions:
        """Return options of its direct children."""
        return pulumi.ResourceOptions(parent=self)

    def bucket(self, noun: str, args: BucketSettings) -> Bucket:
        """Make a bucket that the system's own web pages may use, as soon as their domains work."""
        zone = holding(self.zones, args.cdn_domain) if args.cdn_domain else None
        bucket = Bucket(self.named(noun), BucketArgs(**inputs_of(args), zone=zone), self.child())
        self._buckets.append(bucket)
        return bucket

    def railway_bucket(self, name: str, args: RailwayBucketSettings) -> RailwayBucket:
        """Make a bucket of Railway's own, named as its key in the settings."""
        bucket_args = RailwayBucketArgs(**inputs_of(args, name=args.name or name), project=self.project)
        return RailwayBucket(self.named(name), bucket_args, self.child())

    def service(
        self,
        name: str,
        args: ServiceSettings,
        *,
        variables: Mapping[str, pulumi.Input[str]] | None = None,
        own_address: Sequence[str] = (),
        bucket: Bucket | RailwayBucket | None = None,
        uses: Sequence[Service | Database] = (),
        registry_password: pulumi.Input[str] | None = None,
        may_have_been: Iterable[type[ServiceSettings]] = (),
    ) -> Service:
        """Make a service and export its addresses. ``name`` is its key in the settings, and its name on Railway.

        ``variables`` come from secrets or other resources. ``own_address`` names those that hold its public address.
        ``uses`` are healthy first. ``registry_password`` belongs to ``args.registry_username``. A service that was of
        a kind of ``may_have_been`` is kept, and not replaced by another one.
        """
        own = {**(bucket.variables if bucket else {}), **(variables or {})}
        for variable in sorted({*own, *own_address} & args.variables.keys()):
            pulumi.log.warn(
                f"{self.named(name)}: variables.{variable} has no effect, since its system sets {variable}: remove it"
            )
        every = {**self.still_encrypted(args.variables), **own}
        aliases = [pulumi.Alias(type_=each.TOKEN) for each in may_have_been if each.TOKEN != args.TOKEN]
        service = Service(
            self.named(name),
            args_class(args)(
                **inputs_of(args, variables=every),
                kind=kind_of(args),
                project=self.project,
                name=name,
                zones=self.zones,
                own_address=own_address,
                uses=[each if isinstance(each, Service) else each.service for each in uses],
                registry_password=registry_password,
                sealed=_secret(self._sealed, every),
                unknown_variables=_secret(self._secrets.unknown_variables, every),
            ),
            pulumi.ResourceOptions(parent=self, aliases=aliases),
        )
        self._services[name] = service
        return service

    def still_encrypted(self, variables: Mapping[str, pulumi.Input[str]]) -> dict[str, pulumi.Input[str]]:
        """Return variables in which those that are encrypted in the settings stay secret."""
        hidden = self._encrypted
        return {name: pulumi.Output.secret(value) if name in hidden else value for name, value in variables.items()}

    def postgres(self, args: PostgresSettings, password: pulumi.Input[str], *, name: str = "postgres") -> Postgres:
        """Make a PostgreSQL server, named as its key in the settings."""
        return self.database(Postgres, name, args, password)

    def redis(self, name: str, args: RedisSettings, password: pulumi.Input[str] | None = None) -> Redis:
        """Make a server of the Redis protocol, named as its key in the settings."""
        return self.database(Redis, name, args, password)

    def database(
        self, kind: type[DatabaseT], name: str, args: DatabaseSettings, password: pulumi.Input[str] | None = None
    ) -> DatabaseT:
        """Make a database server (``Mysql``, ``Mongodb``, …), named as its key in the settings."""
        variables = {args.SERVER.password_variable: password}
        database = kind(
            self.named(name),
            kind.ARGS(
                **inputs_of(args, name=args.name or name),
                project=self.project,
                password=password,
                sealed=_secret(self._sealed, variables),
                unknown_variables=_secret(self._secrets.unknown_variables, variables),
            ),
            self.child(),
        )
        self._services[name] = database.service
        return database

    def _sealed_variables(self, settings: SettingsT) -> frozenset[str]:
        """Return the variables that hold a sealed secret, alone or as a part of an address."""
        chosen = [secret for secret in self.secrets(settings) if secret.name in settings.sealed]
        return frozenset(variable for secret in chosen for variable in (secret.name, *secret.also_sets))

    def _zones(self, settings: SystemSettings, zones: Sequence[ZoneSettings]) -> list[Zone]:
        held = [(nearest(zones, name), proxied) for _, name, proxied in names_of(settings)]
        return [
            Zone(self.named(zone.name), ZoneArgs(**inputs_of(zone), proxied=(zone, True) in held), self.child())
            for zone in zones
            if (zone, True) in held or (zone, False) in held
        ]

    def _redirect(self, redirects: Sequence[RedirectSettings]) -> None:
        for zone in self.zones:
            of_zone = [
                RedirectInputs(**inputs_of(each)) for each in redirects if holding(self.zones, each.hostname) is zone
            ]
            if of_zone:
                args = RedirectsArgs(redirects=of_zone, zone=zone)
                Redirects(self.named(f"{zone.name}-redirects"), args, self.child())

    def _common(self) -> dict[str, Any]:
        addresses = {name: service.url for name, service in self._services.items() if service.url}
        tcp = {name: service.tcp_address for name, service in self._services.items() if service.tcp_address}
        targets = {domain.hostname: domain.target for service in self._services.values() for domain in service.domains}
        return {
            "projectId": self.project.project_id,
            "environmentId": self.project.environment_id,
            **({"addresses": addresses} if addresses else {}),
            **({"tcpAddresses": tcp} if tcp else {}),
            **({"dnsTargets": targets} if targets else {}),
        }


def _secret(names: Collection[str], variables: Mapping[str, pulumi.Input[str] | None]) -> list[str]:
    """Return those of the variables that ``names`` has. A secret and what is made of it are Outputs, no plain texts."""
    return [name for name, value in variables.items() if name in names and isinstance(value, pulumi.Output)]
