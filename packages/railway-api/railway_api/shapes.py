"""Compares an answer with the type that its document is declared with, all the way down.

Railway's schema promises these types; a proxy, a defect at Railway or a schema that changed may break the promise, and
what builds on such an answer fails somewhere else, with a misleading error. In Railway's open scalars (the
configuration, ``meta``) objects are only told from other values. New values of an enum are accepted.
"""

# ruff: noqa: PLC0415 the types of all answers are loaded with the first answer, not with the client

from __future__ import annotations

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

from railway_api import operation as operations
from railway_api import relay, scalars
from railway_api.json_objects import is_list, is_object
from railway_api.operation import Document, Operation

DEEPEST: Final = 60
"""Deepest nesting of an answer; Railway's own stay below twenty."""
_POLL: Final = "environmentProgress"
_READ: Final = "environmentSnapshot"


class _WithMeta(TypedDict):
    id: str
    meta: object


def mismatch(operation: Operation[Any], value: object) -> str | None:
    """Say where an answer to an operation is not what was promised.

    None when it is, and for an operation that is not declared among the documents.
    """
    return _too_deep(value) or _described(_check(id(operation)), value, operation.field)


def document_mismatch(name: str, value: Mapping[str, object]) -> str | None:
    """Say where an answer to the document of this name is not what was promised; None when it is."""
    # A poll that asks for the whole environment answers what a read of it does, and what is waited for beside it.
    expected = _READ if name == _POLL and "project" in value else name
    problem = _too_deep(value) or _described(_check(expected), value)
    return problem or (_polled_mismatch(value) if name == _POLL else None)


def _described(check: Check | None, value: object, path: str = "") -> str | None:
    """Say in words what a check finds."""
    difference = check(value) if check is not None else None
    return None if difference is None else f"{f'{path}{difference[0]}'.removeprefix('.')} is {difference[1]}"


def _too_deep(value: object) -> str | None:
    level = [value]
    for _ in range(DEEPEST):
        level = [
            inner
            for each in level
            for inner in (each.values() if is_object(each) else each if is_list(each) else ())
            if is_object(inner) or is_list(inner)
        ]
        if not level:
            return None
    return f"nested more than {DEEPEST} levels deep"


def _polled_mismatch(value: Mapping[str, object]) -> str | None:
    """Look at what a poll has beside its fixed fields: ``domains_0``, ``deployment_0``, ``workflow``."""
    checks = _polled_checks()
    problems = (_described(checks.get(key.partition("_")[0]), each, key) for key, each in value.items())
    return next((problem for problem in problems if problem), None)


@cache
def _polled_checks() -> Mapping[str, Check]:
    from railway_api import answers

    types = {"domains": answers.AllDomains, "deployment": _WithMeta, "workflow": answers.WorkflowResult}
    return {name: _check_of(expected, {}, lenient=False) for name, expected in types.items()}


@cache
def _namespace() -> dict[str, object]:
    """Return the names that annotations of documents and of answers are written with."""
    from railway_api import answers

    known = {**vars(scalars), **vars(relay), **vars(answers), **vars(operations)}
    return {**known, "Json": object, "Mapping": Mapping}


@cache
def _declared() -> Mapping[int | str, object]:
    """Return the type of each answer: by the id of its operation, or by the name of its document."""
    from railway_api import documents

    types: dict[int | str, object] = {}
    for module in documents.modules():
        declared = dict(documents.declared_in(module))
        annotated = ModuleType(module.__name__)
        annotated.__annotations__ = {name: module.__annotations__[name] for name in declared}
        for name, hint in get_type_hints(annotated, {**vars(module), **_namespace()}).items():
            item = declared[name]
            types[item.name if isinstance(item, Document) else id(item)] = get_args(hint)[0]
    return types


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
    """Return what says what is wrong with a value; ``lenient`` where it only tells objects from other values."""
    if isinstance(expected, TypeVar):
        expected = bound.get(expected, object)
    origin, arguments = get_origin(expected) or expected, get_args(expected)
    if origin in (Union, UnionType):
        members = [_check_of(each, bound, lenient=lenient) for each in arguments if each is not NoneType]
        return _check_of_union(members, nullable=NoneType in arguments)
    if is_typeddict(origin):
        return _ObjectCheck(expected, bound, lenient=lenient)
    if origin is list:
        return _check_of_list(_check_of(arguments[0], bound, lenient=lenient), lenient=lenient)
    if origin is dict:
        return _check_of_dictionary(_check_of(arguments[1], bound, lenient=lenient))
    return lambda value: None if lenient or _is_scalar(value, origin) else ("", kind_of(value))


def _check_of_union(members: Sequence[Check], *, nullable: bool) -> Check:
    def check(value: object) -> Mismatch | None:
        if value is None and nullable:
            return None
        mismatches = [each(value) for each in members]
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


class _ObjectCheck:
    """Say what is wrong with an object. Its fields are looked up with the first one: a type may hold itself."""

    def __init__(self, expected: object, bound: Bound, *, lenient: bool) -> None:
        shape = get_origin(expected) or expected
        assert isinstance(shape, type)
        arguments = tuple(bound.get(each, each) for each in get_args(expected))
        parameters: tuple[object, ...] = getattr(shape, "__parameters__", ())
        self._shape = shape
        self._bound: Bound = dict(zip(parameters, arguments, strict=False))
        self._lenient = lenient or shape.__module__ == scalars.__name__

    @cached_property
    def _checks(self) -> Sequence[tuple[str, Check, bool]]:
        """Return name and check of each field, and whether it has to be there."""
        checks: list[tuple[str, Check, bool]] = []
        for name, hint in get_type_hints(self._shape, _namespace(), include_extras=True).items():
            optional = get_origin(hint) is NotRequired
            check = _check_of(get_args(hint)[0] if optional else hint, self._bound, lenient=self._lenient)
            checks.append((name, check, not (optional or self._lenient)))
        return checks

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
    """Return what a JSON value is, without its contents, which may be secret: ``a list``, ``null``."""
    kinds: dict[type, str] = {
        dict: "an object",
        list: "a list",
        str: "a string" if value else "an empty string",
        bool: "a boolean",
    }
    return "null" if value is None else kinds.get(type(value), "a number")
