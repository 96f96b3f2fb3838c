"""Property values: plain Python inside the engine, protobuf structs on the wire.

Owns the three things that plain data cannot say (``Secret``, ``UNKNOWN``, resource references), the translation to and
from the wire, and comparison by property path. Does not know resources, providers or files.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, cast

from google.protobuf import struct_pb2

from pulumi_operations.events import Change

SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
"""The key by which Pulumi recognises a struct that stands for something else."""
SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"
_OUTPUT: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_ASSET: Final = "c44067f5952c0a294b673a41bacd8c17"
_REFERENCE: Final = "5cf8f73096256a8f31e491e813e4eb8e"
_ARCHIVE: Final = "0def7320c3a5731c473e5ecbe6d01bc7"
UNKNOWN_ON_THE_WIRE: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""The id of an unknown string, which is what this side sends for an unknown value of any kind."""
UNKNOWNS_ON_THE_WIRE: Final = frozenset(
    {
        UNKNOWN_ON_THE_WIRE,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # bool
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # array
        "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # object
    }
)
"""The ids by which Pulumi sends an unknown value, one for each kind (sdk/go/common/resource/sig)."""
_EXACT_INTEGERS: Final = 2.0**53

Properties = dict[str, Any]
PathPart = str | int


class Unknown(Enum):
    """The type of ``UNKNOWN``."""

    UNKNOWN = "unknown"

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown.UNKNOWN
"""A value that is known only after a real run; it occurs in previews."""


@dataclass(frozen=True, repr=False)
class Secret:
    """A value that is never shown: ``repr`` leaves it out."""

    value: Any

    def __repr__(self) -> str:
        return "Secret(...)"


def secret(value: Any) -> Secret:
    """Return ``value`` as a secret; a secret stays what it is."""
    return value if isinstance(value, Secret) else Secret(value)


def _from_value(value: struct_pb2.Value) -> Any:
    match value.WhichOneof("kind"):
        case "struct_value":
            return _from_signed(_from_fields(value.struct_value))
        case "list_value":
            return [_from_value(item) for item in value.list_value.values]
        case "number_value":
            number = value.number_value
            # A struct holds doubles only. An integral one becomes an int, so that it equals the program's.
            return int(number) if number.is_integer() and abs(number) < _EXACT_INTEGERS else number
        case "string_value":
            return UNKNOWN if value.string_value in UNKNOWNS_ON_THE_WIRE else value.string_value
        case "bool_value":
            return value.bool_value
        case _:
            return None


def _from_fields(struct: struct_pb2.Struct) -> Properties:
    # A map of the wire has no order of its own; sorted, the same state is the same file.
    return {key: _from_value(value) for key, value in sorted(struct.fields.items())}


def _from_signed(fields: Properties) -> Any:
    match fields.get(SIGNATURE):
        case kind if kind == SECRET:
            return secret(fields.get("value"))
        case kind if kind == _OUTPUT:
            value = fields.get("value", UNKNOWN)
            return secret(value) if fields.get("secret") else value
        case _:
            return fields


def from_struct(struct: struct_pb2.Struct) -> Properties:
    """Return a struct of the wire as Python, without null properties, which are the same as absent ones to Pulumi."""
    return {key: value for key, value in _from_fields(struct).items() if value is not None}


def _to_value(value: Any, *, secrets: bool) -> struct_pb2.Value:
    message = struct_pb2.Value()
    match value:
        case None:
            message.null_value = struct_pb2.NULL_VALUE
        case bool():
            message.bool_value = value
        case int() | float():
            message.number_value = value
        case str():
            message.string_value = value
        case Unknown():
            message.string_value = UNKNOWN_ON_THE_WIRE
        case Secret() if secrets:
            message.struct_value.CopyFrom(to_struct({SIGNATURE: SECRET, "value": value.value}))
        case Secret():
            message = _to_value(value.value, secrets=False)
        case list():
            message.list_value.values.extend(_to_value(item, secrets=secrets) for item in cast("list[Any]", value))
            message.list_value.SetInParent()  # an empty one is a value too
        case dict():
            message.struct_value.CopyFrom(to_struct(cast("Properties", value), secrets=secrets))
            message.struct_value.SetInParent()
        case _:
            raise TypeError(f"a {type(value).__name__} cannot be a property value")
    return message


def to_struct(properties: Mapping[str, Any], *, secrets: bool = True) -> struct_pb2.Struct:
    """Return Python as a struct of the wire; with ``secrets=False`` without marks and with plain values."""
    return struct_pb2.Struct(fields={key: _to_value(value, secrets=secrets) for key, value in properties.items()})


def as_object(value: Any) -> Properties:
    """Return a value that is an object; an empty one for anything else."""
    return cast("Properties", value) if isinstance(value, dict) else {}


def each_inside(value: Any, change: Callable[[Any], Any]) -> Any:
    """Return an object or a list with each value in it changed; anything else as it is."""
    match value:
        case dict():
            return {key: change(item) for key, item in cast("Properties", value).items()}
        case list():
            return [change(item) for item in cast("list[Any]", value)]
        case _:
            return value


def plain(value: Any) -> Any:
    """Return the value without secret marks at any depth: for comparison, never for show."""
    return plain(value.value) if isinstance(value, Secret) else each_inside(value, plain)


def _any(value: Any, holds: Callable[[Any], bool]) -> bool:
    if holds(value):
        return True
    match value:
        case Secret():
            return _any(value.value, holds)
        case dict():
            return any(_any(item, holds) for item in cast("Properties", value).values())
        case list():
            return any(_any(item, holds) for item in cast("list[Any]", value))
        case _:
            return False


def contains_unknown(value: Any) -> bool:
    """Tell whether anything inside is ``UNKNOWN``."""
    return _any(value, lambda item: item is UNKNOWN)


def known_outputs(outputs: Mapping[str, Any], old: Mapping[str, Any]) -> Properties:
    """Return each output of a stack that is known, and the old one in the place of one that is not.

    Where all else is done, what is unknown comes from resources that the targets left out.
    """
    merged = {key: old.get(key) if contains_unknown(value) else value for key, value in outputs.items()}
    return {key: value for key, value in merged.items() if value is not None}


def contains_secret(value: Any) -> bool:
    """Tell whether anything inside is a ``Secret``."""
    return _any(value, lambda item: isinstance(item, Secret))


def contains_file(value: Any) -> bool:
    """Tell whether anything inside is a file asset or an archive, which this engine does not hash or ship."""

    def is_file(item: Any) -> bool:
        fields = as_object(item)
        return fields.get(SIGNATURE) == _ARCHIVE or (fields.get(SIGNATURE) == _ASSET and "text" not in fields)

    return _any(value, is_file)


def references_to_ids(value: Any) -> Any:
    """Return the value with every reference to a resource replaced by its id, for plugins that take no references."""
    if isinstance(value, Secret):
        return Secret(references_to_ids(value.value))
    fields = as_object(value)
    if fields.get(SIGNATURE) == _REFERENCE:
        return (fields["id"] or UNKNOWN) if "id" in fields else fields.get("urn")
    return each_inside(value, references_to_ids)


def mark_named(properties: Properties, names: Collection[str]) -> Properties:
    """Return the properties, those of these names secret."""
    return {key: secret(value) if key in names else value for key, value in properties.items()}


def mark_like(outputs: Properties, inputs: Mapping[str, Any]) -> Properties:
    """Put back the secret marks of ``inputs`` on the same-named ``outputs``, as Pulumi does for plugins that take none.

    Objects are marked field by field; a list with one secret element becomes secret as a whole.
    """
    marked = dict(outputs)
    for key, input_value in inputs.items():
        output = marked.get(key)
        if isinstance(output, dict) and isinstance(input_value, dict):
            marked[key] = mark_like(cast("Properties", output), cast("Properties", input_value))
        elif key in marked and contains_secret(input_value):
            marked[key] = secret(output)
    return marked


_PATH_PART: Final = re.compile(r'\.?([^.\[\]"]+)|\.?\["((?:[^"\\]|\\.)*)"\]|\[(\d+|\*)\]')


def parse_path(path: str) -> tuple[PathPart, ...]:
    """Return a property path of Pulumi (``a.b[0]["c.d"]``, ``*`` for any) as its parts."""
    parts: list[PathPart] = []
    for name, quoted, index in _PATH_PART.findall(path):
        if index:
            parts.append(int(index) if index.isdigit() else index)
        else:
            parts.append(name or quoted.replace('\\"', '"'))
    return tuple(parts)


def _child_path(path: str, key: PathPart) -> str:
    if isinstance(key, int):
        return f"{path}[{key}]"
    if re.fullmatch(r"[^.\[\]\"]+", key):
        return f"{path}.{key}" if path else key
    escaped = key.replace('"', '\\"')
    return f'{path}["{escaped}"]'


def covers(pattern: Iterable[PathPart], path: tuple[PathPart, ...]) -> bool:
    """Tell whether ``path`` is ``pattern`` or lies below it; a shorter path is not covered."""
    parts = tuple(pattern)
    return len(path) >= len(parts) and all(part in ("*", key) for part, key in zip(parts, path, strict=False))


def keep_old(new: Any, old: Any, path: tuple[PathPart, ...]) -> Any:
    """Return ``new`` with the value at ``path`` taken from ``old``, as ``ignoreChanges`` asks for.

    What comes from inside an old secret stays secret.
    """
    if not path:
        return old
    if isinstance(new, Secret):
        return Secret(keep_old(new.value, plain(old), path))
    if isinstance(old, Secret):
        old = each_inside(plain(old), secret)
    key, rest = path[0], path[1:]
    if isinstance(new, dict) and (isinstance(old, dict) or (key != "*" and not rest)):
        return _keep_old_field(cast("Properties", new), as_object(old), str(key), rest)
    if isinstance(new, list) and isinstance(old, list):
        return _keep_old_items(cast("list[Any]", new), cast("list[Any]", old), key, rest)
    return cast("Any", new)


def _keep_old_items(new: list[Any], old: list[Any], key: PathPart, rest: tuple[PathPart, ...]) -> list[Any]:
    merged = list(new)
    for index in range(min(len(new), len(old))):
        if key in ("*", index):
            merged[index] = keep_old(new[index], old[index], rest)
    return merged


def _keep_old_field(new: Properties, old: Properties, key: str, rest: tuple[PathPart, ...]) -> Properties:
    merged = dict(new)
    for name in sorted({*new, *old}) if key == "*" else [key]:
        if name in old and (name in new or not rest):
            merged[name] = keep_old(new.get(name), old[name], rest)
        elif name not in old and not rest:
            merged.pop(name, None)
        elif name not in old and name in new and key != "*":
            merged[name] = keep_old(new[name], None, rest)
    return merged


def differences(old: Any, new: Any, path: str = "") -> dict[str, Change]:
    """Return the paths at which ``new`` differs from ``old``, but for secret marks; unknown values differ from all."""
    old = old.value if isinstance(old, Secret) else old
    new = new.value if isinstance(new, Secret) else new
    if isinstance(old, dict) and isinstance(new, dict):
        before, after = cast("dict[PathPart, Any]", old), cast("dict[PathPart, Any]", new)
    elif isinstance(old, list) and isinstance(new, list):
        before = cast("dict[PathPart, Any]", dict(enumerate(cast("list[Any]", old))))
        after = cast("dict[PathPart, Any]", dict(enumerate(cast("list[Any]", new))))
    else:
        return {} if plain(old) == plain(new) and new is not UNKNOWN else {path: Change.UPDATE}
    changes: dict[str, Change] = {}
    for key in [*before, *(key for key in after if key not in before)]:
        at = _child_path(path, key)
        if key not in after:
            changes[at] = Change.DELETE
        elif key not in before:
            changes[at] = Change.ADD
        else:
            changes |= differences(before[key], after[key], at)
    return changes
