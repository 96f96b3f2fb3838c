"""The keys of a system that is settings alone: services, databases, buckets and secrets.

Owns the models. What one key demands of another is validated in ``validation``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final, Literal, cast

from pydantic import Field, create_model, model_validator

from components.arguments import Image, Many, VariableName, Variables, matching
from components.bucket import BucketSettings
from components.by_key import ByKey
from components.cron_job import CronJobSettings
from components.database import Database
from components.mongodb import Mongodb, MongodbSettings
from components.mysql import Mysql, MysqlSettings
from components.postgres import Postgres, PostgresSettings
from components.railway_bucket import RailwayBucketSettings
from components.redis import Redis, RedisSettings
from components.service_kind import ServiceSettings
from components.static_site import StaticSiteSettings
from components.topologies import BackendSettings, BotSettings, GatewaySettings, ProxySettings
from components.worker import WorkerSettings
from stacks.backend import MONGODB_PASSWORD, MYSQL_PASSWORD, POSTGRES_PASSWORD, REDIS_PASSWORD
from stacks.secret_rules import Secret, SecretRules
from stacks.system import SystemSettings

_SERVICE_NAME: Final = matching(
    r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}",
    "letters, digits, dots, hyphens and underscores, at most 63, the first a letter or a digit: web, Postgres",
)
ServiceName = Annotated[str, _SERVICE_NAME]


def _or_null(schema: dict[str, Any]) -> None:
    """Let an entry be null, by which a stack leaves out what all stacks share, and mark names that are none."""
    names = cast("dict[str, Any]", schema["patternProperties"])
    schema["patternProperties"] = {name: {"anyOf": [each, {"type": "null"}]} for name, each in names.items()}
    schema["additionalProperties"] = False


Topology = Literal["service", "backend", "bot", "worker", "cronJob", "staticSite", "proxy", "gateway"]


class OwnServiceSettings(ServiceSettings):
    """A service of a system of one's own."""

    topology: Topology = "service"
    """Kind of service, with the rule of that kind: a bot and a cron job run once, a worker has no address, a static
    site, a proxy and a gateway have one and store nothing. Default: a service without a rule."""
    uses: Many[ServiceName] = ()
    """Services and databases that have to be healthy before it starts. What its variables name is among them anyway."""
    secrets: Many[VariableName] = ()
    """Variables whose values are secrets: those of the system's group ``secrets``, or secrets of its own; APP_SECRET of
    umami is UMAMI_APP_SECRET in the SOPS file."""
    bucket: ServiceName | None = None
    """Bucket that it uses: one in Spaces by the variables SPACES_BUCKET, SPACES_REGION, SPACES_ENDPOINT, SPACES_PREFIX,
    SPACES_ACCESS_KEY_ID, SPACES_SECRET_ACCESS_KEY and SPACES_CDN_URL, one at Railway by AWS_S3_BUCKET_NAME,
    AWS_DEFAULT_REGION, AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. Default: none."""
    registry_password: VariableName | None = None
    """Secret that holds the password of registryUsername. Default: a public image."""
    variables: Variables = Field(default_factory=dict, json_schema_extra=_or_null)
    """Environment variables. ${postgres.url} is what Railyard knows of another part of the system, ${self.url} of the
    service itself, ${secrets.NAME} a secret; null leaves out one that all stacks share."""


TOPOLOGIES: Final[Mapping[Topology, type[ServiceSettings]]] = {
    "service": ServiceSettings,
    "backend": BackendSettings,
    "bot": BotSettings,
    "worker": WorkerSettings,
    "cronJob": CronJobSettings,
    "staticSite": StaticSiteSettings,
    "proxy": ProxySettings,
    "gateway": GatewaySettings,
}
"""Value of the key ``topology`` → the rule, and the type of the component."""


def _own(kind: type[ServiceSettings]) -> type[OwnServiceSettings]:
    """Return the settings of a service with the rule of a kind."""
    if kind is ServiceSettings:
        return OwnServiceSettings
    same = OwnServiceSettings.model_fields["variables"]
    fields: dict[str, Any] = {"variables": (same.annotation, same)}
    bases = (cast("type[OwnServiceSettings]", kind), OwnServiceSettings)
    return create_model(f"Own{kind.__name__}", __base__=bases, __doc__=kind.__doc__, **fields)


_SERVICES: Final = {name: _own(kind) for name, kind in TOPOLOGIES.items()}


class OwnPostgresSettings(PostgresSettings):
    """A PostgreSQL server."""

    kind: Literal["postgres"] = "postgres"
    """Kind of server. Default: the one that has the name of the database."""


class OwnMysqlSettings(MysqlSettings):
    """A MySQL server."""

    kind: Literal["mysql"] = "mysql"
    """Kind of server. Default: the one that has the name of the database."""


class OwnMongodbSettings(MongodbSettings):
    """A MongoDB server."""

    kind: Literal["mongodb"] = "mongodb"
    """Kind of server. Default: the one that has the name of the database."""


class OwnRedisSettings(RedisSettings):
    """A Redis server."""

    kind: Literal["redis"] = "redis"
    """Kind of server. Default: the one that has the name of the database."""


class OwnValkeySettings(RedisSettings):
    """A Valkey server, which speaks the protocol of Redis."""

    kind: Literal["valkey"] = "valkey"
    """Kind of server. Default: the one that has the name of the database."""
    image: Image = "valkey/valkey:8"


OwnDatabaseSettings = OwnPostgresSettings | OwnMysqlSettings | OwnMongodbSettings | OwnRedisSettings | OwnValkeySettings


@dataclass(frozen=True)
class Kind:
    """The component and the settings of a database of one kind."""

    args: type[OwnDatabaseSettings]
    component: type[Database]
    password: Secret


KINDS: Final[Mapping[str, Kind]] = {
    "postgres": Kind(OwnPostgresSettings, Postgres, POSTGRES_PASSWORD),
    "mysql": Kind(OwnMysqlSettings, Mysql, MYSQL_PASSWORD),
    "mongodb": Kind(OwnMongodbSettings, Mongodb, MONGODB_PASSWORD),
    "redis": Kind(OwnRedisSettings, Redis, REDIS_PASSWORD),
    "valkey": Kind(OwnValkeySettings, Redis, REDIS_PASSWORD),
}
"""Value of the key ``kind`` → how such a database is made."""


class OwnBucketSettings(BucketSettings):
    """A bucket in DigitalOcean Spaces."""

    kind: Literal["spaces"] = "spaces"
    """Kind of bucket: spaces, DigitalOcean's, or railway, in the project. Default: spaces."""


class OwnRailwayBucketSettings(RailwayBucketSettings):
    """A bucket of Railway's own."""

    kind: Literal["railway"] = "railway"
    """Kind of bucket: spaces, DigitalOcean's, or railway, in the project. Default: spaces."""


OwnBuckets = OwnBucketSettings | OwnRailwayBucketSettings
_BUCKETS: Final = {"spaces": OwnBucketSettings, "railway": OwnRailwayBucketSettings}


class OwnSecretSettings(SecretRules):
    """A secret of a system of one's own."""

    also_sets: Variables = Field(default_factory=dict)
    """Variables that stand beside it in each service that has it, and only there: EMAIL_PROVIDER beside the key of the
    provider."""


class OwnSettings(SystemSettings):
    """A system that is settings alone."""

    services: Annotated[
        dict[ServiceName, Annotated[OwnServiceSettings, ByKey("topology", _SERVICES, default="service", alike=True)]],
        Field(min_length=1, json_schema_extra=_or_null),
    ]
    """Name of each service on Railway → what it is."""
    databases: dict[
        ServiceName, Annotated[OwnDatabaseSettings, ByKey("kind", {name: each.args for name, each in KINDS.items()})]
    ] = Field(default_factory=dict[str, OwnDatabaseSettings], json_schema_extra=_or_null)
    """Name of each database server on Railway → what it is. Its password is the secret <NAME>_PASSWORD."""
    buckets: dict[ServiceName, Annotated[OwnBuckets, ByKey("kind", _BUCKETS, default="spaces")]] = Field(
        default_factory=dict[str, OwnBuckets], json_schema_extra=_or_null
    )
    """Name of each bucket in this system → what it is."""
    secrets: dict[VariableName, OwnSecretSettings] = Field(default_factory=dict, json_schema_extra=_or_null)
    """Secrets that services have: name in the SOPS file → the rules that its value obeys. Where there are some, the
    services have no others. Default: each service has those of its own key secrets."""

    GROUPS: ClassVar = ("services", "databases", "buckets", "secrets")

    @model_validator(mode="before")
    @classmethod
    def _as_one_file_says_it(cls, given: Any) -> Any:
        """Leave out what a stack sets to null, which all stacks share, and say the kinds that follow from names."""
        if not isinstance(given, dict):  # refused as what it is, below
            return given
        settings = cast("dict[str, Any]", given)
        settings = {**settings, **{name: _without_null(settings[name]) for name in cls.GROUPS if name in settings}}
        for name, service in _groups(settings.get("services")):
            if "variables" in service:
                settings["services"][name] = {**service, "variables": _without_null(service["variables"])}
        for name, database in _groups(settings.get("databases")):
            if name in KINDS:
                settings["databases"][name] = {"kind": name, **database}
        return settings


def _without_null(group: Any) -> Any:
    if not isinstance(group, dict):
        return group
    return {name: each for name, each in cast("dict[str, Any]", group).items() if each is not None}


def _groups(group: Any) -> list[tuple[str, dict[str, Any]]]:
    entries = cast("dict[str, Any]", group).items() if isinstance(group, dict) else ()
    return [(name, cast("dict[str, Any]", each)) for name, each in entries if isinstance(each, dict)]
