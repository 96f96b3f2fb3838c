"""One state becomes two: the resources of some systems go into the state of another stack, as they are.

Owns what a state says and nothing of how it is kept: a pure function of the document that ``pulumi stack export
--show-secrets`` writes, whichever engine it comes from. Only names of stacks change, in URNs and where they are
referred to; ids, inputs and outputs stay, so that the next run of either stack has nothing to do.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from railyard.shared.console import OperationError
from railyard.shared.urns import name_of
from stacks import resource_types
from stacks.project_folder import RAILYARD
from stacks.secrets import FINGERPRINTS
from stacks.zone_ids import CONFIRMED

_OF_PULUMI: Final = f"{resource_types.PROVIDERS}pulumi"
_PLAINTEXT: Final = "plaintext"

Record = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The two parts into which a state is split."""

    left: dict[str, Any]
    """The document without what moves."""
    moved: dict[str, Any]
    """The document of the other stack; without resources when nothing moves."""
    urns: tuple[str, ...]
    """Moved resources, with the URNs of the other stack."""


def divided(
    document: Mapping[str, Any], source: str, target: str, systems: Sequence[str], zones: Collection[str]
) -> Parts:
    """Return the state of ``source`` without ``systems``, and the one of ``target`` with them.

    ``zones`` are those in which the systems have names. Raises ``OperationError`` where something that moves belongs
    to something that stays, or the other way round.
    """
    deployment = cast("dict[str, Any]", document["deployment"] or {})
    if deployment.get("pending_operations"):
        raise OperationError(
            f"an interrupted run of {source} left operations without an outcome: finish it first, with `pulumi up` or "
            f"`{RAILYARD} up -s {source}`"
        )
    records = records_of(document)
    moving = _below({each["urn"] for each in records if _is_system(each, systems)}, records)
    _refuse_ties(records, moving)
    staying = [each for each in records if each["urn"] not in moving and not _is_of_engine(each)]
    moved_records = [each for each in records if each["urn"] in moving]
    roots = [each for each in records if each["type"] == resource_types.STACK]
    renamed = _renaming(source, target)
    taken_records = [
        *({**root, "outputs": _outputs(root, lambda name: name in systems, zones)} for root in roots),
        *_providers(records, moved_records),
        *moved_records,
    ]
    staying_records = [
        *({**root, "outputs": _outputs(root, lambda name: name not in systems)} for root in roots),
        *_providers(records, staying),
        *staying,
    ]
    order = {each["urn"]: place for place, each in enumerate(records)}
    staying_records.sort(key=lambda each: order[each["urn"]])
    taken_records.sort(key=lambda each: order[each["urn"]])
    moved = [_renamed(each, renamed) for each in taken_records] if moved_records else []
    return Parts(
        left=_with(document, staying_records if moved_records else records),
        moved=_with(document, moved),
        urns=tuple(renamed(each["urn"]) for each in moved_records),
    )


def joined(state: Mapping[str, Any], moved: Mapping[str, Any]) -> dict[str, Any]:
    """Return the state of the other stack with what moves: it may hold some of it, after a run that was killed.

    Raises ``OperationError`` where it holds something else.
    """
    known = {(each["urn"], each.get("id")) for each in records_of(moved) if not _is_of_engine(each)}
    strange = [
        each for each in records_of(state) if not _is_of_engine(each) and (each["urn"], each.get("id")) not in known
    ]
    if strange:
        raise OperationError(
            f"the state of the other stack holds {name_of(strange[0]['urn'])} already: take another name"
        )
    return {**state, **moved}


def records_of(document: Mapping[str, Any]) -> list[Record]:
    """Return the resources of a state; none of that of a new stack."""
    deployment = cast("dict[str, Any]", document.get("deployment") or {})
    return cast("list[Record]", deployment.get("resources") or [])


def _is_system(record: Record, systems: Collection[str]) -> bool:
    return str(record["type"]).startswith(resource_types.SYSTEMS) and name_of(record["urn"]) in systems


def _is_of_engine(record: Record) -> bool:
    """Tell whether a record is the engine's own: the stack itself, or a provider."""
    return record["type"] == resource_types.STACK or str(record["type"]).startswith(resource_types.PROVIDERS)


def _below(urns: set[str], records: Iterable[Record]) -> set[str]:
    """Return ``urns`` and all that has one of them above it: a state lists parents first."""
    family: set[str] = set(urns)
    for each in records:
        if each.get("parent") in family:
            family.add(each["urn"])
    return family


def _refuse_ties(records: Sequence[Record], moving: Collection[str]) -> None:
    own = {each["urn"] for each in records if not _is_of_engine(each)}
    for each in records:
        other = next((urn for urn in sorted(_needed(each) & own) if (urn in moving) != (each["urn"] in moving)), None)
        if each["urn"] in own and other:
            pair = f"{name_of(each['urn'])} belongs to {name_of(other)}"
            raise OperationError(f"{pair}, and they would be in two stacks: move both systems")


def _needed(record: Record) -> set[str]:
    by_property = cast("dict[str, list[str] | None]", record.get("propertyDependencies") or {})
    named = {*cast("list[str]", record.get("dependencies") or []), str(record.get("deletedWith") or "")}
    return named | {urn for urns in by_property.values() for urn in urns or ()}


def _providers(records: Sequence[Record], users: Sequence[Record]) -> list[Record]:
    """Return the providers that ``users`` have, and that of Pulumi's own functions where zones are looked after."""
    used = {str(each.get("provider") or "").rpartition("::")[0] for each in users}
    zoned = any(":providers:cloudflare" in urn for urn in used)
    return [
        each
        for each in records
        if str(each["type"]).startswith(resource_types.PROVIDERS)
        and (each["urn"] in used or (zoned and each["type"] == _OF_PULUMI))
    ]


def _renaming(source: str, target: str) -> Callable[[str], str]:
    before, after = f"urn:pulumi:{source}::", f"urn:pulumi:{target}::"

    def renamed(urn: str) -> str:
        if not urn.startswith(before):
            return urn
        head, kind, name = urn.removeprefix(before).split("::", 2)
        # The resource that is the stack is named after project and stack.
        name = f"{head}-{target}{name.removeprefix(f'{head}-{source}')}" if kind == resource_types.STACK else name
        return f"{after}{head}::{kind}::{name}"

    return renamed


def _renamed(record: Record, renamed: Callable[[str], str]) -> Record:
    """Return a record as the other stack has it: its URN and all references to others."""
    new = {**record, "urn": renamed(record["urn"])}
    for key in ("parent", "deletedWith"):
        if new.get(key):
            new[key] = renamed(new[key])
    if new.get("provider"):
        urn, _, id_ = str(new["provider"]).rpartition("::")
        new["provider"] = f"{renamed(urn)}::{id_}"
    if new.get("dependencies"):
        new["dependencies"] = [renamed(urn) for urn in new["dependencies"]]
    if new.get("propertyDependencies"):
        by_property = cast("dict[str, list[str] | None]", new["propertyDependencies"])
        new["propertyDependencies"] = {
            key: urns and [renamed(urn) for urn in urns] for key, urns in by_property.items()
        }
    if new.get("aliases"):
        new["aliases"] = [renamed(urn) for urn in new["aliases"]]
    return new


def _outputs(root: Record, is_moved: Callable[[str], bool], zones: Collection[str] | None = None) -> dict[str, Any]:
    """Return the stack outputs of the systems that are ``is_moved``, and those of ``zones``; None for all zones."""
    outputs: dict[str, Any] = {}
    for name, value in cast("dict[str, Any]", root.get("outputs") or {}).items():
        if name == FINGERPRINTS:
            outputs[name] = _in_secret(value, lambda each: {key: own for key, own in each.items() if is_moved(key)})
        elif name == CONFIRMED:
            confirmed = {zone: id_ for zone, id_ in value.items() if zones is None or zone in zones}
            outputs |= {name: confirmed} if confirmed else {}
        elif is_moved(name):
            outputs[name] = value
    return outputs


def _in_secret(value: Any, change: Callable[[dict[str, Any]], Any]) -> Any:
    """Return ``value``, a group or a secret group, with ``change`` made to it; anything else as it is."""
    if isinstance(value, dict) and _PLAINTEXT in value:
        secret = cast("dict[str, Any]", value)
        return {**secret, _PLAINTEXT: json.dumps(change(json.loads(secret[_PLAINTEXT])))}
    return change(cast("dict[str, Any]", value)) if isinstance(value, dict) else value


def in_stack_output(document: dict[str, Any], name: str, change: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    """Return a state with a change of one stack output, a secret one perhaps."""
    deployment = cast("dict[str, Any]", document["deployment"])
    records = [
        {**each, "outputs": {**each["outputs"], name: _in_secret(each["outputs"][name], change)}}
        if each["type"] == resource_types.STACK and name in (each.get("outputs") or {})
        else each
        for each in records_of(document)
    ]
    return {**document, "deployment": {**deployment, "resources": records}}


def _with(document: Mapping[str, Any], records: Sequence[Record]) -> dict[str, Any]:
    deployment = cast("dict[str, Any]", document["deployment"] or {})
    return {**document, "deployment": {**deployment, "resources": list(records)}}
