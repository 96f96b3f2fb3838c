"""Decides from old state, new inputs and a provider's diff which resources are updated or replaced, and in which order.

Everything here is a pure function of its arguments: no calls, no clock, no files; so each rule can be tested by itself.
The rules are those of Pulumi's own step generator (pkg/resource/deploy/step_generator.go).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pulumi_embedded.provider import DiffResponse
from pulumi_embedded.state import STACK_TYPE, Resource
from pulumi_operations.events import Change, Step, StepKind
from pulumi_operations.values import UNKNOWN, Properties, covers, differences, keep_old, parse_path


class Targets:
    """The URNs an operation is limited to: globs as the CLI's ``--target`` takes them; none means all."""

    def __init__(self, patterns: Iterable[str]) -> None:
        patterns = list(patterns)
        self._expressions = [re.compile(self._expression(pattern)) for pattern in patterns]
        self.literals = [pattern for pattern in patterns if "*" not in pattern]
        """The URNs among the patterns."""

    @staticmethod
    def _expression(pattern: str) -> str:
        # * stays within one part of a URN, ** does not (pkg/resource/deploy/deployment.go).
        pieces = re.split(r"(\*\*|\*)", pattern)
        return "".join({"**": ".*", "*": "[^:]*"}.get(piece, re.escape(piece)) for piece in pieces)

    @property
    def limited(self) -> bool:
        """Tell whether anything is left out."""
        return bool(self._expressions)

    def __contains__(self, urn: str) -> bool:
        return not self._expressions or any(expression.fullmatch(urn) for expression in self._expressions)

    def includes(self, resource: Resource) -> bool:
        """Tell whether the operation covers a resource; the stack and providers are always covered."""
        return resource.type == STACK_TYPE or resource.is_provider or resource.urn in self


@dataclass(frozen=True, kw_only=True)
class DiffDecision:
    """Hold what becomes of a resource that exists already."""

    kind: StepKind
    """``SAME``, ``UPDATE`` or ``REPLACE``."""
    changes: Mapping[str, Change] = field(default_factory=dict[str, Change])
    delete_before_replace: bool = False


def without_ignored(inputs: Properties, old: Properties, paths: Iterable[str]) -> Properties:
    """Return the inputs with what ``ignoreChanges`` names taken from the old ones."""
    for path in paths:
        inputs = keep_old(inputs, old, parse_path(path))
    return inputs


def replaced_with_host(resource: Resource, replaced: Collection[str]) -> DiffDecision | None:
    """Return a replacement for what is deleted with something replaced, whatever its inputs say."""
    if resource.deleted_with and resource.deleted_with in replaced:
        return DiffDecision(kind=StepKind.REPLACE)
    return None


def decide(old: Resource, inputs: Properties, answer: DiffResponse, replace_on_changes: Iterable[str]) -> DiffDecision:
    """Decide by a provider's answer to a diff, by ``replaceOnChanges`` and by failed initializations."""
    compared = differences(old.inputs, inputs)
    changed = bool(compared) if answer.changed is None else answer.changed
    keys = set(answer.keys)
    if answer.changed is None:
        keys.update(_top(path) for path in compared)
    changes = dict(answer.detailed) or {path: change for path, change in compared.items() if _top(path) in keys}
    # A change of outputs alone has no input that differs.
    changes |= dict.fromkeys(keys - {_top(path) for path in changes}, Change.UPDATE)
    if not changed and not old.init_errors:
        return DiffDecision(kind=StepKind.SAME)
    patterns = [parse_path(path) for path in replace_on_changes]
    hit = {path for path in [*changes, *keys] if any(covers(pattern, parse_path(path)) for pattern in patterns)}
    changes = {path: change.replacing() if path in hit else change for path, change in changes.items()}
    if replaces := answer.replaces | {_top(path) for path in hit}:
        if not any(change.replaces for change in changes.values()):
            changes = {
                path: change.replacing() if _top(path) in replaces else change for path, change in changes.items()
            }
            changes |= dict.fromkeys(replaces - {_top(path) for path in changes}, Change.UPDATE_REPLACE)
        return DiffDecision(kind=StepKind.REPLACE, changes=changes, delete_before_replace=answer.delete_before_replace)
    return DiffDecision(kind=StepKind.UPDATE, changes=changes)


def _top(path: str) -> str:
    keys = parse_path(path)
    return str(keys[0]) if keys else path


def dependents_to_replace(
    root: Resource,
    olds: Sequence[Resource],
    excluded: Collection[str],
    would_replace: Callable[[Resource, Properties], bool],
) -> list[Resource]:
    """Return the dependents that must be deleted before ``root`` can be, in order of dependency.

    Those are the old ones that a change of its outputs would replace: ``would_replace`` returns that for a dependent
    and its inputs, in which what depends on a deleted resource is unknown. The ``excluded`` URNs are registered
    already, so that they cannot depend on the root any more.
    """
    going, replaced = {root.urn}, list[Resource]()
    for each in olds:
        if each.urn in going or each.urn in excluded or each.delete or not each.custom:
            continue
        hit = {key for key, urns in each.property_dependencies.items() if going.intersection(urns)}
        inputs = {key: UNKNOWN if key in hit else value for key, value in each.inputs.items()}
        with_host = each.deleted_with in going or each.provider.rpartition("::")[0] in going
        if with_host or (hit and would_replace(each, inputs)):
            replaced.append(each)
            going.add(each.urn)
    return replaced


@dataclass(frozen=True, kw_only=True)
class Deletions:
    """Hold what has to go, and when."""

    order: tuple[Resource, ...]
    """Those deleted for themselves, dependents before what they depend on."""
    guests: Mapping[int, tuple[Resource, ...]]
    """Place of a resource → those that its deletion takes along (``deletedWith``)."""
    blockers: Mapping[int, frozenset[int]]
    """Place of a resource → places of those that must go first."""

    def everything(self) -> list[Resource]:
        """Return all of them in the order in which they are reported."""
        return [resource for host in self.order for resource in (host, *self.guests.get(host.place, ()))]


def deletions(doomed: Sequence[Resource]) -> Deletions:
    """Sort out the deletion of ``doomed``, which stand in order of dependency."""
    by_urn: dict[str, list[Resource]] = {}
    for resource in sorted(doomed, key=lambda each: each.delete):  # of two with one URN, dependents mean the live one
        by_urn.setdefault(resource.urn, []).append(resource)

    def host(resource: Resource) -> Resource:
        above = by_urn.get(resource.deleted_with, [resource])[0]
        return resource if above is resource else host(above)

    hosts = {resource.place: host(resource) for resource in doomed}
    guests: dict[int, tuple[Resource, ...]] = {}
    blockers: dict[int, set[int]] = {resource.place: set() for resource in doomed}
    for resource in doomed:
        if hosts[resource.place] is not resource:
            place = hosts[resource.place].place
            guests[place] = (resource, *guests.get(place, ()))
            continue
        # What depends on a guest must go before the host that takes the guest along. A record further down is another
        # one with the same URN: the live resource is not what a replaced one depended on, nor the other way round.
        needed = [each for urn in resource.depends_on() for each in by_urn.get(urn, []) if each.place < resource.place]
        for place in {hosts[each.place].place for each in needed} - {resource.place}:
            blockers[place].add(resource.place)
    order = tuple(resource for resource in reversed(doomed) if hosts[resource.place] is resource)
    return Deletions(
        order=order, guests=guests, blockers={place: frozenset(blocking) for place, blocking in blockers.items()}
    )


def still_needed(doomed: Sequence[Resource], staying: Iterable[Resource]) -> dict[str, str]:
    """Return URN to be deleted → a URN that stays and depends on it; only a limited operation can have such."""
    going = {resource.urn for resource in doomed if not resource.delete}
    return {urn: resource.urn for resource in staying for urn in resource.depends_on() if urn in going}


def describe(
    kind: StepKind, old: Resource | None, new: Resource | None, changes: Mapping[str, Change] | None = None
) -> Step:
    """Return a step from the records before and after it."""
    resource = new or old
    assert resource is not None, "a step concerns a resource"
    return Step(
        kind=kind,
        urn=resource.urn,
        type=resource.type,
        name=resource.name,
        parent=resource.parent,
        custom=resource.custom,
        id=(new.id if new and new.id else "") or (old.id if old else ""),
        old_inputs=old.inputs if old else {},
        new_inputs=new.inputs if new else {},
        old_outputs=old.outputs if old else {},
        new_outputs=new.outputs if new else {},
        changes=changes or {},
        protect=resource.protect,
        dependencies=frozenset(resource.dependencies).union(*resource.property_dependencies.values()),
    )
