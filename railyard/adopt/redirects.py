"""Redirect rules at Cloudflare as the settings of a system say them.

Owns which rules a system takes over. A zone has one list of them, which belongs to one system as a whole: to the one
whose settings name it, or to the one to whose domains all of its rules lead.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from components.redirect import RedirectSettings, RedirectsSettings, redirect_of
from components.zone import ZoneSettings, nearest_name
from railyard.adopt import configuration
from railyard.adopt.live import LiveProject
from railyard.migrate.findings import Settings
from railyard.shared.stack import names
from stacks.names import wrong_names


def keep(live: LiveProject, system: str, stack: str, config: Settings) -> tuple[list[Settings], list[str]]:
    """Return the redirects that a system takes over and does not say yet, and notes about all others."""
    kept: list[Settings] = []
    notes = [
        f"{zone}: the token may not read its redirect rules, and none is taken over: give it the permission Zone, "
        "Single Redirect, Edit, and adopt again"
        for zone in live.unread_rulesets
    ]
    for zone, zone_id in live.zones.items():
        if not (ruleset := live.rulesets.get(zone_id)):
            continue
        rules: list[Mapping[str, Any]] = ruleset["rules"]
        redirects = [each for each in map(redirect_of, rules) if each]
        said, owners = _said(zone, system, stack, config, live)
        unsaid = [str(each.get("description") or each["expression"]) for each in rules if not redirect_of(each)]
        if owners:
            notes.append(f"{zone}: its redirects are left to {' and '.join(owners)}")
        elif unsaid:
            notes.append(
                f"{zone}: its redirect rules are left alone, since settings cannot say {', '.join(unsaid)}: a zone "
                "has one list of them; delete that at Cloudflare, and adopt again"
            )
        elif reason := _reason(zone, redirects, said, live):
            notes.append(f"{zone}: its redirect rules are left alone: {reason}")
        else:
            notes += _other_records(redirects, live)
            kept += [] if said else [_settings(each) for each in redirects]
    return kept, notes


def _settings(redirect: RedirectSettings) -> Settings:
    return redirect.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def _said(zone: str, system: str, stack: str, config: Settings, live: LiveProject) -> tuple[list[str], list[str]]:
    """Return the names of a zone that the system leads on by its settings, and which others do so, of any stack."""
    said: list[str] = []
    owners: list[str] = []
    for name in dict.fromkeys((stack, *names())):
        for other, hosts in configuration.redirected(config if name == stack else configuration.read(name)).items():
            here = [host for host in hosts if nearest_name(live.zones, host) == zone]
            if (name, other) == (stack, system):
                said = here
            elif here:
                owners.append(f"{other} of {name}")
    return said, owners


def _reason(zone: str, redirects: list[RedirectSettings], said: list[str], live: LiveProject) -> str:
    """Return why the rules of a zone are not taken over, with the next step; nothing where they are."""
    hosts = live.hosts()
    wanted = ", ".join(
        f"{{{', '.join(f'{key}: {value}' for key, value in _settings(each).items())}}}" for each in redirects
    )
    if said and (missing := [each.hostname for each in redirects if each.hostname not in said]):
        return f"the settings do not say {', '.join(missing)}: let redirects be [{wanted}], and adopt again"
    if said:
        return ""
    if elsewhere := [each for each in redirects if each.to not in hosts]:
        first = elsewhere[0]
        return (
            f"{first.hostname} leads to {first.to}, which is no name of this project. Where they are its own all the "
            f"same, write redirects: [{wanted}] into the settings, and adopt again"
        )
    if twice := [each.hostname for each in redirects if each.hostname in hosts]:
        return f"{twice[0]} is a domain of the project, too: remove it here or there, and adopt again"
    zones = [ZoneSettings(name=zone, id=live.zones[zone])]
    problems = wrong_names({"redirects": RedirectsSettings(redirects=tuple(redirects))}, zones, zones_key="zones")
    return "; ".join(f"{each.value} is not {each.allowed}: {each.fix}" for each in problems)


def _other_records(redirects: list[RedirectSettings], live: LiveProject) -> list[str]:
    """Return notes about names whose record is another one than a redirect has here, which nothing replaces."""
    types = {each.hostname: {one.type for one in live.records if one.name == each.hostname} for each in redirects}
    return [
        f"{host}: it has the record {' and '.join(sorted(present))}, and a redirect here an A record: delete it before "
        "the next up, which makes that"
        for host, present in types.items()
        if present & {"AAAA", "CNAME"}
    ]
