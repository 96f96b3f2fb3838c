"""Findings of a migration: what becomes of each key of a file, and what comes out: services with their settings.

Owns the records. Reads no file and decides nothing.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, TypeAlias, cast

from components import credentials

BASE: Final = ""
"""Environment of the keys that hold unless the block of an environment says otherwise."""
Config: TypeAlias = dict[str, Any]
"""A service's part of an EnvironmentConfig: ``source``, ``build``, ``deploy``, ``variables``."""
Settings: TypeAlias = dict[str, Any]
"""Settings of a service, as ``Pulumi.<stack>.yaml`` writes them."""


STOPPED: Final = "a service with 0 replicas is a stopped one, and no setting says that: leave it out, or run one"
"""Reason why no setting says that there are 0 replicas."""


class Kind(StrEnum):
    """The kinds of what becomes of a key."""

    TRANSLATED = "translated"
    """It is a setting from now on."""
    STAYS = "stays"
    """The builder itself reads it, after 2026-12-01 as before."""
    NEVER_READ = "never read"
    """Railway has never looked at it, so that leaving it out changes nothing."""
    NOT_EXPRESSIBLE = "not expressible"
    """No setting says this: the user has to decide."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A key of a file, and what becomes of it."""

    kind: Kind
    file: str
    """Path below the folder that is migrated."""
    key: str
    text: str
    """The setting that it becomes, or why it does not."""
    environment: str = BASE

    def __post_init__(self) -> None:
        """Keep credentials out of everything that is shown."""
        object.__setattr__(self, "text", credentials.masked(self.text))


@dataclass(kw_only=True)
class Service:
    """One service as the files describe it."""

    name: str
    root_directory: str | None = None
    """Folder of the repository in which it lies; None for its root."""
    image: str | None = None
    files: list[str] = field(default_factory=list[str])
    layers: dict[str, Config] = field(default_factory=dict[str, dict[str, Any]])
    """Environment → what the files say of it; ``BASE`` holds for all."""
    extra: Settings = field(default_factory=dict[str, Any])
    """Settings that are no part of an EnvironmentConfig: port, volume, …."""
    secrets: list[str] = field(default_factory=list[str])
    """Names of variables whose values belong in the SOPS file."""
    environment: dict[str, str] = field(default_factory=dict[str, str], repr=False)
    """Variables as a compose file writes them, credentials included: they are never shown."""
    places: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    """Key of the configuration → the file and the key that say it, unless a Railway file does."""

    def effective(self, environment: str) -> Config:
        """Return what Railway makes of the files in an environment: its block, then the base, key by key."""
        source: Config = {"source": {"image": self.image}} if self.image else {}
        return source | merged(self.layers.get(BASE, {}), self.layers.get(environment, {}) if environment else {})


@dataclass(frozen=True, kw_only=True)
class Reading:
    """All that a folder says."""

    services: Sequence[Service]
    findings: Sequence[Finding]


def label(name: str) -> str:
    """Return ``name`` as services and systems have them: lower case letters, digits and ``-``, at most 63; or web."""
    return re.sub(r"[^a-z0-9-]+", "-", name.lower())[:63].strip("-") or "web"


def free_name(names: Sequence[str], taken: Collection[str]) -> str:
    """Return the first of ``names`` that is not taken; where all are, the last with the lowest number that is free."""
    numbered = (f"{names[-1]}-{number}" for number in itertools.count(2))
    return next(each for each in itertools.chain(names, numbered) if each not in taken)


def in_clear(value: Any) -> str | None:
    """Return why a value may not be in settings, which everyone reads; None when it may."""
    texts = cast("list[object]", value) if isinstance(value, list) else [value]
    what = next(filter(None, (credentials.kind_of(each) for each in texts if isinstance(each, str))), None)
    return what and (
        f"it holds {what}, and settings hold none in clear: make it a secret of the system, which the service gets "
        "as a variable, and write ${NAME} in its place"
    )


def shown_value(value: Any) -> Any:
    """Return a value without the credentials in its strings, at whatever depth."""
    if isinstance(value, dict):
        return {name: shown_value(each) for name, each in cast("dict[str, object]", value).items()}
    if isinstance(value, list):
        return [shown_value(each) for each in cast("list[object]", value)]
    return credentials.masked(value) if isinstance(value, str) else value


def part(config: Config, *path: str) -> Config:
    """Return the table at a path of a configuration; an empty one where there is none."""
    table: Any = config
    for key in path:
        table = cast("Config", table).get(key) if isinstance(table, dict) else None
    return cast("Config", table) if isinstance(table, dict) else {}


def merged(below: Config, above: Config) -> Config:
    """Return two layers as one: a key of ``above`` replaces that of ``below``, whole."""
    sections = [*below, *(name for name in above if name not in below)]
    return {name: {**part(below, name), **part(above, name)} for name in sections}
