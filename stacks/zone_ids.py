"""The check that the id of each zone is that of its name, which Cloudflare alone knows.

Asked once, by the first ``up`` that has names in the zone, before it changes anything. It matters because Cloudflare
refuses no record for a name outside of a zone: it adds the zone's own name to it, and the name does not resolve.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import idna
import pulumi

from components.packages import cloudflare
from components.problems import Problem
from components.zone import ZoneSettings, nearest
from stacks.names import names_of
from stacks.previous_outputs import previous_output
from stacks.settings import StackSettings

CONFIRMED: Final = "confirmedZones"
"""The stack output that keeps, for each zone's name, the id that Cloudflare has confirmed."""


def confirm(settings: StackSettings) -> tuple[Mapping[str, str], list[Problem]]:
    """Return the id of each zone that the stack has names in, by its name, and what is wrong with others.

    A preview makes no request, and returns what an ``up`` finds if all ids are right.
    """
    zones = settings.stack.zones
    held = [nearest(zones, name) for system in settings.systems.values() for _, name, _ in names_of(system)]
    used = {index: zone for index, zone in enumerate(zones) if zone in held}
    if not used:
        return {}, []
    # Read in a preview too, which needs it not: Pulumi keeps a provider for the answer, and one that a preview does
    # without is one that its plan (--save-plan) deletes, so that no up could follow the plan.
    before = _confirmed_before()
    if pulumi.runtime.is_dry_run():
        return {zone.name: zone.id for zone in used.values()}, []
    confirmed: dict[str, str] = {}
    problems: list[Problem] = []
    for index, zone in used.items():
        name = zone.name if before.get(zone.name) == zone.id else _name_of(zone)
        if name == zone.name:
            confirmed[zone.name] = zone.id
        elif name is not None:
            allowed = f"the id of {zone.name}, and this one is that of {name}"
            fix = "copy it from the zone's overview page at Cloudflare"
            problems.append(Problem(("zones", index, "id"), zone.id, allowed, fix))
    return confirmed, problems


def _confirmed_before() -> Mapping[str, str]:
    try:
        return previous_output(CONFIRMED) or {}
    except Exception as failure:  # noqa: BLE001 Pulumi raises nothing narrower when a function fails
        # An up writes the state while its program reads it, and a file backend has no file for a moment then.
        pulumi.log.debug(f"Cloudflare is asked about the zones, since the state cannot be read: {failure}")
        return {}


def _name_of(zone: ZoneSettings) -> str | None:
    """Return the name of the zone with this id; None when Cloudflare does not tell, which stops no ``up``."""
    try:
        return _spelled(cloudflare.get_zone(zone_id=zone.id).name)
    except Exception as failure:  # noqa: BLE001 Pulumi raises nothing narrower when a provider's function fails
        pulumi.log.warn(f"Cloudflare does not tell whether {zone.id} is the zone {zone.name}: {failure}")
        return None


def _spelled(name: str | None) -> str:
    """Return a name as settings have it: Cloudflare may show letters other than a to z, in place of xn--….

    Raises ``ValueError`` when it is none: the real provider hands on what an answer lacks as None.
    """
    if not name:
        raise ValueError("its answer holds no name")
    return name.lower() if name.isascii() else idna.encode(name, uts46=True).decode()
