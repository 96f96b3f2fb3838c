"""Properties of a declared class, read once: names, types, defaults and marks of the properties of a class.

Owns the reading of dataclasses and ``Annotated`` marks; every derived thing (schema, checks, diffs, the SDK) starts
from ``fields_of``. A declaration that the kernel cannot serve is refused here, when the provider starts.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Union, cast, get_args, get_origin, get_type_hints

from .declaration import Inputs, Nested, Property
from .naming import camel_case, is_convertible

_RESERVED: Final = ("id", "urn", "opts")


@dataclass(frozen=True)
class Scalar:
    """``str``, ``int``, ``float`` or ``bool``."""

    python: type[str | int | float | bool]


@dataclass(frozen=True)
class Choice:
    """One of a closed set of strings."""

    enum: type[StrEnum]


@dataclass(frozen=True)
class ListOf:
    """A list of one type."""

    item: ValueType


@dataclass(frozen=True)
class MapOf:
    """A map from keys of the user's choice to one type."""

    item: ValueType


@dataclass(frozen=True)
class Group:
    """A nested group of properties."""

    nested: type[Nested]

    @property
    def fields(self) -> tuple[Field, ...]:
        """Return the properties of the group."""
        return fields_of(self.nested)


ValueType = Scalar | Choice | ListOf | MapOf | Group


@dataclass(frozen=True)
class Field:
    """One property as declared."""

    name: str
    """In Python: snake_case."""
    wire_name: str
    """For users and the engine: camelCase."""
    type: ValueType
    mark: Property
    required: bool
    """Must be given: no default and not optional."""
    default: Any
    """Value of an absent input; ``None``: stays unset. Never mutated."""


@cache
def fields_of(declared: type[Inputs | Nested]) -> tuple[Field, ...]:
    """Return the properties of a declared class, in their order. Raises ``TypeError`` for a wrong declaration."""
    hints = get_type_hints(declared, include_extras=True)
    return tuple(_read(declared, field, hints[field.name]) for field in dataclasses.fields(declared))


def output_fields(inputs: type[Inputs], state: type[Inputs]) -> tuple[Field, ...]:
    """Return the properties that only the state has."""
    input_names = {field.name for field in fields_of(inputs)}
    return tuple(field for field in fields_of(state) if field.name not in input_names)


def _read(declared: type, field: dataclasses.Field[Any], hint: Any) -> Field:
    qualified_name = f"{declared.__qualname__}.{field.name}"
    marks = [mark for mark in getattr(hint, "__metadata__", ()) if isinstance(mark, Property)]
    if get_origin(hint) is not Annotated or len(marks) != 1:
        raise TypeError(f'{qualified_name} must be declared as Annotated[<type>, Property("…")]')
    if not is_convertible(field.name):
        raise TypeError(f"{qualified_name}: the name has no camelCase form that leads back to it")
    if field.name in _RESERVED and issubclass(declared, Inputs):
        raise TypeError(f"{qualified_name}: every resource has an {field.name} already; choose another name")
    inner, optional = _without_none(get_args(hint)[0])
    default, has_default = _default(field)
    return Field(
        name=field.name,
        wire_name=camel_case(field.name),
        type=_value_type(inner, qualified_name),
        mark=marks[0],
        required=not (optional or has_default),
        default=default,
    )


def _default(field: dataclasses.Field[Any]) -> tuple[Any, bool]:
    if field.default is not dataclasses.MISSING:
        return field.default, True
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory(), True
    return None, False


def _without_none(hint: Any) -> tuple[Any, bool]:
    if get_origin(hint) not in {Union, UnionType}:
        return hint, False
    members = [member for member in get_args(hint) if member is not NoneType]
    return (members[0] if len(members) == 1 else hint), len(members) < len(get_args(hint))


def _value_type(hint: Any, qualified_name: str) -> ValueType:
    origin, arguments = get_origin(hint), get_args(hint)
    if hint in {str, int, float, bool}:
        return Scalar(hint)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return Choice(hint)
    if isinstance(hint, type) and issubclass(hint, Nested) and dataclasses.is_dataclass(hint):
        return Group(hint)
    if origin in {list, Sequence} and len(arguments) == 1:
        return ListOf(_value_type(arguments[0], qualified_name))
    if origin in {dict, Mapping} and len(arguments) == 2 and arguments[0] is str:
        return MapOf(_value_type(arguments[1], qualified_name))
    raise TypeError(f"{qualified_name}: {cast('object', hint)} is no type of a property (see the module declaration)")
