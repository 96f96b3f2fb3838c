"""Buckets of Railway's own as settings of a system, and which service uses which.

Owns how a use is recognized: all variables that a bucket gives to a service have the values of one bucket.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping
from typing import Final

from components.railway_bucket import VARIABLES
from pulumiverse_railway import rules
from railyard.adopt.live import LiveProject
from railyard.migrate.findings import Settings

_AT_RAILWAY: Final = {"bucket": "bucketName"}
"""Property of a bucket → its name in the credentials, where the two differ."""
_LONGEST: Final = 63
"""Characters that a key may have."""


def settings_of_declared_bucket(live: LiveProject, name: str, names: Collection[str]) -> Settings | None:
    """Return the settings of the bucket that a system calls ``name``: the one of this name, or the only one left.

    ``names`` are those of all buckets of the system. None where no bucket of the environment is that one.
    """
    same = [each for each in live.buckets if each.name == name]
    left = [each for each in live.buckets if each.name not in names]
    lacking = [each for each in names if all(each != bucket.name for bucket in live.buckets)]
    chosen = same or (left if len(left) == 1 and lacking == [name] else [])
    if not chosen:
        return None
    return {"region": chosen[0].region, **({} if same else {"name": chosen[0].name})}


def settings_of_all_buckets(
    live: LiveProject, of_others: Collection[str], reserved: Collection[str]
) -> tuple[Settings, list[str]]:
    """Return the group ``buckets`` of a system that is settings alone, and notes about buckets that it leaves out.

    ``of_others`` are the names of other systems' buckets, ``reserved`` the keys that the group cannot have.
    """
    buckets: Settings = {}
    notes: list[str] = []
    names = [each.name for each in live.buckets]
    for each in live.buckets:
        if each.name in of_others:
            continue
        if demand := rules.label.broken_by(each.name):
            notes.append(
                f"bucket {each.name}: left alone, since its name would have to {demand}: rename it, and adopt again"
            )
        elif names.count(each.name) > 1:
            notes.append(
                f"bucket {each.name} ({each.id}): left alone, since another one has the same name: rename one of them, "
                "and adopt again"
            )
        else:
            key = each.name if each.name not in reserved else _free_key(each.name, {*reserved, *names, *buckets})
            name = {} if key == each.name else {"name": each.name}
            buckets[key] = {"kind": "railway", "region": each.region, **name}
    return buckets, notes


def _free_key(name: str, used: Collection[str]) -> str:
    """Return a key of at most 63 characters for the bucket ``name`` that is not among ``used``."""
    suffixes = ("-bucket" if number == 1 else f"-bucket-{number}" for number in itertools.count(1))
    keys = (f"{name[: _LONGEST - len(suffix)].rstrip('-')}{suffix}" for suffix in suffixes)
    return next(key for key in keys if key not in used)


def bucket_used_by(live: LiveProject, variables: Mapping[str, str | None], buckets: Settings) -> str | None:
    """Return the key of the bucket that gives a service all variables of a bucket; None where none does."""
    for key, settings in buckets.items():
        credentials = next(each.credentials for each in live.buckets if each.name == settings.get("name", key))
        if credentials and all(
            variables.get(variable) == credentials[_AT_RAILWAY.get(name, name)] for name, variable in VARIABLES.items()
        ):
            return key
    return None


def without_those_of_a_bucket(variables: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return variables without those that a bucket gives to a service."""
    return {name: value for name, value in variables.items() if name not in VARIABLES.values()}
