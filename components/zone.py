"""A Cloudflare zone as far as Railway's domains depend on it.

Owns the two settings of the zone that decide whether a proxied name works: its SSL mode, and whether Cloudflare has a
certificate for visitors. Does not create the zone, and leaves its other settings to whoever owns it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated

import pulumi
from pydantic import field_validator

from components.arguments import Arguments, Hostname, matching
from components.packages import cloudflare

AUTOMATIC_TTL = 1
"""Cloudflare's value for "automatic", the only one it takes for a proxied record."""


class ZoneSettings(Arguments):
    """The name and the id of a zone."""

    name: Hostname
    """Name of the zone, ``example.com``."""
    id: Annotated[str, matching("[0-9a-f]{32}", "the 32 hexadecimal digits of its id: copy it from its overview page")]
    """Cloudflare's id of the zone, from its overview page: given here, a preview needs no request."""

    @field_validator("name")
    @classmethod
    def _a_zone(cls, name: str) -> str:
        if name.startswith("*."):
            raise ValueError("the name of a zone, without a wildcard: remove *.")
        return name

    def holds(self, hostname: str) -> bool:
        """Tell whether ``hostname`` is the zone's own name or below it."""
        return holds(self.name, hostname)


def holds(zone: str, hostname: str) -> bool:
    """Tell whether ``hostname`` is the name of a zone itself or below it."""
    return hostname == zone or hostname.endswith(f".{zone}")


class Zone(pulumi.ComponentResource):
    """A zone whose names lead to Railway."""

    zone_id: str
    """Cloudflare's id of the zone."""
    settings: Sequence[pulumi.Resource]
    """What a proxied name of the zone depends on; empty where there is none."""
    args: ZoneSettings
    """What it was made of."""

    def __init__(
        self, name: str, args: ZoneSettings, *, proxied: bool, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Make the zone; ``proxied`` says whether Cloudflare's proxy stands in front of any of its names here."""
        super().__init__("railyard:components:Zone", name, None, opts)
        self.args = args
        self.zone_id = args.id
        self.settings = self._proxy_settings(name) if proxied else ()
        self.register_outputs({"zoneId": self.zone_id})

    def _proxy_settings(self, name: str) -> list[pulumi.Resource]:
        mine = pulumi.ResourceOptions(parent=self)
        return [
            # Railway answers a proxied name with a certificate of its own domain: "strict" fails, "flexible" loops.
            cloudflare.ZoneSetting(f"{name}-ssl", zone_id=self.zone_id, setting_id="ssl", value="full", opts=mine),
            cloudflare.UniversalSslSetting(f"{name}-universal-ssl", zone_id=self.zone_id, enabled=True, opts=mine),
        ]


def nearest(zones: Iterable[ZoneSettings], hostname: str) -> ZoneSettings | None:
    """Return the zone that has the records of ``hostname``: of those that hold it, the one furthest below."""
    return max((zone for zone in zones if zone.holds(hostname)), key=lambda zone: len(zone.name), default=None)


def holding(zones: Sequence[Zone], hostname: str) -> Zone:
    """Return the zone that holds ``hostname``. Raises LookupError when none does: settings are checked before."""
    found = nearest((zone.args for zone in zones), hostname)
    if found is None:
        raise LookupError(f"no Cloudflare zone of this stack holds {hostname}")
    return next(zone for zone in zones if zone.args == found)
