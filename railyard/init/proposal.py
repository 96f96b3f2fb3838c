"""Services and databases that ``railyard init`` proposes, before they become settings.

Owns the record and how it is written as settings. ``application`` and ``compose`` own where it comes from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from railyard.migrate.findings import Settings

_RELEASES: Final = ("image", "commitSha")
"""Keys that say which version runs: those that a promotion writes."""


@dataclass(kw_only=True)
class Proposal:
    """A system of services and databases."""

    services: dict[str, Settings] = field(default_factory=dict[str, Settings])
    """Name on Railway → settings of the service, as ``Pulumi.<stack>.yaml`` writes them."""
    databases: dict[str, Settings] = field(default_factory=dict[str, Settings])
    """Name on Railway → settings of the server."""
    notes: list[str] = field(default_factory=list[str])
    """Sentences about settings that were left out or should be reviewed."""

    def shared(self) -> Settings:
        """Return the settings of the system that all stacks have: everything but the versions."""
        services = {
            name: {key: value for key, value in each.items() if key not in _RELEASES}
            for name, each in self.services.items()
        }
        return {**self.whole(), "services": services}

    def releases(self) -> Settings:
        """Return the settings of the system that say which version runs; empty where a branch is followed."""
        releases = {name: _only(each, _RELEASES) for name, each in self.services.items()}
        releases = {name: each for name, each in releases.items() if each}
        return {"services": releases} if releases else {}

    def whole(self) -> Settings:
        """Return all settings of the system."""
        return {"services": self.services, **({"databases": self.databases} if self.databases else {})}


def _only(settings: Mapping[str, Any], keys: tuple[str, ...]) -> Settings:
    return {key: value for key, value in settings.items() if key in keys}
