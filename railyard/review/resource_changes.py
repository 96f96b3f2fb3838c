"""Changes of resources by a preview, in the form that is shown, compared and kept, and what the preview refuses.

Owns one model for the documents of ``pulumi preview --json`` and of the embedded engine, which has the same shape.
Components, providers and the stack itself are left out: what changes is resources. Values are masked by the
writer of the document, and shortened here. A refusal is reported once, as which resource, why and what to do: an engine
names URNs, and readers know the names of settings and systems.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, cast

from pydantic import BaseModel, ConfigDict

from pulumi_operations.values import UNKNOWN_ON_THE_WIRE, parse_path
from railyard.output.values import SECRET_TEXT, at_path, clean, short
from railyard.shared.urns import name_of, short_type, system_of, type_of
from stacks import resource_types
from stacks.project_folder import RAILYARD

KNOWN_LATER: Final = "[known after up]"
_LEFT_OUT: Final = (resource_types.PROVIDERS, resource_types.STACK)
_ABSENT: Final = "(none)"


class Model(BaseModel):
    """The base of documents: strict, so that a foreign document is not trusted further."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Kind(StrEnum):
    """The kinds of changes of a resource, the gravest first."""

    REPLACE = "replace"
    DELETE = "delete"
    CREATE = "create"
    UPDATE = "update"

    @property
    def grave(self) -> bool:
        """Tell whether something that exists goes away."""
        return self in (Kind.REPLACE, Kind.DELETE)

    @property
    def sign(self) -> str:
        """Return the sign with which Pulumi marks it."""
        return {Kind.REPLACE: "+-", Kind.DELETE: "-", Kind.CREATE: "+", Kind.UPDATE: "~"}[self]


_KINDS: Final[dict[str, Kind]] = {
    "create": Kind.CREATE,
    "import": Kind.CREATE,
    "update": Kind.UPDATE,
    "delete": Kind.DELETE,
    "discard": Kind.DELETE,
    "replace": Kind.REPLACE,
    "create-replacement": Kind.REPLACE,
    "delete-replaced": Kind.REPLACE,
    "import-replacement": Kind.REPLACE,
}


class Property(Model):
    """One property that differs."""

    path: str
    old: str
    new: str
    replaces: bool = False
    """True when this difference replaces the resource."""


class Change(Model):
    """One resource that changes."""

    kind: Kind
    urn: str
    type: str
    """As people know it, ``railway:ServiceInstance``."""
    name: str
    system: str
    """``Seance``; empty for what belongs to no system."""
    component: str
    """Name of the component that it is part of, ``seance-backend``."""
    properties: tuple[Property, ...] = ()
    needs: tuple[str, ...] = ()
    """Names of the resources that it needs first, where the document says them, in their order."""
    protected: bool = False

    def key(self) -> tuple[str, str, tuple[str, ...]]:
        """Return by what two worlds are compared: what happens to what, since values differ by ids and addresses."""
        return self.urn, self.kind, tuple(each.path for each in self.properties)


def changes_of(steps: Iterable[Mapping[str, Any]]) -> tuple[Change, ...]:
    """Return the changes in the steps of a document, the gravest first, then by system and name."""
    by_urn: dict[str, Change] = {}
    for step in steps:
        kind = _KINDS.get(step["op"])
        if kind and _is_resource(step):
            change = _change(step, kind)
            earlier = by_urn.get(change.urn)
            if earlier is None or change.properties:
                by_urn[change.urn] = change
    return tuple(sorted(by_urn.values(), key=lambda each: (list(Kind).index(each.kind), each.system, each.name)))


def counted(changes: Sequence[Change]) -> str:
    """Return ``+- 1 to replace, ~ 4 to update``."""
    numbers = {kind: sum(change.kind is kind for change in changes) for kind in Kind}
    parts = [f"{kind.sign} {number} to {kind.value}" for kind, number in numbers.items() if number]
    return ", ".join(parts) or "nothing changes"


def by_system(changes: Sequence[Change]) -> dict[str, list[Change]]:
    """Return system → its changes, in order of names."""
    return {
        system: [change for change in changes if change.system == system]
        for system in sorted({change.system for change in changes})
    }


def _is_resource(step: Mapping[str, Any]) -> bool:
    state = _state(step, "newState") or _state(step, "oldState")
    kind = str(state.get("type") or type_of(step["urn"]))
    return bool(state.get("custom", True)) and not kind.startswith(_LEFT_OUT)


def _change(step: Mapping[str, Any], kind: Kind) -> Change:
    urn = str(step["urn"])
    old, new = _state(step, "oldState"), _state(step, "newState")
    return Change(
        kind=kind,
        urn=urn,
        type=short_type(type_of(urn)),
        name=name_of(urn),
        system=system_of(urn),
        component=name_of(str((new or old).get("parent") or "")),
        properties=tuple(_properties(step.get("detailedDiff") or {}, old, new)) if kind is not Kind.CREATE else (),
        # The Pulumi CLI names them in another order each time.
        needs=tuple(sorted({name_of(str(each)) for each in new.get("dependencies") or ()})),
        protected=bool(old.get("protect")),
    )


def _properties(detailed: Mapping[str, Any], old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterable[Property]:
    for path, difference in sorted(detailed.items()):
        kind = str(difference.get("kind", "update"))
        pairs = [(_at(old, group, path), _at(new, group, path)) for group in ("inputs", "outputs")]
        # Where the inputs are alike the cloud found the difference, or both are secrets.
        before, after = next((pair for pair in pairs if pair[0] != pair[1]), pairs[0])
        yield Property(path=clean(path), old=_shown(before), new=_shown(after), replaces=kind.endswith("-replace"))


def _at(state: Mapping[str, Any], group: str, path: str) -> Any:
    return at_path(cast("Mapping[str, Any]", state.get(group) or {}), parse_path(path))


def _shown(value: Any) -> str:
    if value is None:
        return _ABSENT
    if value == SECRET_TEXT:
        return SECRET_TEXT
    return KNOWN_LATER if value == UNKNOWN_ON_THE_WIRE else short(value)


def _state(step: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", step.get(name) or {})


_URN: Final = re.compile(r"urn:pulumi:[^\s']+")
_UNPROTECT: Final = f"lift its protection first ({RAILYARD} unprotect, or pulumi state unprotect)"


def refusals(document: Mapping[str, Any], changes: Sequence[Change]) -> list[str]:
    """Return what a preview's document says was refused, a string for each; of a known change with its difference."""
    by_urn = {change.urn: change for change in changes}
    texts: list[str] = []
    for diagnostic in document.get("diagnostics") or ():
        if diagnostic.get("severity") == "error":
            message = _URN.sub(lambda match: name_of(match[0]), str(diagnostic.get("message") or "").strip())
            texts.append(_protected(by_urn.get(str(diagnostic.get("urn") or ""))) or message)
    return list(dict.fromkeys(texts))


def _protected(change: Change | None) -> str | None:
    if change is None or not change.protected or not change.kind.grave:
        return None
    what = f"{change.type} {change.name} is protected, and"
    if change.kind is Kind.DELETE:
        return f"{what} would be deleted: keep it in the settings, or {_UNPROTECT}"
    causes = [f"{each.path}: {each.old} → {each.new}" for each in change.properties if each.replaces]
    cause = ", ".join(causes) or "this change"
    return f"{what} {cause} would make it a new one: keep the value from before, or {_UNPROTECT}"
