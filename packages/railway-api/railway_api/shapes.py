"""Holds an answer against the type that its document is declared with, all the way down.

Railway's schema promises these types; a proxy, a defect at Railway or a schema that changed may break the promise, and
whoever builds on such an answer fails somewhere else, with words that help nobody. Of Railway's open scalars (the
configuration, ``meta``) only what is an object and what is none is looked at. New values of an enum are no mistake.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from functools import cache
from types import ModuleType, NoneType, UnionType
from typing import (
    Any,
    Final,
    Literal,
    NotRequired,
    TypedDict,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from railway_api.json_objects import is_list, is_object
from railway_api.operation import Document, Operation

DEEPEST: Final = 60
"""How deep an answer may be nested; Railway's own stay below twenty."""
_ROOT: Final = "railway_api"
_POLL: Final = "environmentProgress"


class _WithMeta(TypedDict):
    id: str
    meta: object


def mismatch(answered: Operation[Any] | str, value: object) -> str | None:
    """Say where an answer is not what was promised: that of an operation, or to a document of this name.

    None when it is, and for an operation that is not declared among the documents.
    """
    if _too_deep(value):
        return f"nested more than {DEEPEST} levels deep"
    if isinstance(answered, Operation):
        expected = _declared().get(id(answered))
    else:
        with_project = _declared().get(f"{answered} with project") if _has_project(value) else None
        expected = with_project or _declared().get(answered)
    if expected is None:
        return None
    wrong = _mismatch(value, expected, answered.field if isinstance(answered, Operation) else "", {}, lenient=False)
    return wrong or (_numbered_mismatch(value) if answered == _POLL else None)


def _has_project(value: object) -> bool:
    return is_object(value) and "project" in value


def _too_deep(value: object) -> bool:
    level = [value]
    for _ in range(DEEPEST):
        level = [
            inner
            for each in level
            for inner in (each.values() if is_object(each) else each if is_list(each) else ())
            if is_object(inner) or is_list(inner)
        ]
        if not level:
            return False
    return True


def _numbered_mismatch(value: object) -> str | None:
    """Look at what a poll has beside its fixed fields: ``domains_0``, ``deployment_0``, ``workflow``."""
    numbered = _numbered()
    for key, each in value.items() if is_object(value) else ():
        expected = numbered.get(key.partition("_")[0])
        if expected is not None and (wrong := _mismatch(each, expected, key, {}, lenient=False)):
            return wrong
    return None


@cache
def _numbered() -> Mapping[str, object]:
    answers = _module("answers")
    return {"domains": answers["AllDomains"], "deployment": _WithMeta, "workflow": answers["WorkflowResult"]}


def _module(name: str) -> dict[str, object]:
    return {**vars(importlib.import_module(f"{_ROOT}.{name}"))}


@cache
def _namespace() -> dict[str, object]:
    """Return the names that annotations of documents and of answers are written with."""
    known: dict[str, object] = {}
    for name in ("scalars", "connections", "answers", "operation"):
        known |= _module(name)
    return {**known, "Json": object, "Mapping": Mapping}


@cache
def _declared() -> Mapping[int | str, object]:
    """Return the type of each answer: by the id of its operation, or by the name of its document."""
    found: dict[int | str, object] = {}
    package = importlib.import_module(f"{_ROOT}.documents")
    for info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        wanted = ModuleType(info.name)
        wanted.__annotations__ = {
            name: text
            for name, text in vars(module).get("__annotations__", {}).items()
            if isinstance(getattr(module, name, None), Operation | Document)
        }
        for name, hint in get_type_hints(wanted, {**vars(module), **_namespace()}).items():
            declared = getattr(module, name)
            if isinstance(declared, Operation):
                found[id(cast("object", declared))] = get_args(hint)[0]
            else:
                found[declared.name] = get_args(hint)[0]
    answers = _module("answers")
    # The poll is made anew for what is waited for: with or without the whole environment.
    found[_POLL] = answers["EnvironmentProgress"]
    found[f"{_POLL} with project"] = answers["EnvironmentSnapshot"]
    return found


@cache
def _fields(shape: type) -> Mapping[str, tuple[object, bool]]:
    """Return the type of each field, and whether it may be missing."""
    hints = get_type_hints(shape, _namespace(), include_extras=True)
    optional = {name for name, hint in hints.items() if get_origin(hint) is NotRequired}
    return {name: (get_args(hint)[0] if name in optional else hint, name in optional) for name, hint in hints.items()}


Bound = Mapping[object, object]
"""What the variables of a generic type stand for."""


def _mismatch(  # noqa: PLR0911  (one way out for each kind of type)
    value: object, expected: object, place: str, bound: Bound, *, lenient: bool
) -> str | None:
    """Say what is wrong at or below a place; ``lenient`` where only objects are told from other values."""
    if isinstance(expected, TypeVar):
        expected = bound.get(expected, object)
    origin = get_origin(expected) or expected
    if origin in (Union, UnionType):
        return _of_union(value, get_args(expected), place, bound, lenient=lenient)
    if is_typeddict(origin):
        return _of_object(value, expected, place, bound, lenient=lenient)
    if origin is list:
        (inner,) = get_args(expected)
        if not is_list(value):
            return None if lenient else _wrong(place, value)
        return _first(_mismatch(each, inner, place, bound, lenient=lenient) for each in value)
    if origin is dict:
        inner = get_args(expected)[1]
        if not is_object(value):
            return _wrong(place, value)
        return _first(_mismatch(each, inner, f"{place}.{key}", bound, lenient=lenient) for key, each in value.items())
    return None if lenient or _is_scalar(value, origin) else _wrong(place, value)


def _of_union(value: object, members: tuple[object, ...], place: str, bound: Bound, *, lenient: bool) -> str | None:
    if value is None and NoneType in members:
        return None
    found = [_mismatch(value, each, place, bound, lenient=lenient) for each in members if each is not NoneType]
    return None if None in found else found[0]


def _of_object(value: object, expected: object, place: str, bound: Bound, *, lenient: bool) -> str | None:
    shape = get_origin(expected) or expected
    assert isinstance(shape, type)
    if not is_object(value):
        return _wrong(place, value)
    arguments = tuple(bound.get(each, each) for each in get_args(expected))
    parameters: tuple[object, ...] = getattr(shape, "__parameters__", ())
    inner: dict[object, object] = dict(zip(parameters, arguments, strict=False))
    lenient = lenient or shape.__module__ == f"{_ROOT}.scalars"
    for name, (hint, optional) in _fields(shape).items():
        where = f"{place}.{name}" if place else name
        if name not in value:
            if not optional and not lenient:
                return f"{where} is missing"
            continue
        if wrong := _mismatch(value[name], hint, where, inner, lenient=lenient):
            return wrong
    return None


def _first(found: Iterable[str | None]) -> str | None:
    return next((each for each in found if each), None)


def _is_scalar(value: object, expected: object) -> bool:
    if expected in (object, None) or isinstance(expected, str):
        return True
    if expected is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if expected is int:
        return (isinstance(value, int) or (isinstance(value, float) and value.is_integer())) and not isinstance(
            value, bool
        )
    if expected is Literal:
        return isinstance(value, str)
    return not isinstance(expected, type) or isinstance(value, expected)


def _wrong(place: str, value: object) -> str:
    return f"{place} is {kind_of(value)}"


def kind_of(value: object) -> str:
    """Say what a JSON value is, without its contents: they may be secret."""
    kinds: dict[type, str] = {
        dict: "an object",
        list: "a list",
        str: "text" if value else "empty",
        bool: "true or false",
    }
    return "null" if value is None else kinds.get(type(value), "a number")
