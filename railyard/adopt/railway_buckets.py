"""Buckets of Railway's own as the settings of a system say them, and which service uses which.

Owns how a use is known: all variables that a bucket gives to a service have the values of one bucket.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from components.railway_bucket import VARIABLES
from pulumiverse_railway import rules
from railyard.adopt.live import LiveProject
from railyard.migrate.findings import Settings

_AT_RAILWAY: Final = {"bucket": "bucketName"}
"""Property of a bucket → its name in the credentials, where that is another one."""


def of_field(live: LiveProject, name: str, names: Collection[str]) -> Settings | None:
    """Return the settings of the bucket that a system calls ``name``: the one of this name, or the only one left.

    ``names`` are those of all buckets of the system.
    """
    same = [each for each in live.buckets if each.name == name]
    left = [each for each in live.buckets if each.name not in names]
    lacking = [each for each in names if all(each != bucket.name for bucket in live.buckets)]
    chosen = same or (left if len(left) == 1 and lacking == [name] else [])
    if not chosen:
        return None
    return {"region": chosen[0].region, **({} if same else {"name": chosen[0].name})}


def of_own(live: LiveProject, taken: Collection[str], services: Collection[str]) -> tuple[Settings, list[str]]:
    """Return the group ``buckets`` of a system that is data, and notes about those that it cannot have.

    ``taken`` are the names of other systems' buckets, ``services`` the names that the group cannot use.
    """
    buckets: Settings = {}
    notes: list[str] = []
    for each in live.buckets:
        if each.name in taken:
            continue
        if demand := rules.label.broken_by(each.name):
            notes.append(
                f"bucket {each.name}: left alone, since its name would have to {demand}: rename it, and adopt again"
            )
            continue
        key = f"{each.name}-bucket" if each.name in services else each.name
        buckets[key] = {"kind": "railway", "region": each.region, **({} if key == each.name else {"name": each.name})}
    return buckets, notes


def used(live: LiveProject, variables: Mapping[str, str | None], buckets: Settings) -> str | None:
    """Return the key of the bucket whose variables a service has, all of them and no other values."""
    for key, settings in buckets.items():
        credentials = next(each.credentials for each in live.buckets if each.name == settings.get("name", key))
        if credentials and all(
            variables.get(variable) == credentials[_AT_RAILWAY.get(name, name)] for name, variable in VARIABLES.items()
        ):
            return key
    return None


def without_its_variables(variables: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return variables without those that a service has of its bucket."""
    return {name: value for name, value in variables.items() if name not in VARIABLES.values()}
