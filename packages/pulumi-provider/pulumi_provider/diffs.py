"""Differences between the inputs in the state and the inputs that are wanted now.

Owns the comparison of inputs with inputs, by declared type, and which differences make a new resource. Outputs are not
compared: drift enters through ``read``, which reports inputs.

Not set and empty are the same for lists and maps: an API reports both alike, and an import must preview as unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, cast

from .checking import join
from .conversion import get, named
from .declaration import Inputs, Resource
from .naming import camel_case
from .properties import Field, Group, ListOf, MapOf, ValueType, fields_of
from .values import contains_unknown


class Kind(Enum):
    """The kind of difference of one property."""

    ADD = "add"
    DELETE = "delete"
    UPDATE = "update"


@dataclass(frozen=True)
class Difference:
    """One property that differs."""

    kind: Kind
    replaces: bool


Differences = Mapping[str, Difference]
"""Property path (camelCase) → how it differs."""


def compare(
    resource: Resource[Any, Any],
    old_inputs: Mapping[str, Any],
    new_inputs: Mapping[str, Any],
    old_state: Inputs,
    ignored: Sequence[str] = (),
) -> Differences:
    """Return the differences of two decoded sets of inputs (wire form); unknown ones count as changed.

    Missing keys of the old inputs count as their default, so that a new version of the provider changes nothing by
    itself. An input that was not given and is now given the value that the state has changes nothing either. Paths in
    ``ignored``, and what lies below them, are left out.
    """
    fields = fields_of(resource.inputs_type)
    old, new = named(fields, old_inputs), named(fields, new_inputs)
    walk = _Comparison(always_replaces=not is_updatable(resource))
    for declared in fields:
        before, after = old[declared.name], new[declared.name]
        if before is None and after is not None and after == _plain(get(old_state, declared.name)):
            continue
        walk.field(declared, before, after, path="", replaces=False)
    differences = {path: differences for path, differences in walk.found.items() if not _is_within(path, ignored)}
    return _with_conditional_replaces(differences, resource.replaced_by(old_state, new)) if differences else differences


def is_updatable(resource: Resource[Any, Any]) -> bool:
    """Tell whether the resource has an ``update`` of its own."""
    return "update" in {name for each in type(resource).__mro__ if each is not Resource for name in vars(each)}


def top_level(path: str) -> str:
    """Return the property that a path begins with."""
    match = re.match(r'\["(?P<quoted>.*?)"\]|(?P<plain>[^.\[]+)', path)
    return (match["quoted"] or match["plain"]) if match else path


@dataclass
class _Comparison:
    always_replaces: bool

    def __post_init__(self) -> None:
        self.found: dict[str, Difference] = {}

    def field(self, declared: Field, old: Any, new: Any, path: str, *, replaces: bool) -> None:
        if declared.mark.keeps_when_unset and new is None:
            return
        marked = replaces or declared.mark.replaces
        self.value(declared.type, old, new, join(path, declared.wire_name), replaces=marked)

    def value(self, type: ValueType, old: Any, new: Any, path: str, *, replaces: bool) -> None:
        old, new = _without_empty(old), _without_empty(new)
        if old == new and not contains_unknown(new):
            return
        match type:
            case Group() if isinstance(old, dict) and isinstance(new, dict):
                before, after = cast("dict[str, Any]", old), cast("dict[str, Any]", new)
                for declared in type.fields:
                    self.field(declared, before.get(declared.name), after.get(declared.name), path, replaces=replaces)
            case MapOf() if isinstance(old, dict) and isinstance(new, dict):
                before, after = cast("dict[str, Any]", old), cast("dict[str, Any]", new)
                for key in sorted({*before, *after}):
                    self.value(type.item, before.get(key), after.get(key), join(path, key), replaces=replaces)
            case ListOf() if isinstance(old, list) and isinstance(new, list):
                self.items(type.item, cast("list[Any]", old), cast("list[Any]", new), path, replaces=replaces)
            case _:
                kind = Kind.ADD if old is None else Kind.DELETE if new is None else Kind.UPDATE
                self.found[path] = Difference(kind, replaces or self.always_replaces)

    def items(self, type: ValueType, old: list[Any], new: list[Any], path: str, *, replaces: bool) -> None:
        for index in range(max(len(old), len(new))):
            before = old[index] if index < len(old) else None
            after = new[index] if index < len(new) else None
            self.value(type, before, after, f"{path}[{index}]", replaces=replaces)


def _plain(value: Any) -> Any:
    """Return a value of a state as inputs have it; groups never compare as equal."""
    return value.value if isinstance(value, Enum) else value


def _without_empty(value: Any) -> Any:
    return None if value in ([], {}) else value


def _is_within(path: str, ignored: Sequence[str]) -> bool:
    return any(path == each or path.startswith((f"{each}.", f"{each}[")) for each in ignored)


def _with_conditional_replaces(differences: Differences, names: Sequence[str]) -> Differences:
    """Make the differences of the named properties (snake_case) replace."""
    replacing = {camel_case(name) for name in names}
    marked = {
        path: Difference(each.kind, each.replaces or top_level(path) in replacing) for path, each in differences.items()
    }
    unseen = replacing - {top_level(path) for path in differences}
    return {**marked, **{name: Difference(Kind.UPDATE, replaces=True) for name in sorted(unseen)}}
