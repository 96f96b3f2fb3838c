"""Merges configuration patches, and finds what a patch would change.

A patch is a deep merge into the environment's configuration; ``null`` removes. Pure functions, no requests.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, TypeVar, cast

from railway_api.json_objects import is_object, table

Config = Mapping[str, object]
ConfigT = TypeVar("ConfigT", bound=Mapping[str, object])
"""The configuration of something: of an environment, of a service."""
Path = tuple[str, ...]

WATCHED: Final = ("source", "build", "deploy", "variables")
"""Parts of a service's configuration that only a person or a commit changes; the rest follows other operations."""


def _object(value: object) -> Config | None:
    return value if is_object(value) else None


def leaves(value: Config, path: Path = ()) -> Iterator[tuple[Path, object]]:
    """Yield every leaf with its path; an empty object is a leaf."""
    for key, item in value.items():
        inner = _object(item)
        if inner:
            yield from leaves(inner, (*path, key))
        else:
            yield (*path, key), item


def at(config: Config, path: Path) -> object:
    """Return the value at ``path``; None when there is none."""
    value: object = config
    for key in path:
        inner = _object(value)
        if inner is None:
            return None
        value = inner.get(key)
    return value


def conflict(first: Config, second: Config) -> Path | None:
    """Return a path for which two patches want different values, if there is one."""
    for path, value in leaves(second):
        for length in range(1, len(path) + 1):
            written = at(first, path[:length])
            if written is None and not _has(first, path[:length]):
                break
            if _object(written) is None and (length < len(path) or written != value):
                return path
        else:
            if at(first, path) != value:
                return path
    return None


def _has(config: Config, path: Path) -> bool:
    *parents, key = path
    return key in (_object(at(config, tuple(parents))) or {})


def merge(first: ConfigT, second: ConfigT) -> ConfigT:
    """Return both together; where both say something, ``second`` wins."""
    return cast("ConfigT", _merged(first, second))


def _merged(first: Config, second: Config) -> Config:
    merged = dict(first)
    for key, value in second.items():
        old, new = _object(merged.get(key)), _object(value)
        merged[key] = value if old is None or new is None else _merged(old, new)
    return merged


def nested(changes: Mapping[Path, object]) -> dict[str, object]:
    """Return the patch that sets values at paths and nothing else; of two at one path the later one counts."""
    patch: Config = {}
    for path, value in changes.items():
        inner = value
        for key in reversed(path):
            inner = {key: inner}
        patch = _merged(patch, table(inner))
    return dict(patch)


def changed_by_others(before: Config, after: Config, patch: Config) -> list[Path]:
    """Return paths that differ between two reads although ``patch`` does not touch them.

    In a service that the patch touches only variables are compared: Railway adapts other settings to what it is sent
    (for example, a cron schedule sets the restart policy).
    """
    differing: list[Path] = []
    touched = _object(patch.get("services")) or {}
    # A service that was just created is not a change of a setting.
    services = {*(_object(before.get("services")) or {})} & {*(_object(after.get("services")) or {})}
    for service in sorted(services):
        if any(at(config, ("services", service, "isDeleted")) for config in (before, after)):
            continue
        groups = ("variables",) if service in touched else WATCHED
        for group in groups:
            path = ("services", service, group)
            old, new = _object(at(before, path)) or {}, _object(at(after, path)) or {}
            own = _object(at(patch, path)) or {}
            differing += [(*path, key) for key in sorted({*old, *new} - {*own}) if old.get(key) != new.get(key)]
    return differing
