"""Systems of one's own that need no Python: services that stand in the settings with all that they need.

Owns what such a system is. A key below ``railyard:`` that no class has, with a group ``services``, is one:

    railyard:umami:
      project: {name: umami-production, environment: production}
      services:
        umami: {image: "umami/umami:2", port: 3000, secrets: [APP_SECRET]}

It may stand in the project of another system, whose services it leaves alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Annotated, Any

from pydantic import Field

import go_yaml
from components.arguments import Many, VariableName, matching
from components.service import ServiceSettings
from stacks.secrets import Secret, SystemSecrets
from stacks.shared_settings import NAMESPACE, SERVICES
from stacks.system import System, SystemSettings

ServiceName = Annotated[str, matching(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", "a name such as web or Postgres")]


class OwnServiceSettings(ServiceSettings):
    """A service of a system of one's own."""

    secrets: Many[VariableName] = ()
    """Variables whose values are secrets: APP_SECRET of umami is UMAMI_APP_SECRET in the SOPS file."""


class OwnSettings(SystemSettings):
    """A system of services that are not said in Python."""

    services: Annotated[dict[ServiceName, OwnServiceSettings], Field(min_length=1)]
    """Name of each service on Railway → what it is."""


class OwnSystem(System[OwnSettings]):
    """Services as they stand in the settings; what each needs of another is a reference, ``${{Postgres.PGHOST}}``."""

    SETTINGS = OwnSettings

    @classmethod
    def secrets(cls, settings: OwnSettings) -> Sequence[Secret]:
        """Declare one for each variable that the services name."""
        return [
            Secret(name=secret_name(service, variable), meaning=f"{variable} of {service}", also_sets=(variable,))
            for service, args in settings.services.items()
            for variable in args.secrets
        ]

    def compose(self, settings: OwnSettings, secrets: SystemSecrets) -> Mapping[str, Any]:
        """Make each service; which waits for which follows from what their variables refer to."""
        for name, args in settings.services.items():
            given = {variable: secret_name(name, variable) for variable in args.secrets}
            values = secrets.variables(*given.values())
            self.service(name, args, variables={variable: values[key] for variable, key in given.items()})
        return {}


@cache
def system_of(name: str) -> type[OwnSystem]:
    """Return the class of the system of this name."""
    token = f"railyard:systems:{name[:1].upper()}{name[1:]}"
    return type(token.rpartition(":")[2], (OwnSystem,), {"NAME": name, "TOKEN": token, "__doc__": f"{name}, as data."})


def is_own(settings: Any) -> bool:
    """Tell whether the value of a key is such a system."""
    return isinstance(settings, Mapping) and SERVICES in settings


def names_in(config: Mapping[str, str]) -> list[str]:
    """Return the names of such systems in a configuration, whose values are texts or JSON as programs get them."""
    prefix = f"{NAMESPACE}:"
    values = {key: go_yaml.load(value) for key, value in config.items() if key.startswith(prefix) and SERVICES in value}
    return [key.removeprefix(prefix) for key, value in values.items() if is_own(value)]


def secret_name(service: str, variable: str) -> str:
    """Return the key of a variable's value in the SOPS file."""
    return f"{''.join(each if each.isalnum() else '_' for each in service).upper()}_{variable}"
