"""One system of one deployment: what is planned for it, and how that ends.

The unit of the road is a system: plan → up → verify → kept, or taken back. Owns which resources belong to a system,
which of its checks its own changes can have broken, and the words for how it ended. Begins nothing: ``deploy`` does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from railyard.operate.verify_checks import BUCKETS
from railyard.operate.verify_checks import Result as Check
from railyard.review.resource_changes import Change, counted
from railyard.shared.stack import Stack
from railyard.shared.urns import carries, name_of, targets_of, type_of

SHARED: Final = ""
"""The part that is no system: what the systems of a stack share."""


class Result(StrEnum):
    """The outcome of a release of one system, or of a deployment of several."""

    DEPLOYED = "deployed"
    """The planned release runs and is healthy."""
    PARTLY = "partly deployed"
    """Some systems are deployed, and others are not."""
    STOPPED = "stopped"
    """Nothing was begun."""
    ROLLED_BACK = "rolled back"
    """It failed, and what ran before runs again and is healthy."""
    BROKEN = "broken"
    """It failed, and so did the rollback, or there is none: somebody has to look."""


@dataclass(kw_only=True)
class SystemRelease:
    """One system, or what systems share, in one deployment."""

    system: str
    """Its key in the settings; ``SHARED`` for what belongs to no system."""
    changes: Sequence[Change] = ()
    problems: list[str] = field(default_factory=list[str])
    """Why it failed; empty while it has not."""
    back_to: str = ""
    """The commit that it was taken back to."""
    back_problems: list[str] = field(default_factory=list[str])
    """Problems of the rollback."""

    @property
    def result(self) -> Result:
        """Return how it ended."""
        if not self.problems:
            return Result.DEPLOYED
        return Result.ROLLED_BACK if self.back_to and not self.back_problems else Result.BROKEN

    @property
    def label(self) -> str:
        """Return how people call it."""
        return self.system or "what systems share"

    @property
    def targets(self) -> tuple[str, ...]:
        """Return the patterns of its URNs for ``--target``; none where it is the whole stack."""
        if self.system:
            return tuple(targets_of(self.system))
        return tuple(change.urn for change in self.changes)

    def owns(self, urn: str) -> bool:
        """Tell whether a resource belongs to it."""
        if self.system:
            return part_of(urn, (self.system,)) == self.system
        return not self.changes or any(change.urn == urn for change in self.changes)

    def document(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "system": self.system or None,
            "result": self.result.value,
            "changes": counted(self.changes),
            "problems": list(self.problems),
            "rolledBackTo": self.back_to or None,
            "rollbackProblems": list(self.back_problems),
        }


def part_of(urn: str, systems: Iterable[str]) -> str:
    """Return the system whose name a resource carries, of names that begin alike the longest; else ``SHARED``."""
    return max((each for each in systems if carries(urn, each)), key=len, default=SHARED)


def releases_of(changes: Sequence[Change], stack: Stack) -> list[SystemRelease]:
    """Return a release for each system that ``changes`` touch, in the settings' order; what systems share first."""
    systems = [*stack.settings.systems, *(each for each in stack.known if each not in stack.settings.systems)]
    by_system: dict[str, list[Change]] = {}
    for change in changes:
        by_system.setdefault(part_of(change.urn, systems), []).append(change)
    return [SystemRelease(system=part, changes=by_system[part]) for part in (SHARED, *systems) if part in by_system]


def limited(
    steps: Iterable[Mapping[str, Any]], stack: Stack, only: Collection[str] = (), without: Collection[str] = ()
) -> list[Mapping[str, Any]]:
    """Return the steps of a preview for the systems that are named, or for all but those to leave out."""
    names = {*stack.settings.systems, *stack.known}
    return [
        step for step in steps if (part := part_of(step["urn"], names)) not in without and (not only or part in only)
    ]


def can_have_broken(failed: Check, changes: Sequence[Change], parts: Collection[str] = ()) -> bool:
    """Tell whether bringing up ``changes``, all of one system, can be why a check fails: else going back fixes nothing.

    ``parts`` are the checked parts of the system (``rose/web``): a change of one of them is no reason for another's
    failure, and one that belongs to none of them, of the project for example, is a reason for every failure.
    """
    if failed.broken_by is not None:
        changes = [change for change in changes if change.type.startswith(failed.broken_by)]
    if failed.broken_by == BUCKETS or "/" not in failed.where:
        return bool(changes)
    for change in changes:
        touched = {part for part in parts if _belongs(change, part)}
        if not touched or failed.where in touched:
            return True
    return False


def _belongs(change: Change, part: str) -> bool:
    prefix = part.replace("/", "-", 1)
    return any(name == prefix or name.startswith(f"{prefix}-") for name in (change.name, change.component))


@dataclass(frozen=True, kw_only=True)
class DeployOutcome:
    """The outcome of a deployment, system by system."""

    commit: str
    releases: Sequence[SystemRelease] = ()
    stopped: Sequence[str] = ()
    """Why nothing was begun."""
    notices: Sequence[str] = ()
    """Failures that no release of this deployment can have caused."""
    unwell: Sequence[str] = ()
    """The systems of ``notices``."""
    took_s: float = 0.0

    @property
    def result(self) -> Result:
        """Return how it ended as a whole."""
        if self.stopped:
            return Result.STOPPED
        results = {release.result for release in self.releases} or {Result.DEPLOYED}
        if Result.BROKEN in results:
            return Result.BROKEN
        return results.pop() if len(results) == 1 else Result.PARTLY

    @property
    def failed(self) -> list[SystemRelease]:
        """Return the releases that did not go well."""
        return [release for release in self.releases if release.problems]

    @property
    def good(self) -> list[SystemRelease]:
        """Return the releases that went well."""
        return [release for release in self.releases if not release.problems]

    @property
    def changes(self) -> str:
        """Return what was planned, counted."""
        return counted([change for release in self.releases for change in release.changes])

    @property
    def problems(self) -> list[str]:
        """Return all of it, each with its system."""
        return [*self.stopped, *(line for release in self.failed for line in release.problems)]

    @property
    def waiting(self) -> list[str]:
        """Return the systems that no further stack should take from this one yet."""
        return list(dict.fromkeys([*(each.system for each in self.failed if each.system), *self.unwell]))

    def document(self, stack: str) -> dict[str, Any]:
        """Return it for programs."""
        back = {release.back_to for release in self.failed if release.back_to}
        return {
            "stack": stack,
            "result": self.result.value,
            "commit": self.commit,
            "changes": self.changes,
            "systems": [release.document() for release in self.releases],
            "problems": self.problems,
            "rolledBackTo": back.pop() if len(back) == 1 else None,
            "rollbackProblems": [line for release in self.failed for line in release.back_problems],
            "notices": list(self.notices),
            "tookS": round(self.took_s, 1),
        }


def by_release(failed: Mapping[str, Sequence[str]], releases: Sequence[SystemRelease]) -> dict[int, list[str]]:
    """Return the problems of each release, by its position, of those that an engine reports for each resource."""
    problems: dict[int, list[str]] = {}
    for urn, messages in failed.items():
        for index, release in enumerate(releases):
            if release.owns(urn):
                kind = type_of(urn).replace(":index:", ":")
                lines = [line for message in messages for line in message.splitlines()]
                first, *rest = lines or ["it failed"]
                problems.setdefault(index, []).extend(
                    [f"{kind} {name_of(urn)}: {first}", *(f"  {line}" for line in rest)]
                )
                break
    return problems
