"""Systems of one's own that need no Python: services that stand in the settings with all that they need.

Owns what such a system is. A key below ``railyard:`` that no class has, with a group ``services``, is one:

    railyard:shop:
      project: {name: shop-production, environment: production}
      services:
        web: {image: "shop/web:2", port: 3000, variables: {DATABASE_URL: "${postgres.url}"}, secrets: [SESSION_KEY]}
      databases: {postgres: {version: "17"}}
      secrets: {SESSION_KEY: {meaning: key that signs sessions, minBytes: 32, generated: {}}}

Its keys are those of ``stacks.own.settings``. It may stand in the project of another system, whose services it leaves
alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, cast

import go_yaml
from components.bucket import Bucket, BucketSettings
from components.database import Database
from components.nearest_name import nearest_name
from components.railway_bucket import RailwayBucket
from components.service import Service
from stacks import resource_types
from stacks.own import secrets as own_secrets
from stacks.own.dependencies import dependencies_in_order
from stacks.own.expressions import is_plain
from stacks.own.settings import KINDS, TOPOLOGIES, OwnSettings
from stacks.own.values import Values
from stacks.secrets import Secret, SystemSecrets
from stacks.shared_settings import NAMESPACE, SERVICES
from stacks.system import System


class OwnSystem(System[OwnSettings]):
    """Services, databases and buckets as they stand in the settings."""

    SETTINGS = OwnSettings

    @classmethod
    def secrets(cls, settings: OwnSettings) -> Sequence[Secret]:
        """Declare those of the settings, and the passwords of the databases."""
        return own_secrets.declared(settings)

    def compose(self, settings: OwnSettings, secrets: SystemSecrets) -> Mapping[str, Any]:
        """Make buckets and databases, then each service after those for which it waits."""
        buckets = {
            name: self.bucket(name, args) if isinstance(args, BucketSettings) else self.railway_bucket(name, args)
            for name, args in settings.buckets.items()
        }
        databases = {
            name: self.database(KINDS[args.kind].component, name, args, secrets[own_secrets.password_name(name)])
            for name, args in settings.databases.items()
        }
        values = Values(settings, secrets, buckets, databases)
        servers: dict[str, Service | Database] = {**databases}
        with values.resolved():
            for name, before in dependencies_in_order(settings).items():
                bucket = buckets.get(settings.services[name].bucket or "")
                uses = [servers[each] for each in before]
                servers[name] = values.services[name] = self._service(name, settings, values, bucket, uses)
        return {"buckets": {name: each.bucket_name for name, each in buckets.items()}} if buckets else {}

    def _service(
        self,
        name: str,
        settings: OwnSettings,
        values: Values,
        bucket: Bucket | RailwayBucket | None,
        uses: Sequence[Service | Database],
    ) -> Service:
        args = settings.services[name]
        plain = {variable: value for variable, value in args.variables.items() if is_plain(value)}
        return self.service(
            name,
            args.model_copy(update={"variables": plain}),
            variables=self.still_encrypted(values.of(name)),
            bucket=bucket,
            uses=uses,
            registry_password=values.registry_password(name),
            may_have_been=TOPOLOGIES.values(),
        )


@cache
def system_of(name: str) -> type[OwnSystem]:
    """Return the class of the system of this name."""
    token = f"{resource_types.SYSTEMS}{name[:1].upper()}{name[1:]}"
    return type(token.rpartition(":")[2], (OwnSystem,), {"NAME": name, "TOKEN": token, "__doc__": f"{name}, as data."})


def is_own(settings: Any) -> bool:
    """Tell whether the value of a key is such a system."""
    return isinstance(settings, Mapping) and SERVICES in settings


def lacks_services(settings: Any) -> bool:
    """Tell whether the value of a key would be such a system if it had services: it has another group of one."""
    return isinstance(settings, Mapping) and any(each in settings for each in OwnSettings.GROUPS if each != SERVICES)


def misspelled_services(settings: Any) -> str | None:
    """Return the key that stands for ``services`` in a value that would be such a system; None where there is none."""
    if not isinstance(settings, Mapping):
        return None
    groups = [str(key) for key, value in cast("Mapping[Any, Any]", settings).items() if isinstance(value, Mapping)]
    return nearest_name(SERVICES, groups)


def names_in(config: Mapping[str, str]) -> list[str]:
    """Return the names of such systems in a configuration, whose values are texts or JSON as programs get them."""
    prefix = f"{NAMESPACE}:"
    values = {key: go_yaml.load(value) for key, value in config.items() if key.startswith(prefix) and SERVICES in value}
    return [key.removeprefix(prefix) for key, value in values.items() if is_own(value)]
