"""The check of what a component is connected to: its project, zones, services, and groups of settings, by their types.

The models of the settings validate values. Arguments that they do not have, such as a list of services, are validated
here by their declared types, so that errors of a program without a type checker are reported, too.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from types import UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import pulumi

from components.checking import Inputs, refuse
from components.problems import Problem

ArgsT = TypeVar("ArgsT", bound=Inputs)


def wired(label: str, args: ArgsT, kind: type[ArgsT]) -> ArgsT:
    """Return ``args``, the arguments of the component ``label``, once they are of ``kind`` and hold what it declares.

    Raises ``pulumi.RunError`` that lists the arguments of another type.
    """
    any_args: Any = args
    if not isinstance(any_args, kind):
        raise pulumi.RunError(
            f"{label} needs {kind.__name__}(…), and {_kind_of(any_args)} was given: write {kind.__name__}"
        )
    refuse(label, list(_wrong(any_args, _hints(type(any_args)))))
    return any_args


def _wrong(args: Inputs, hints: Mapping[str, Any]) -> Iterator[Problem]:
    settings = {name for base in type(args).__mro__ if base.__name__.endswith("Inputs") for name in _declared(base)}
    for name, value in ((field.name, getattr(args, field.name)) for field in dataclasses.fields(args)):
        hint = hints[name]
        group = next((each for each in _parts(hint) if isinstance(each, type) and issubclass(each, Inputs)), None)
        if name not in settings and not _fits(value, hint):
            yield Problem((name,), None, f"{_written(hint)}, and not {_kind_of(value)}", _fix(value, hint))
        elif name in settings and group and any(isinstance(each, Mapping) for each in _each(value)):
            yield Problem((name,), None, f"{group.__name__}(…), and not a dictionary", f"write {group.__name__}(…)")


def _fits(value: Any, hint: Any) -> bool:
    """Tell whether a value is of a declared type; the value of an Output is not known here."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return any(_fits(value, each) for each in inner)
    if origin is type:
        return isinstance(value, type) and issubclass(value, inner[0])
    if origin is Sequence:
        return isinstance(value, list | tuple) and all(_fits(each, inner[0]) for each in cast("Sequence[Any]", value))
    if isinstance(value, pulumi.Output):
        return origin is pulumi.Output
    if inspect.isawaitable(value):
        return True
    return isinstance(value, origin or hint)


def _fix(value: Any, hint: Any) -> str:
    database = next((each for each in _each(value) if hasattr(each, "service")), None)
    if database is not None:
        return f"give the service of {type(database).__name__}, its attribute service"
    is_list = get_origin(hint) is Sequence
    return "write it in brackets, […]" if is_list and value is not None and _each(value) == [value] else "give one"


def _each(value: Any) -> list[Any]:
    return [*cast("Sequence[Any]", value)] if isinstance(value, list | tuple) else [value]


def _declared(kind: type) -> Iterable[str]:
    return vars(kind).get("__annotations__", ())


def _parts(hint: Any) -> Iterator[Any]:
    yield hint
    for each in get_args(hint):
        yield from _parts(each)


def _written(hint: Any) -> str:
    """Return a type as messages name it: "Project or ExistingProject", "a list of Service"."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        plain = [each for each in inner if get_origin(each) is None or get_origin(each) in (type,)]
        return " or ".join("None" if each is type(None) else each.__name__ for each in plain)
    if origin is type:
        return f"a class of {inner[0].__name__}"
    return f"a list of {_written(inner[0])}" if inner else hint.__name__


def _kind_of(value: Any) -> str:
    first = next(iter(_each(value)), None)
    if value is None:
        return "None"
    return type(value).__name__ if first is value else f"a list of {type(first).__name__}"


@cache
def _hints(kind: type[Inputs]) -> Mapping[str, Any]:
    # pulumi.Input names its parts by words that only Pulumi's own module knows.
    return get_type_hints(kind, localns={"Output": pulumi.Output, "T": Any})
