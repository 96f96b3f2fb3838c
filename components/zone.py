"""A Cloudflare zone as far as Railway's domains depend on it.

Owns the two settings of the zone that decide whether a proxied name works: its SSL mode, and whether Cloudflare has a
certificate for visitors. Does not create the zone, and leaves its other settings to its owner.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Protocol, TypeVar

import pulumi
from pydantic import field_validator

from components.arguments import Arguments, Decides, Hostname, matching
from components.checking import checked
from components.existing import ExistingZone
from components.inputs import ZoneInputs
from components.packages import cloudflare
from components.wiring import wired

AUTOMATIC_TTL = 1
"""Cloudflare's value for "automatic", the only one it takes for a proxied record."""


_ID: Final = matching("[0-9a-f]{32}", "the 32 hexadecimal digits of its id", "copy it from its overview page")


class ZoneSettings(Arguments):
    """The name and the id of a zone."""

    name: Annotated[Hostname, Decides("which names it holds")]
    """Name of the zone, ``example.com``."""
    id: Annotated[str, _ID]
    """Cloudflare's id of the zone, from its overview page: given here, a preview needs no request."""

    @field_validator("name")
    @classmethod
    def _a_zone(cls, name: str) -> str:
        if name.startswith("*."):
            raise ValueError("the name of a zone, without a wildcard: remove *.")
        return name


def holds(zone: str, hostname: str) -> bool:
    """Tell whether ``hostname`` is the name of the zone, or one below it."""
    return hostname == zone or hostname.endswith(f".{zone}")


@dataclass(frozen=True, kw_only=True)
class ZoneArgs(ZoneInputs):
    """Arguments of a zone."""

    proxied: bool = False
    """True if Cloudflare's proxy stands in front of any of its names here: then its SSL mode is set. Default: false."""


class Zone(pulumi.ComponentResource):
    """A zone whose names lead to Railway."""

    name: str
    """Its name."""
    zone_id: pulumi.Input[str]
    """Cloudflare's id of the zone."""
    settings: Sequence[pulumi.Resource]
    """Zone settings that a proxied name depends on; empty without any."""

    def __init__(self, name: str, args: ZoneArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        args = checked(name, wired(name, args, ZoneArgs), ZoneSettings).args
        super().__init__("railyard:components:Zone", name, None, opts)
        self.name, self.zone_id = args.name, args.id
        self.settings = self._proxy_settings(name) if args.proxied else ()
        self.register_outputs({"zoneId": self.zone_id})

    def _proxy_settings(self, name: str) -> list[pulumi.Resource]:
        options = pulumi.ResourceOptions(parent=self)
        return [
            # Railway answers a proxied name with a certificate of its own domain: "strict" fails, "flexible" loops.
            cloudflare.ZoneSetting(f"{name}-ssl", zone_id=self.zone_id, setting_id="ssl", value="full", opts=options),
            cloudflare.UniversalSslSetting(f"{name}-universal-ssl", zone_id=self.zone_id, enabled=True, opts=options),
        ]


class HasName(Protocol):
    """A zone with a name: a component, settings, or one of another program."""

    @property
    def name(self) -> str:
        """Return its name, ``example.com``."""
        ...


ZoneT = TypeVar("ZoneT", bound=HasName)


def nearest_name(zones: Iterable[str], hostname: str) -> str | None:
    """Return the name of the zone of the records of ``hostname``: the longest that holds it; None where none does."""
    return max((zone for zone in zones if holds(zone, hostname)), key=len, default=None)


def nearest(zones: Iterable[ZoneT], hostname: str) -> ZoneT | None:
    """Return the zone of the records of ``hostname``: the longest name that holds it; None where no zone does."""
    named = {zone.name: zone for zone in zones}
    name = nearest_name(named, hostname)
    return None if name is None else named[name]


def holding(zones: Iterable[Zone | ExistingZone], hostname: str) -> Zone | ExistingZone:
    """Return the zone that holds ``hostname``. Raises ``pulumi.RunError`` when none does."""
    zones = list(zones)
    zone = nearest(zones, hostname)
    if zone is None:
        names = ", ".join(each.name for each in zones) or "none"
        raise pulumi.RunError(f"no Cloudflare zone holds {hostname}: the zones given are {names}; add its own")
    return zone
