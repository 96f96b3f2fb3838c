"""Declared properties ↔ decoded values: renames, nests and defaults, without validation.

Three forms of the same thing: *wire* (camelCase keys, plain values), *named* (snake_case keys, nested dicts) and
*typed* (the declared dataclass). Lenient towards old states: what an earlier version did not write is ``None`` or the
default, what this version does not know any more is dropped. Validation is the work of ``checking``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass
from typing import Any, TypeVar, cast

from .declaration import Inputs, Nested, Unknown
from .properties import Choice, Field, Group, ListOf, MapOf, Scalar, ValueType, fields_of
from .values import Secret

DeclaredT = TypeVar("DeclaredT", bound=Inputs | Nested)


def named(fields: Sequence[Field], wire: Mapping[str, Any]) -> dict[str, Any]:
    """Return wire → named: every declared property has its key; what is not set becomes its default, or ``None``."""
    values = {field.name: (_named_value(field.type, wire.get(field.wire_name)), field.default) for field in fields}
    return {name: default if value is None else value for name, (value, default) in values.items()}


def typed(declared: type[DeclaredT], values: Mapping[str, Any]) -> DeclaredT:
    """Return named → typed. A required property that is missing becomes ``None``: old states must not be fatal."""
    arguments = {field.name: _typed_value(field.type, values.get(field.name)) for field in fields_of(declared)}
    return declared(**arguments)


def wire(
    fields: Sequence[Field],
    values: Mapping[str, Any] | Inputs | Nested,
    *,
    mark_secrets: bool,
    imported: bool = False,
) -> dict[str, Any]:
    """Return named or typed properties in wire form, without unset ones.

    With ``mark_secrets`` each declared secret is a ``Secret``; with ``imported`` as well each property in which only a
    program says what is secret.
    """
    result: dict[str, Any] = {}
    for field in fields:
        value = get(values, field.name)
        if value is None:
            continue
        encoded = _wire_value(field.type, value, mark_secrets=mark_secrets)
        secret = field.mark.secret or (imported and field.mark.secret_when_imported)
        result[field.wire_name] = Secret(encoded) if mark_secrets and secret else encoded
    return result


def get(values: Mapping[str, Any] | Inputs | Nested, name: str) -> Any:
    """Return a property by its Python name, from the named or the typed form."""
    return values.get(name) if isinstance(values, Mapping) else getattr(values, name, None)


def secret_texts(fields: Sequence[Field], values: Mapping[str, Any]) -> set[str]:
    """Return every string that is declared a secret (named form), so that texts can be cleared of them."""
    texts: set[str] = set()
    for field in fields:
        value = values.get(field.name)
        texts |= _texts(value) if field.mark.secret else _secret_texts_in(field.type, value)
    return texts


def _secret_texts_in(type: ValueType, value: Any) -> set[str]:
    """Return the secret strings of the groups in a value, which may be in lists and maps."""
    match type, value:
        case Group(), Mapping():
            return secret_texts(type.fields, cast("Mapping[str, Any]", value))
        case ListOf(), list():
            items = cast("list[Any]", value)
        case MapOf(), Mapping():
            items = list(cast("Mapping[str, Any]", value).values())
        case _:
            return set()
    return {text for item in items for text in _secret_texts_in(type.item, item)}


def _texts(value: Any) -> set[str]:
    if isinstance(value, str):
        return {value} if value else set()
    if isinstance(value, Mapping):
        return {text for item in cast("Mapping[Any, Any]", value).values() for text in _texts(item)}
    if isinstance(value, list):
        return {text for item in cast("list[Any]", value) for text in _texts(item)}
    return set()


def _named_value(type: ValueType, value: Any) -> Any:
    match type, value:
        case Group(), Mapping():
            return named(type.fields, cast("Mapping[str, Any]", value))
        case ListOf(), list():
            return [_named_value(type.item, item) for item in cast("list[Any]", value)]
        case MapOf(), Mapping():
            items = {key: item for key, item in cast("Mapping[str, Any]", value).items() if item is not None}
            return {key: _named_value(type.item, item) for key, item in items.items()}
        case Choice(), str():
            return next((member for member in type.enum if member == value), value)
        case Scalar(python=python), int() if python is float and not isinstance(value, bool):
            return float(value)
        case _:
            return value


def _typed_value(type: ValueType, value: Any) -> Any:
    match type, value:
        case Group(), Mapping():
            return typed(type.nested, cast("Mapping[str, Any]", value))
        case ListOf(), list():
            return [_typed_value(type.item, item) for item in cast("list[Any]", value)]
        case MapOf(), Mapping():
            return {key: _typed_value(type.item, item) for key, item in cast("Mapping[str, Any]", value).items()}
        case _:
            return value


def _wire_value(type: ValueType, value: Any, *, mark_secrets: bool) -> Any:
    if isinstance(value, Unknown):
        return value
    match type:
        case Group() if isinstance(value, Mapping) or is_dataclass(value):
            return wire(type.fields, cast("Any", value), mark_secrets=mark_secrets)
        case ListOf() if isinstance(value, list | tuple):
            items = cast("Sequence[Any]", value)
            return [_wire_value(type.item, item, mark_secrets=mark_secrets) for item in items]
        case MapOf() if isinstance(value, Mapping):
            entries = cast("Mapping[str, Any]", value)
            return {key: _wire_value(type.item, item, mark_secrets=mark_secrets) for key, item in entries.items()}
        case _:
            return value
