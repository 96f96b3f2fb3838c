"""Holds an answer against the type that its document is declared with, all the way down.

Railway's schema promises these types; a proxy, a defect at Railway or a schema that changed may break the promise, and
whoever builds on such an answer fails somewhere else, with words that help nobody. Of Railway's open scalars (the
configuration, ``meta``) only what is an object and what is none is looked at. New values of an enum are no mistake.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from functools import cache, cached_property
from types import ModuleType, NoneType, UnionType
from typing import (
    Any,
    Final,
    Literal,
    NotRequired,
    TypedDict,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from railway_api.json_objects import is_list, is_object
from railway_api.operation import Document, Operation

DEEPEST: Final = 60
"""Deepest nesting of an answer; Railway's own stay below twenty."""
_ROOT: Final = "railway_api"
_POLL: Final = "environmentProgress"


class _WithMeta(TypedDict):
    id: str
    meta: object


def mismatch(operation: Operation[Any] | str, value: object) -> str | None:
    """Say where an answer is not what was promised: that of an operation, or to a document of this name.

    None when it is, and for an operation that is not declared among the documents.
    """
    if _too_deep(value):
        return f"nested more than {DEEPEST} levels deep"
    if isinstance(operation, Operation):
        return _described(_check(id(operation)), value, operation.field)
    check = (_check(f"{operation} with project") if _has_project(value) else None) or _check(operation)
    return _described(check, value) or (_numbered_mismatch(value) if operation == _POLL else None)


def _described(check: Check | None, value: object, path: str = "") -> str | None:
    """Say in words what a check finds."""
    difference = check(value) if check is not None else None
    return None if difference is None else f"{f'{path}{difference[0]}'.removeprefix('.')} is {difference[1]}"


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
        if text := _described(numbered.get(key.partition("_")[0]), each, key):
            return text
    return None


@cache
def _numbered() -> Mapping[str, Check]:
    answers = _module("answers")
    types = {"domains": answers["AllDomains"], "deployment": _WithMeta, "workflow": answers["WorkflowResult"]}
    return {name: _check_of(expected, {}, lenient=False) for name, expected in types.items()}


def _module(name: str) -> dict[str, object]:
    return {**vars(importlib.import_module(f"{_ROOT}.{name}"))}


@cache
def _namespace() -> dict[str, object]:
    """Return the names that annotations of documents and of answers are written with."""
    known: dict[str, object] = {}
    for name in ("scalars", "relay", "answers", "operation"):
        known |= _module(name)
    return {**known, "Json": object, "Mapping": Mapping}


@cache
def _declared() -> Mapping[int | str, object]:
    """Return the type of each answer: by the id of its operation, or by the name of its document."""
    types: dict[int | str, object] = {}
    documents = importlib.import_module(f"{_ROOT}.documents")
    for module in documents.modules():
        declared = dict(documents.declared_in(module))
        annotated = ModuleType(module.__name__)
        annotated.__annotations__ = {name: module.__annotations__[name] for name in declared}
        for name, hint in get_type_hints(annotated, {**vars(module), **_namespace()}).items():
            item = declared[name]
            types[item.name if isinstance(item, Document) else id(item)] = get_args(hint)[0]
    answers = _module("answers")
    # The poll is made anew for what is waited for: with or without the whole environment.
    types[f"{_POLL} with project"] = answers["EnvironmentSnapshot"]
    return types


@cache
def _fields(shape: type) -> Mapping[str, tuple[object, bool]]:
    """Return the type of each field, and whether it may be missing."""
    hints = get_type_hints(shape, _namespace(), include_extras=True)
    optional = {name for name, hint in hints.items() if get_origin(hint) is NotRequired}
    return {name: (get_args(hint)[0] if name in optional else hint, name in optional) for name, hint in hints.items()}


Mismatch = tuple[str, str]
"""The place below, such as ``.edges.node``, and what is there instead."""
Check = Callable[[object], Mismatch | None]
Bound = Mapping[object, object]
"""Types that the type variables of a generic class stand for."""


@cache
def _check(key: int | str) -> Check | None:
    """Return the check of an answer: by the id of its operation, or by the name of its document."""
    expected = _declared().get(key)
    return None if expected is None else _check_of(expected, {}, lenient=False)


def _check_of(expected: object, bound: Bound, *, lenient: bool) -> Check:
    """Return what says what is wrong with a value; ``lenient`` where only objects are told from other values."""
    if isinstance(expected, TypeVar):
        expected = bound.get(expected, object)
    origin = get_origin(expected) or expected
    if origin in (Union, UnionType):
        members = get_args(expected)
        checks = [_check_of(each, bound, lenient=lenient) for each in members if each is not NoneType]
        return _check_of_union(checks, nullable=NoneType in members)
    if is_typeddict(origin):
        return _ObjectCheck(expected, bound, lenient=lenient)
    if origin is list:
        return _check_of_list(_check_of(get_args(expected)[0], bound, lenient=lenient), lenient=lenient)
    if origin is dict:
        return _check_of_dictionary(_check_of(get_args(expected)[1], bound, lenient=lenient))
    return _anything if lenient else _check_of_scalar(origin)


def _check_of_union(checks: Sequence[Check], *, nullable: bool) -> Check:
    def check(value: object) -> Mismatch | None:
        if value is None and nullable:
            return None
        mismatches = [each(value) for each in checks]
        return None if None in mismatches else mismatches[0]

    return check


def _check_of_list(inner: Check, *, lenient: bool) -> Check:
    def check(value: object) -> Mismatch | None:
        if not is_list(value):
            return None if lenient else ("", kind_of(value))
        return next((mismatch for each in value if (mismatch := inner(each))), None)

    return check


def _check_of_dictionary(inner: Check) -> Check:
    def check(value: object) -> Mismatch | None:
        if not is_object(value):
            return "", kind_of(value)
        mismatches = ((key, inner(each)) for key, each in value.items())
        return next(((f".{key}{mismatch[0]}", mismatch[1]) for key, mismatch in mismatches if mismatch), None)

    return check


def _check_of_scalar(expected: object) -> Check:
    def check(value: object) -> Mismatch | None:
        return None if _is_scalar(value, expected) else ("", kind_of(value))

    return check


def _anything(_value: object) -> Mismatch | None:
    return None


class _ObjectCheck:
    """Say what is wrong with an object. Its fields are looked at with the first one: a type may hold itself."""

    def __init__(self, expected: object, bound: Bound, *, lenient: bool) -> None:
        shape = get_origin(expected) or expected
        assert isinstance(shape, type)
        arguments = tuple(bound.get(each, each) for each in get_args(expected))
        parameters: tuple[object, ...] = getattr(shape, "__parameters__", ())
        self._shape = shape
        self._bound: Bound = dict(zip(parameters, arguments, strict=False))
        self._lenient = lenient or shape.__module__ == f"{_ROOT}.scalars"

    @cached_property
    def _checks(self) -> Sequence[tuple[str, Check, bool]]:
        """Return name and check of each field, and whether it has to be there."""
        return [
            (name, _check_of(hint, self._bound, lenient=self._lenient), not (optional or self._lenient))
            for name, (hint, optional) in _fields(self._shape).items()
        ]

    def __call__(self, value: object) -> Mismatch | None:
        """Return the first thing that is wrong."""
        if not is_object(value):
            return "", kind_of(value)
        for name, check, required in self._checks:
            if name not in value:
                if required:
                    return f".{name}", "missing"
            elif mismatch := check(value[name]):
                return f".{name}{mismatch[0]}", mismatch[1]
        return None


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


def kind_of(value: object) -> str:
    """Say what a JSON value is, without its contents: they may be secret."""
    kinds: dict[type, str] = {
        dict: "an object",
        list: "a list",
        str: "text" if value else "empty",
        bool: "true or false",
    }
    return "null" if value is None else kinds.get(type(value), "a number")
