"""Values of the protocol ↔ plain Python.

Owns the wire form alone: structs, the marks of secrets and unknowns, numbers that are all doubles. Deliberately knows
no declared property (see ``conversion``), so that every other module can work with plain dicts and lists.

On the way in, marks of secrets are dropped: the provider asks the engine for plain values (``accept_secrets`` false),
and the engine puts the marks back by key. On the way out, ``Secret`` marks what the declaration calls a secret.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from google.protobuf import struct_pb2

from .declaration import UNKNOWN, Unknown

SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
"""Key that tells a marked value from an ordinary struct."""
SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"
OUTPUT: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
RESOURCE: Final = "5cf8f73096256a8f31e491e813e4eb8e"
UNKNOWN_TEXT: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""The id of an unknown string, which is what this side sends for an unknown value of any kind."""
UNKNOWN_TEXTS: Final = frozenset(
    {
        UNKNOWN_TEXT,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # bool
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # array
        "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # object
    }
)
"""The ids by which Pulumi sends an unknown value, one for each kind (sdk/go/common/resource/sig)."""


class DecodeError(ValueError):
    """A value of the wire that no property of a resource can hold, such as an asset."""


@dataclass(frozen=True)
class Secret:
    """Mark a value on its way out as a secret; never shows it."""

    value: Any

    def __repr__(self) -> str:
        return "<secret>"


def decode(struct: struct_pb2.Struct) -> dict[str, Any]:
    """Return a struct as a dict: integral doubles are ``int``, unknowns ``UNKNOWN``, secrets their plain value.

    Raises ``DecodeError`` naming the property.
    """
    return {key: _decode(value, key) for key, value in struct.fields.items()}


def encode(values: Mapping[str, Any]) -> struct_pb2.Struct:
    """Return a dict as a struct. Keys whose value is ``None`` are left out."""
    struct = struct_pb2.Struct()
    _fill(struct, values)
    return struct


def contains_unknown(value: Any) -> bool:
    """Tell whether a part of this value is only known in the real run."""
    if isinstance(value, Unknown):
        return True
    if isinstance(value, Secret):
        return contains_unknown(value.value)
    if isinstance(value, Mapping):
        return any(contains_unknown(item) for item in cast("Mapping[Any, Any]", value).values())
    if isinstance(value, list):
        return any(contains_unknown(item) for item in cast("list[Any]", value))
    return False


def _decode(value: struct_pb2.Value, path: str) -> Any:
    match value.WhichOneof("kind"):
        case "string_value":
            return UNKNOWN if value.string_value in UNKNOWN_TEXTS else value.string_value
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "bool_value":
            return value.bool_value
        case "list_value":
            return [_decode(item, f"{path}[{index}]") for index, item in enumerate(value.list_value.values)]
        case "struct_value":
            return _decode_struct(value.struct_value, path)
        case _:
            return None


def _decode_struct(struct: struct_pb2.Struct, path: str) -> Any:
    fields = struct.fields
    if SIGNATURE not in fields:
        return {key: _decode(value, f"{path}.{key}") for key, value in fields.items()}
    match fields[SIGNATURE].string_value:
        case str(kind) if kind == SECRET:
            return _decode(fields["value"], path)
        case str(kind) if kind == OUTPUT:
            return _decode(fields["value"], path) if "value" in fields else UNKNOWN
        case str(kind) if kind == RESOURCE:
            return _resource_id(fields, path)
        case _:
            raise DecodeError(f"{path}: assets and archives are not supported; give a plain value")


def _resource_id(fields: Mapping[str, struct_pb2.Value], path: str) -> Any:
    """Return a resource given where its id is meant."""
    resource_id = _decode(fields["id"], path) if "id" in fields else UNKNOWN
    return resource_id or UNKNOWN


def _fill(struct: struct_pb2.Struct, values: Mapping[str, Any]) -> None:
    for key, value in values.items():
        if value is not None:
            _set(struct.fields[key], value)


def _set(target: struct_pb2.Value, value: Any) -> None:
    match value:
        case None:
            target.null_value = struct_pb2.NULL_VALUE
        case Unknown():
            target.string_value = UNKNOWN_TEXT
        case Secret():
            _set(target.struct_value.fields[SIGNATURE], SECRET)
            _set(target.struct_value.fields["value"], value.value)
        case bool():
            target.bool_value = value
        case int() | float():
            target.number_value = value
        case str():
            target.string_value = value
        case Mapping():
            target.struct_value.SetInParent()
            _fill(target.struct_value, cast("Mapping[str, Any]", value))
        case list() | tuple():
            target.list_value.SetInParent()
            for item in cast("Iterable[Any]", value):
                _set(target.list_value.values.add(), item)
        case _:
            raise TypeError(f"cannot be sent to the engine: {type(value).__name__}")
