"""The form of a rule, and what it is shown of a stack.

Owns the view on resources that the real engine's policy packs and the embedded engine's steps have in common. A rule is
a function of all resources together: most of them are about what belongs to what.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

RAILWAY: Final = "railway:index:"
_CLOUDS: Final = (RAILWAY, "cloudflare:", "digitalocean:")


class Level(StrEnum):
    """The consequence of a broken rule."""

    ADVISORY = "advisory"
    """It is told."""
    MANDATORY = "mandatory"
    """The preview fails."""
    DISABLED = "disabled"
    """It is not looked at."""


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource of a stack, as a rule sees it."""

    type: str
    name: str
    urn: str = ""
    props: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Its inputs, with what is known of them; what is known only after the up is absent."""
    protect: bool = False
    needs: frozenset[str] = frozenset()
    """URNs of what it needs."""

    @property
    def noun(self) -> str:
        """Return the last part of its type, ``ServiceInstance``."""
        return self.type.rsplit(":", 1)[-1]

    @property
    def parents(self) -> Sequence[str]:
        """Return the types above it."""
        return self.urn.split("::")[2].split("$")[:-1] if self.urn.count("::") >= 2 else ()


class Resources:
    """All resources of a stack that exist in some cloud; components are left out."""

    def __init__(self, every: Iterable[Resource]) -> None:
        self.every = tuple(each for each in every if each.type.startswith(_CLOUDS))

    def of(self, *nouns: str) -> Iterator[Resource]:
        """Return the resources of these kinds, in the order of their names."""
        return iter(sorted((each for each in self.every if each.noun in nouns), key=lambda each: each.name))

    def needed(self, by: Resource, *nouns: str) -> Iterator[Resource]:
        """Return what ``by`` needs of these kinds."""
        return (each for each in self.of(*nouns) if each.urn in by.needs)


Broken = Iterator[tuple[Resource, str]]
"""The resources that break a rule, each with how, as the words after its name."""


@dataclass(frozen=True, kw_only=True)
class Policy:
    """One rule."""

    name: str
    must: str
    """Demand, in one sentence."""
    why: str
    fix: str
    """Fix."""
    level: Level
    judge: Callable[[Resources], Broken]
    failing: Sequence[Resource]
    """A stack that breaks it …"""
    passing: Sequence[Resource]
    """… and the same stack when it does not."""


@dataclass(frozen=True, kw_only=True)
class Violation:
    """A rule that is broken, and by what."""

    policy: str
    level: Level
    resources: Sequence[str]
    """Their names."""
    urns: Sequence[str]
    message: str
    """Violation of each resource, with the fix."""
    fix: str
    """Fix alone."""
    reason: str = ""
    """Why the stack has another level than the rule's own."""
