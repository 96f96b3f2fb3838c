"""The components that the package has, with what other languages give to them and get of them.

Owns what a component is connected to, by ids: a component in another language is not an object here. Its settings are
those of ``components/inputs.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

import pulumi
from pydantic import BaseModel

from components.alerts import Alerts, AlertsArgs, AlertsSettings
from components.bucket import Bucket, BucketArgs, BucketSettings
from components.checking import refuse
from components.cron_job import CronJobSettings
from components.database import Database
from components.domain import Domain, DomainArgs, DomainSettings
from components.existing import ExistingProject, ExistingZone
from components.mongodb import Mongodb
from components.mysql import Mysql
from components.plugin.values import wrong_keys
from components.postgres import Postgres
from components.problems import Problem
from components.project import Project, ProjectArgs, ProjectSettings
from components.railway_bucket import RailwayBucket, RailwayBucketArgs, RailwayBucketSettings
from components.redirect import Redirects, RedirectsArgs, RedirectsSettings
from components.redis import Redis
from components.service import Service, ServiceArgs
from components.service_kind import ServiceSettings
from components.static_site import StaticSiteArgs, StaticSiteSettings
from components.topologies import BackendSettings, BotSettings, GatewaySettings, ProxySettings
from components.usage_limit import UsageLimit, UsageLimitArgs, UsageLimitSettings
from components.volume import Volume, VolumeArgs, VolumeSettings
from components.worker import WorkerSettings
from components.zone import Zone, ZoneArgs, ZoneSettings

Outputs = Mapping[str, Any]
Given = dict[str, Any]

TEXTS: Final = {"type": "object", "additionalProperties": {"type": "string"}}


@dataclass(frozen=True)
class Property:
    """An input or an output of a component beside its settings."""

    doc: str
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})
    required: bool = True
    secret: bool = False
    plain: bool = False


@dataclass(frozen=True, kw_only=True)
class Part:
    """A component of the package."""

    doc: str
    settings: type[BaseModel]
    make: Callable[[str, Given, pulumi.ResourceOptions | None], pulumi.ComponentResource]
    """Makes it of its settings and of what it is connected to, by the names of Python."""
    wired: Mapping[str, Property]
    """Connected components: name in the schema → property."""
    outputs: Mapping[str, Property]
    outputs_of: Callable[[Any], Outputs]
    """Returns the outputs of one that was made."""


PROJECT: Final = {
    "projectId": Property("Railway's id of the project, projectId of a Project."),
    "environmentId": Property("Railway's id of the environment, environmentId of a Project."),
}
SERVICE: Final = {**PROJECT, "serviceId": Property("Railway's id of the service, serviceId of a Service.")}
SEALED: Final = {
    "sealed": Property(
        "Variables whose values Railway never shows again. Default: none.",
        {"type": "array", "items": {"type": "string", "plain": True}},
        required=False,
        plain=True,
    )
}
ZONES: Final = "#/types/railyard:components:ZoneReference"
ZONE: Final = {
    "name": Property("Its name, example.com.", plain=True),
    "zoneId": Property("Cloudflare's id of it."),
}
"""Properties of a zone that a service is given."""


def _project(given: Given) -> ExistingProject:
    return ExistingProject(project_id=given.pop("project_id"), environment_id=given.pop("environment_id"))


def _zones(label: str, given: Given) -> list[ExistingZone]:
    zones: Any = given.pop("zones", None) or []
    if not isinstance(zones, list) or not all(isinstance(each, Mapping) for each in cast("list[Any]", zones)):
        refuse(label, [Problem(("zones",), None, "a list of groups: name, zoneId", "write [{name: …, zoneId: …}]")])
    groups = cast("list[Mapping[str, Any]]", zones)
    for at, each in enumerate(groups):
        refuse(label, wrong_keys(each, ZONE, list(ZONE), ("zones", at)))
        if not isinstance(each["name"], str):
            allowed = "a plain string, since it decides which names it holds, and an Output is known too late"
            refuse(label, [Problem(("zones", at, "name"), None, allowed, "write the name, example.com")])
    return [ExistingZone(name=each["name"], zone_id=each["zoneId"]) for each in groups]


def _zone(given: Given, name: str) -> ExistingZone | None:
    zone_id = given.pop("zone_id", None)
    return None if zone_id is None else ExistingZone(name=name, zone_id=zone_id)


def _service_of(kind: type[ServiceSettings], args: type[ServiceArgs]) -> Callable[..., Service]:
    def make(name: str, given: Given, opts: pulumi.ResourceOptions | None) -> Service:
        service_args = args(project=_project(given), zones=_zones(name, given), kind=kind, **given)
        return Service(name, service_args, opts)

    return make


def _service(doc: str, kind: type[ServiceSettings], args: type[ServiceArgs] = ServiceArgs) -> Part:
    return Part(
        doc=doc,
        settings=kind,
        make=_service_of(kind, args),
        wired={
            **PROJECT,
            "name": Property(
                "Name of the service on Railway. Default: that of the component.", required=False, plain=True
            ),
            "zones": Property(
                "The Cloudflare zones that hold its domains. Default: none.",
                {"type": "array", "items": {"$ref": ZONES, "plain": True}},
                required=False,
                plain=True,
            ),
            "ownAddress": Property(
                "Variables that hold its own public address. Default: none.",
                {"type": "array", "items": {"type": "string", "plain": True}},
                required=False,
                plain=True,
            ),
            "registryPassword": Property(
                "Password that belongs to registryUsername. Default: none.", required=False, secret=True
            ),
            **SEALED,
        },
        outputs={
            "serviceId": Property("Railway's id of the service."),
            "privateHost": Property("Name under which services of its environment reach it."),
            "url": Property("Public address; none for a private service.", required=False),
            "tcpAddress": Property("Host and port of its TCP proxy; none without one.", required=False),
            "dnsTargets": Property("Hostname of each domain, and where its CNAME points.", TEXTS),
        },
        outputs_of=lambda service: {
            "serviceId": service.service_id,
            "privateHost": service.private_host,
            "url": service.url,
            "tcpAddress": service.tcp_address,
            "dnsTargets": {each.hostname: each.target for each in service.domains},
        },
    )


def _database(component: type[Database]) -> Part:
    def make(name: str, given: Given, opts: pulumi.ResourceOptions | None) -> Database:
        return component(name, component.ARGS(project=_project(given), **given), opts)

    def outputs_of(database: Any) -> Outputs:
        return {
            "serviceId": database.service.service_id,
            "host": database.service.private_host,
            "url": database.url if isinstance(database, Redis) else database.url(),
            "publicUrl": database.public_connection_url() if database.service.tcp_address else None,
        }

    title, needed = component.SETTINGS.SERVER.title, component.SETTINGS.SERVER.needs_password
    default = "" if needed else " Default: none, since only its own environment reaches it."
    password = Property(f"Password of its user.{default}", required=needed, secret=True)
    return Part(
        doc=f"A {title} server with its volume, reachable from the other services of its environment.",
        settings=component.SETTINGS,
        make=make,
        wired={**PROJECT, "password": password, **SEALED},
        outputs={
            "serviceId": Property("Railway's id of its service."),
            "host": Property("Name under which services of its environment reach it."),
            "url": Property("Its address, with user and password.", secret=True),
            "publicUrl": Property("Its address from the internet; none without tcpPort.", required=False, secret=True),
        },
        outputs_of=outputs_of,
    )


def _bucket(name: str, given: Given, opts: pulumi.ResourceOptions | None) -> Bucket:
    zone = _zone(given, name=str(given.get("cdn_domain") or ""))
    bucket = Bucket(name, BucketArgs(zone=zone, **given), opts)
    bucket.allow(())
    return bucket


def _nothing(component: pulumi.ComponentResource) -> Outputs:
    del component
    return {}


BUCKET_ZONE: Final = Property("Cloudflare's id of the zone that holds cdnDomain. Default: none.", required=False)
VARIABLES: Final = Property("The environment variables with which a service uses it.", TEXTS, secret=True)

PARTS: Final[Mapping[str, Part]] = {
    "Project": Part(
        doc="A Railway project and its default environment.",
        settings=ProjectSettings,
        make=lambda name, given, opts: Project(name, ProjectArgs(**given), opts),
        wired={},
        outputs={
            "projectId": Property("Railway's id of the project."),
            "environmentId": Property("Railway's id of its environment."),
        },
        outputs_of=lambda made: {"projectId": made.project_id, "environmentId": made.environment_id},
    ),
    "Service": _service("A service with its volume, domains, variables and CDN.", ServiceSettings),
    "Worker": _service("A service that takes its work from a queue or a database; nobody calls it.", WorkerSettings),
    "CronJob": _service("A process that starts on a schedule and ends by itself.", CronJobSettings),
    "StaticSite": _service("A public service that hands out files.", StaticSiteSettings, StaticSiteArgs),
    "Backend": _service("An application, connected to what it stores its data in.", BackendSettings),
    "Bot": _service("One process that holds a connection of its own: it runs exactly once.", BotSettings),
    "Proxy": _service("A public door that passes requests on, and stores nothing.", ProxySettings),
    "Gateway": _service("One address for several providers, with the keys to them.", GatewaySettings),
    "Volume": Part(
        doc="A disk mounted into one service, and its backups.",
        settings=VolumeSettings,
        make=lambda name, given, opts: Volume(
            name, VolumeArgs(project=_project(given), service=given.pop("service_id"), **given), opts
        ),
        wired=SERVICE,
        outputs={"volumeId": Property("Railway's id of the volume.")},
        outputs_of=lambda made: {"volumeId": made.volume_id},
    ),
    "Domain": Part(
        doc="A name that leads to one service, with its records at Cloudflare and its certificate.",
        settings=DomainSettings,
        make=lambda name, given, opts: Domain(
            name,
            DomainArgs(
                project=_project(given),
                service=given.pop("service_id"),
                zone=ExistingZone(name=given["hostname"], zone_id=given.pop("zone_id")),
                **given,
            ),
            opts,
        ),
        wired={**SERVICE, "zoneId": Property("Cloudflare's id of the zone that holds it, zoneId of a Zone.")},
        outputs={
            "hostname": Property("The full name."),
            "url": Property("Its address, https://…."),
            "target": Property("Target of the CNAME record: the name that Railway gave."),
        },
        outputs_of=lambda made: {"hostname": made.hostname, "url": made.url, "target": made.target},
    ),
    "Zone": Part(
        doc="A Cloudflare zone whose names lead to Railway.",
        settings=ZoneSettings,
        make=lambda name, given, opts: Zone(name, ZoneArgs(**given), opts),
        wired={
            "proxied": Property(
                "True if Cloudflare's proxy stands in front of any of its names: then its SSL mode is set. Default: "
                "false.",
                {"type": "boolean"},
                required=False,
                plain=True,
            )
        },
        outputs={"zoneId": Property("Cloudflare's id of the zone."), "name": Property("Its name.")},
        outputs_of=lambda made: {"zoneId": made.zone_id, "name": made.name},
    ),
    **{component.SETTINGS.SERVER.token.rpartition(":")[2]: _database(component) for component in (Postgres, Mysql)},
    **{component.SETTINGS.SERVER.token.rpartition(":")[2]: _database(component) for component in (Mongodb, Redis)},
    "Bucket": Part(
        doc="A bucket in DigitalOcean Spaces with its CDN and a key of its own.",
        settings=BucketSettings,
        make=_bucket,
        wired={"zoneId": BUCKET_ZONE},
        outputs={
            "bucketName": Property("Name of the bucket, known once it exists."),
            "cdnEndpoint": Property("Host of the CDN endpoint; none without one.", required=False),
            "variables": VARIABLES,
        },
        outputs_of=lambda made: {
            "bucketName": made.bucket_name,
            "cdnEndpoint": made.cdn_endpoint,
            "variables": made.variables,
        },
    ),
    "RailwayBucket": Part(
        doc="A bucket of Railway's own, in one environment.",
        settings=RailwayBucketSettings,
        make=lambda name, given, opts: RailwayBucket(name, RailwayBucketArgs(project=_project(given), **given), opts),
        wired=PROJECT,
        outputs={
            "bucketName": Property("Name by which S3 clients address it."),
            "endpoint": Property("Address for S3 clients."),
            "variables": VARIABLES,
        },
        outputs_of=lambda made: {
            "bucketName": made.bucket_name,
            "endpoint": made.endpoint,
            "variables": made.variables,
        },
    ),
    "Redirects": Part(
        doc="All redirects of one Cloudflare zone.",
        settings=RedirectsSettings,
        make=lambda name, given, opts: Redirects(
            name, RedirectsArgs(zone=ExistingZone(name="", zone_id=given.pop("zone_id")), **given), opts
        ),
        wired={"zoneId": Property("Cloudflare's id of the zone that holds the names, zoneId of a Zone.")},
        outputs={},
        outputs_of=_nothing,
    ),
    "Alerts": Part(
        doc="A rule that sends events of a project to a webhook.",
        settings=AlertsSettings,
        make=lambda name, given, opts: Alerts(name, AlertsArgs(project=_project(given), **given), opts),
        wired={**PROJECT, "webhook": Property("Address to which they are sent.", secret=True)},
        outputs={},
        outputs_of=_nothing,
    ),
    "UsageLimit": Part(
        doc="The limit of what the workspace of the token may use.",
        settings=UsageLimitSettings,
        make=lambda name, given, opts: UsageLimit(name, UsageLimitArgs(**given), opts),
        wired={},
        outputs={},
        outputs_of=_nothing,
    ),
}
"""Name of each component → what it is."""


def token_of(name: str) -> str:
    """Return the type token of a component, the one that it has in Python too."""
    settings = PARTS[name].settings
    return settings.TOKEN if issubclass(settings, ServiceSettings) else f"railyard:components:{name}"
