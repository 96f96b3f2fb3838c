"""The import: every matched resource becomes the program's own, as it is, in one targeted ``up`` that only reads.

Owns the list that the program takes ids from, what is imported in which order, and the verdict of the preview that
follows. Both engines are used alike.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from railyard.adopt.live import LiveProject
from railyard.adopt.matching import Matched, Planned
from railyard.engine.engine import Engine, Unimportable
from railyard.shared.urns import carries, name_of
from stacks import resource_types
from stacks.adopted import VARIABLE

OF_THE_PROGRAM: Final = frozenset({"onFailure"})
"""Properties of a ServiceInstance that Railway knows nothing of."""
UNREAD: Final = frozenset({resource_types.SPACES_KEY})
"""Types that a second run does not read again: the provider knows no secret of a key."""
_KINDS: Final = {"add": "only in the settings", "delete": "only on Railway", "update": "another value"}
"""Difference of a variable, whose value is not shown."""


@dataclass(frozen=True, kw_only=True)
class RemainingChange:
    """One change that a preview still has."""

    urn: str
    op: str
    name: str
    type: str
    keys: tuple[str, ...] = ()
    """The properties that differ."""
    reasons: tuple[str, ...] = ()
    """Difference of each of them, or its reason. No value of a variable is shown."""

    @property
    def deploys(self) -> bool:
        """Tell whether Railway deploys a service by it."""
        return self.type == resource_types.SERVICE_INSTANCE

    @property
    def text(self) -> str:
        """Say it to people."""
        properties = [f"{key} ({reason})" for key, reason in zip(self.keys, self.reasons, strict=True)]
        what = f": {', '.join(properties)}" if properties else ""
        return f"{self.op} {self.name}{what}"


def take(engine: Engine, planned_resources: Sequence[Planned], matched: Matched, live: LiveProject) -> None:
    """Import what was matched; raises ``OperationError`` when the engine does not.

    The key of a bucket is no provider's to import, since nobody but Railway knows its secret: it is recorded, and what
    uses it comes after it.
    """
    # What the state has already stays: an import of it would be a replacement.
    new = [each for each in planned_resources if each.new and each.urn in matched.ids]
    key = next((each for each in new if each.type == resource_types.SPACES_KEY), None)
    space = next(
        (
            each.urn
            for each in planned_resources
            if each.type == resource_types.SPACES_BUCKET and each.urn in matched.ids
        ),
        None,
    )
    importable = [each for each in new if each.type != resource_types.SPACES_KEY]
    components = [each.urn for each in planned_resources if not each.custom]
    if not new:
        _amend(engine, planned_resources, matched, live)
        return
    ids = {each.key: matched.ids[each.urn] for each in importable}
    if key and space:
        # The Pulumi CLI imports whatever has an id, among the targets or not.
        with _list_of({name: id_ for name, id_ in ids.items() if name.startswith(f"{resource_types.SPACES_BUCKET}::")}):
            engine.up([*components, space], quiet=True)
        engine.record(_key(key, space, live))
    with _list_of(ids):
        keys = [key.urn] if key and space else []
        engine.up([*components, *keys, *(each.urn for each in importable)], quiet=True)
    _amend(engine, planned_resources, matched, live)


def _key(key: Planned, space: str, live: LiveProject) -> Unimportable:
    every = [live.variables(service_id) for service_id in live.services().values()]
    used = next(each for each in every if each.get("SPACES_ACCESS_KEY_ID"))
    access_key, grants = (
        str(used["SPACES_ACCESS_KEY_ID"]),
        [{"bucket": used.get("SPACES_BUCKET"), "permission": "readwrite"}],
    )
    inputs = {"name": key.inputs["name"], "grants": grants}
    outputs = {**inputs, "accessKey": access_key, "secretKey": used.get("SPACES_SECRET_ACCESS_KEY"), "createdAt": ""}
    return Unimportable(urn=key.urn, neighbour=space, id=access_key, inputs=inputs, outputs=outputs, hidden="secretKey")


def settle(
    engine: Engine, planned_resources: Sequence[Planned], matched: Matched, remaining: Sequence[RemainingChange]
) -> None:
    """Let the state hold the program's own inputs and options of what does not differ, which asks nobody.

    Until then it holds what an import says, and the next change of a resource would send more than was changed.
    """
    differs = {each.urn for each in remaining}
    same = [
        each.urn
        for each in planned_resources
        if not each.custom or (each.urn in matched.ids and each.urn not in differs)
    ]
    engine.up(same, quiet=True)


def _amend(engine: Engine, planned_resources: Sequence[Planned], matched: Matched, live: LiveProject) -> None:
    """Put into the state what no import returns: what the program alone knows, and which environment it is."""
    amended: dict[str, dict[str, Any]] = {}
    for each in planned_resources:
        if each.urn not in matched.ids:
            continue
        own = {key: each.inputs[key] for key in OF_THE_PROGRAM & each.inputs.keys()}
        if each.type == resource_types.PROJECT and not live.is_primary:
            own |= {"environmentId": live.environment_id, "environmentName": live.snapshot.environment["name"]}
        if own:
            amended[each.urn] = own
    if amended:
        engine.amend(amended)


@contextmanager
def _list_of(ids: Mapping[str, str]) -> Generator[None]:
    """Let the program find its ids for as long as the block runs."""
    before = os.environ.get(VARIABLE)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "ids.json"
        file.write_text(json.dumps(ids), encoding="utf-8")
        os.environ[VARIABLE] = str(file)
        try:
            yield
        finally:
            os.environ.pop(VARIABLE)
            if before is not None:
                os.environ[VARIABLE] = before


def remaining_changes(
    document: Mapping[str, Any], system: str, why: Mapping[str, Mapping[str, str]]
) -> list[RemainingChange]:
    """Return what a preview would still change of a system; ``why``: URN → property → what explains its difference."""
    changes: list[RemainingChange] = []
    for step in cast("Sequence[Mapping[str, Any]]", document["steps"]):
        urn = str(step["urn"])
        if step["op"] in ("same", "read") or not carries(urn, system):
            continue
        state = cast("Mapping[str, Any]", step.get("newState") or step.get("oldState") or {})
        if not state.get("custom") and step["op"] in {"update", "create"}:
            continue  # a component is nothing outside of the state
        detailed = cast("Mapping[str, Any]", step.get("detailedDiff") or {})
        keys = tuple(sorted(detailed)) or tuple(step.get("diffReasons") or ())
        reasons = tuple(why.get(urn, {}).get(key) or _difference(step, key) for key in keys)
        changes.append(
            RemainingChange(
                urn=urn,
                op=str(step["op"]),
                name=name_of(urn),
                type=str(state.get("type", "")),
                keys=keys,
                reasons=reasons,
            )
        )
    return changes


def _difference(step: Mapping[str, Any], key: str) -> str:
    """Return how a property differs; of a variable, of a part of a property and of a secret not from what to what."""
    detailed = cast("Mapping[str, Mapping[str, Any]]", step.get("detailedDiff") or {})
    kind = str(detailed.get(key, {}).get("kind") or detailed.get(key, {}).get("diffKind") or "update")
    states = [cast("Mapping[str, Any]", step.get(name) or {}) for name in ("oldState", "newState")]
    before, after = (cast("Mapping[str, Any]", each.get("inputs") or {}).get(key) for each in states)
    plain = all(isinstance(each, str | int | float | bool | None) for each in (before, after))
    if key == "variables" or "." in key or "[" in key or not plain or before == after:
        return _KINDS.get(kind.removesuffix("-replace"), "another value")
    return " → ".join("nothing" if each is None else json.dumps(each, ensure_ascii=False) for each in (before, after))
