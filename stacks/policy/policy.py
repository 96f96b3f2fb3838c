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
    """It is reported."""
    MANDATORY = "mandatory"
    """It is reported, and the preview fails."""
    DISABLED = "disabled"
    """It is not checked."""


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource of a stack, as a rule sees it."""

    type: str
    name: str
    urn: str = ""
    props: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Its inputs; those that are known only after the up are absent."""
    protect: bool = False
    needs: frozenset[str] = frozenset()
    """URNs of what it needs."""

    @property
    def noun(self) -> str:
        """Return the last part of its type, ``ServiceInstance``."""
        return self.type.rsplit(":", 1)[-1]

    @property
    def parents(self) -> Sequence[str]:
        """Return the types of its parents, the outermost first."""
        return self.urn.split("::")[2].split("$")[:-1] if self.urn.count("::") >= 2 else ()


class Resources:
    """All resources of a stack that exist in some cloud, in the order of their names; components are left out."""

    def __init__(self, every: Iterable[Resource]) -> None:
        in_clouds = (each for each in every if each.type.startswith(_CLOUDS))
        self.every = tuple(sorted(in_clouds, key=lambda each: each.name))

    def of(self, *nouns: str) -> Iterator[Resource]:
        """Return the resources of these kinds, in the order of their names."""
        return (each for each in self.every if each.noun in nouns)

    def needed(self, by: Resource, *nouns: str) -> Iterator[Resource]:
        """Return the resources of these kinds that ``by`` needs."""
        return (each for each in self.of(*nouns) if each.urn in by.needs)


Broken = Iterator[tuple[Resource, str]]
"""Resources that break a rule, each with how it does, as the words that follow its name in a message."""


@dataclass(frozen=True, kw_only=True)
class Policy:
    """One rule."""

    name: str
    must: str
    """Demand, in one sentence."""
    why: str
    """Consequence of breaking it, in one sentence."""
    fix: str
    """Next step where it is broken, without a full stop."""
    level: Level
    """Its level where a stack chooses no other."""
    broken: Callable[[Resources], Broken]
    failing: Sequence[Resource]
    """Resources of an example stack that breaks it."""
    passing: Sequence[Resource]
    """Resources of the same stack once it keeps it."""


@dataclass(frozen=True, kw_only=True)
class Violation:
    """A rule that is broken, and the resources that break it."""

    policy: str
    level: Level
    resources: Sequence[str]
    """Names of the resources that break the rule."""
    urns: Sequence[str]
    message: str
    """The text for people: each resource with how it breaks the rule, and the fix."""
    fix: str
    """The fix alone."""
    reason: str = ""
    """Why the stack has another level than the rule's own."""
