"""The names of a review environment, by which all that it made is found again, whatever its state says.

Owns the patterns. Each name has the number of the pull request: the stack is ``pr-123``, its projects are
``seance-pr-123``, its public names ``pr-123-backend.seance.dev``, its buckets ``seance-cdn-staging-pr-123``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from itertools import count
from typing import Final

from components.project import DESCRIPTION
from components.zone import ZoneSettings, nearest
from stacks.services import services
from stacks.system import SystemSettings

_PROJECT: Final = re.compile(r"([a-z0-9-]+)-pr-([1-9]\d*)")
_PUBLIC: Final = re.compile(r"(?:_[a-z0-9-]+\.)?pr-([1-9]\d*)-[a-z0-9-]+")
"""Name of a record without its zone; a record that proves ownership has one more label in front."""
_LONGEST_LABEL: Final = 63
"""Characters of one part of a hostname (RFC 1035)."""


def stack_name(number: int) -> str:
    """Return the name of the stack, which is that of its Railway environment, too."""
    return f"pr-{number}"


def project_name(system: str, number: int) -> str:
    """Return the name of the Railway project of a system."""
    return f"{system}-pr-{number}"


def number_of_project(name: str, description: str | None, program: str, systems: Collection[str]) -> int | None:
    """Return the pull request for which ``program`` made the project with this name; None for any other one."""
    match = _PROJECT.fullmatch(name)
    if match is None or match[1] not in systems:
        return None
    described = (description or "").startswith(DESCRIPTION.format(program=program, name=match[1]))
    return int(match[2]) if described else None


def bucket_name(name: str, number: int) -> str:
    """Return the name of the bucket in the place of ``name``; no other account has it, since none has that."""
    return f"{name}-pr-{number}"


def number_of_bucket(name: str, originals: Collection[str]) -> int | None:
    """Return the pull request whose bucket has this name, where ``originals`` are those of the stack."""
    original, _, digits = name.rpartition("-pr-")
    return int(digits) if original in originals and re.fullmatch(r"[1-9]\d*", digits) else None


def number_of_record(name: str, zone: str) -> int | None:
    """Return the pull request to which a DNS record of ``zone`` belongs; None for any other record."""
    if not name.endswith(f".{zone}"):
        return None
    match = _PUBLIC.fullmatch(name.removesuffix(f".{zone}").lower())
    return int(match[1]) if match else None


def public_names(systems: Mapping[str, SystemSettings], zones: Sequence[ZoneSettings], number: int) -> dict[str, str]:
    """Return hostname of the stack → hostname of the environment, one level below the zone; wildcards have none.

    A name is called after its service, and after its system as well where two have a service of that name; where that
    is taken, or is a further name of its service, a number is behind it.
    """
    every = [
        (system, service.name, [each.hostname for each in service.domains if not each.hostname.startswith("*.")])
        for system, settings in systems.items()
        for service in services(settings)
    ]
    named = [service for _, service, hostnames in every if hostnames]
    public: dict[str, str] = {}
    for system, service, hostnames in every:
        called = f"{system}-{service}" if named.count(service) > 1 else service
        for index, hostname in enumerate(hostnames):
            zone = nearest(zones, hostname)
            if zone is not None:
                candidates = (f"{_label(number, called, at)}.{zone.name}" for at in count(index + 1))
                public[hostname] = next(each for each in candidates if each not in public.values())
    return public


def _label(number: int, called: str, at: int) -> str:
    """Return the part of a hostname before the zone: ``pr-7-web``, and ``pr-7-web-2`` for the second one."""
    before, behind = f"pr-{number}-", f"-{at}" if at > 1 else ""
    label = re.sub("[^a-z0-9]+", "-", called.lower()).strip("-")
    return before + label[: _LONGEST_LABEL - len(before) - len(behind)].rstrip("-") + behind
