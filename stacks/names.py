"""The names in the settings, and which of them cannot work.

Owns what can be known of a name without asking anybody: whether a zone of the stack holds it, whether Cloudflare's free
certificate covers it, and whether it is used twice. The providers ask about the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from components.arguments import Arguments, Path
from components.bucket import BucketSettings
from components.domain import DomainSettings
from components.problems import Problem
from components.redirect import RedirectSettings
from components.zone import ZoneSettings, nearest
from stacks.arguments_tree import walk_arguments

Named = tuple[Path, str, bool]
"""Path of a name in the settings, the name, and whether Cloudflare's proxy stands in front of it."""
_OR_UNPROXIED: Final = ", or set proxied to false"


def names_of(settings: Arguments, path: Path = ()) -> Iterator[Named]:
    """Return every name in the settings of one system."""
    for inner_path, part in walk_arguments(settings, path):
        if isinstance(part, DomainSettings):
            yield (*inner_path, "hostname"), part.hostname, part.proxied
        elif isinstance(part, BucketSettings) and part.cdn_domain:
            yield (*inner_path, "cdnDomain"), part.cdn_domain, False
        elif isinstance(part, RedirectSettings):
            yield (*inner_path, "hostname"), part.hostname, True


def wrong_names(systems: Mapping[str, Arguments], zones: Sequence[ZoneSettings], *, zones_key: str) -> list[Problem]:
    """Return what is wrong with the names of all systems; ``zones_key`` is where the zones stand."""
    every = [named for name, settings in systems.items() for named in names_of(settings, (name,))]
    problems = [problem for named in every if (problem := _misplaced(named, zones, zones_key))]
    first: dict[str, Path] = {}
    for path, name, _ in every:
        if name in first:
            place = ".".join(str(key) for key in first[name])
            problems.append(Problem(path, name, f"each name once, and {place} has it too", "remove one, or rename it"))
        first.setdefault(name, path)
    return [*problems, *_wrong_redirects(systems, zones)]


def _wrong_redirects(systems: Mapping[str, Arguments], zones: Sequence[ZoneSettings]) -> Iterator[Problem]:
    """Yield redirects that lead to another one, and those of a zone whose rules another system has."""
    every = [
        (path, redirect)
        for name, settings in systems.items()
        for path, redirect in walk_arguments(settings, (name,))
        if isinstance(redirect, RedirectSettings)
    ]
    further = {redirect.hostname: redirect.to for _, redirect in every}
    owners: dict[str, str | int] = {}
    for path, redirect in every:
        if redirect.to in further:
            allowed, goal = f"a name that is not led on itself, as {redirect.to} is", further[redirect.to]
            fix = "remove one of them" if goal == redirect.hostname else f"write {goal}"
            yield Problem((*path, "to"), redirect.to, allowed, fix)
        zone = nearest(zones, redirect.hostname)
        if zone and (owner := owners.setdefault(zone.name, path[0])) != path[0]:
            allowed = f"redirects of a zone in one system, since the zone has one list of them: {owner} has {zone.name}"
            yield Problem((*path, "hostname"), redirect.hostname, allowed, f"move it to {owner}.redirects")


def _misplaced(named: Named, zones: Sequence[ZoneSettings], zones_key: str) -> Problem | None:
    path, name, proxied = named
    zone = nearest(zones, name)
    if zone is None:
        names = ", ".join(each.name for each in zones) or "none"
        allowed = f"a name in a Cloudflare zone of this stack, which are: {names}"
        return Problem(path, name, allowed, f"correct it, or add its zone to {zones_key}")
    below = name.removesuffix(zone.name).strip(".")
    if not proxied or "." not in below:
        return None
    allowed = "one level below the zone: Cloudflare's free certificate covers no more for a proxied name"
    other = f"*.{zone.name}" if below.startswith("*.") else f"{below.replace('.', '-')}.{zone.name}"
    # A redirect is Cloudflare's own answer, and cannot be without it.
    return Problem(path, name, allowed, f"use {other}{'' if 'redirects' in path else _OR_UNPROXIED}")
