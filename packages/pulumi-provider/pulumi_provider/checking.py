"""Validates what a user wrote, against the declaration, before anything is changed.

Finds unknown, missing and mistyped properties, values outside a closed set, and what the ``check`` of a property or
of the whole resource refuses; what is not known yet (``UNKNOWN``) is never refused. Paths are the user's: camelCase,
nested.

The configuration of a provider is validated like the inputs of a resource, in the shape that the engine gives it:
values that are not strings may come as JSON text, and the engine adds keys of its own.

A reason never shows a value that may be a secret: the engine does not say which ones are, and it prints reasons as they
are. So a wrong type is named by its kind, and a wrong choice is shown only where it resembles an allowed one.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, cast

from google.protobuf import struct_pb2

from .conversion import named, secret_texts
from .declaration import Function, Inputs, Problem, Resource, Unknown
from .properties import Choice, Field, Group, ListOf, MapOf, Scalar, ValueType, fields_of
from .values import contains_unknown, decode

ENGINE_KEYS: Final = ("version", "pluginDownloadURL", "pluginChecksums", "parameterization")
"""Keys that the engine adds to a provider's configuration for its own use."""

_A_SCALAR: Mapping[type, str] = {str: "a string", int: "a whole number", float: "a number", bool: "true or false"}


@dataclass(frozen=True)
class CheckResult:
    """Inputs after the check: named form with defaults, and every reason why they are refused."""

    values: Mapping[str, Any]
    problems: Sequence[Problem]


def check_inputs(declared: type[Inputs], inputs: Mapping[str, Any], *, ignored: Sequence[str] = ()) -> CheckResult:
    """Check decoded inputs property by property; keys in ``ignored`` may be there and are not looked at."""
    fields = fields_of(declared)
    findings = _CheckFailures()
    findings.group(fields, {key: value for key, value in inputs.items() if key not in ignored}, path="")
    values = named(fields, inputs)
    if not findings.problems:
        _apply_checks(fields, values, findings, path="")
    return CheckResult(values, _without_secrets(fields, values, findings.problems))


def _without_secrets(fields: Sequence[Field], values: Mapping[str, Any], problems: Sequence[Problem]) -> list[Problem]:
    """Return the problems, their reasons without the secrets in ``values`` (named form)."""
    hidden = secret_texts(fields, values)
    return [replace(problem, reason=redact(problem.reason, hidden)) for problem in problems]


def redact(text: str, secrets: set[str]) -> str:
    """Return the text without the secrets; longest first, so that none is left in part.

    One or two characters are no secret, and taking them out would leave nothing to read.
    """
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) > 2:
            text = text.replace(secret, "<secret>")
    return text


def join(path: str, key: str) -> str:
    """Return the path of a key, as Pulumi writes it: ``a.b``, ``a["b c"]``."""
    if re.fullmatch(r"[A-Za-z_$][\w$]*", key):
        return f"{path}.{key}" if path else key
    quoted = key.replace("\\", "\\\\").replace('"', '\\"')
    return f'{path}["{quoted}"]'


def check(declared: Resource[Any, Any] | Function[Any, Any], inputs: Mapping[str, Any]) -> CheckResult:
    """Check decoded inputs of a resource or a function: each property, then the rules across right properties."""
    checked = check_inputs(declared.inputs_type, inputs)
    if checked.problems:
        return checked
    problems = [_in_camel_case(problem, declared.inputs_type) for problem in declared.check(checked.values)]
    return replace(checked, problems=_without_secrets(fields_of(declared.inputs_type), checked.values, problems))


@dataclass
class _CheckFailures:
    problems: list[Problem] = field(default_factory=list[Problem])

    def add(self, path: str, reason: str) -> None:
        self.problems.append(Problem(path=path, reason=reason))

    def group(self, fields: Sequence[Field], inputs: Mapping[str, Any], path: str) -> None:
        """Check for unknown and missing keys of one level, then each value."""
        names = [declared.wire_name for declared in fields]
        for key in inputs:
            if key not in names and not key.startswith("__"):
                self.add(join(path, key), f"unknown property{_suggestion(key, names)}")
        for declared in fields:
            value, property_path = inputs.get(declared.wire_name), join(path, declared.wire_name)
            if value is not None:
                self.value(declared.type, value, property_path)
            elif declared.required:
                self.add(property_path, f"is missing: {declared.mark.doc}")

    def value(self, type: ValueType, value: Any, path: str) -> None:
        """Check one value against its type, and what is inside it."""
        if isinstance(value, Unknown):
            return
        match type:
            case Group() if isinstance(value, dict):
                self.group(type.fields, cast("dict[str, Any]", value), path)
            case MapOf() if isinstance(value, dict):
                self.items(type.item, _entries(value, path))
            case ListOf() if isinstance(value, list):
                self.items(type.item, _entries(value, path))
            case Choice() if isinstance(value, str):
                if value not in list(type.enum):
                    self.add(path, f"must be {describe(type)}{_resembling(value, list(type.enum))}")
            case Scalar() if _is_scalar(type, value):
                pass
            case _:
                self.add(path, f"must be {describe(type)}, not {_kind(value)}")

    def items(self, type: ValueType, entries: Sequence[tuple[str, Any]]) -> None:
        """Check each value of a list or a map, with its path."""
        for path, item in entries:
            self.value(type, item, path)


def describe(type: ValueType) -> str:
    """Return a type in the words of an error: "a whole number", "a list"."""
    match type:
        case Scalar():
            return _A_SCALAR[type.python]
        case Choice():
            return f"one of {', '.join(type.enum)}"
        case ListOf():
            return "a list"
        case MapOf():
            return "a map"
        case Group():
            return f"an object with {', '.join(declared.wire_name for declared in type.fields)}"


def check_configuration(declared: type[Inputs], arguments: struct_pb2.Struct | Mapping[str, str]) -> CheckResult:
    """Return the checked configuration; ``arguments`` is the struct of a request, or its older form, key → string."""
    values = decode(arguments) if isinstance(arguments, struct_pb2.Struct) else _without_namespace(arguments)
    fields = {field.wire_name: field for field in fields_of(declared)}
    parsed = {key: _parsed(fields[key], value) if key in fields else value for key, value in values.items()}
    return check_inputs(declared, parsed, ignored=ENGINE_KEYS)


def _without_namespace(variables: Mapping[str, str]) -> dict[str, Any]:
    """Return ``railway:config:token`` → ``token``."""
    return {key.rpartition(":")[2]: value for key, value in variables.items()}


def _parsed(field: Field, value: Any) -> Any:
    is_text = field.type == Scalar(str) or isinstance(field.type, Choice)
    if is_text or not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _apply_checks(fields: Sequence[Field], values: Mapping[str, Any], findings: _CheckFailures, path: str) -> None:
    for declared in fields:
        value, property_path = values[declared.name], join(path, declared.wire_name)
        if value is None:
            continue
        _apply_nested(declared.type, value, findings, property_path)
        if declared.mark.check is not None and not contains_unknown(value):
            reason = declared.mark.check(value)
            if reason is not None:
                findings.add(property_path, reason)


def _apply_nested(type: ValueType, value: Any, findings: _CheckFailures, path: str) -> None:
    match type:
        case Group() if isinstance(value, dict):
            _apply_checks(type.fields, cast("dict[str, Any]", value), findings, path)
        case ListOf() | MapOf() if isinstance(value, list | dict):
            for item_path, item in _entries(value, path):
                _apply_nested(type.item, item, findings, item_path)
        case _:
            pass


def _entries(value: Any, path: str) -> Sequence[tuple[str, Any]]:
    """Return what is in a list or a map, with paths; an entry of a map that is ``None`` counts as not given."""
    if isinstance(value, list):
        return [(f"{path}[{index}]", item) for index, item in enumerate(cast("list[Any]", value))]
    return [(join(path, key), item) for key, item in cast("dict[str, Any]", value).items() if item is not None]


def _is_scalar(type: Scalar, value: Any) -> bool:
    if isinstance(value, bool) or type.python is bool:
        return isinstance(value, bool) and type.python is bool
    return isinstance(value, int | float if type.python is float else type.python)


def _kind(value: Any) -> str:
    kinds: Sequence[tuple[Callable[[Any], bool], str]] = (
        (lambda each: each is None, "null"),
        (lambda each: isinstance(each, bool), "true or false"),
        (lambda each: isinstance(each, int), "a number"),
        (lambda each: isinstance(each, float), "a number with a fraction"),
        (lambda each: isinstance(each, str), "a string"),
        (lambda each: isinstance(each, list), "a list"),
    )
    return next((name for matches, name in kinds if matches(value)), "an object")


def _suggestion(key: str, names: Sequence[str]) -> str:
    close = difflib.get_close_matches(key, names, n=1)
    return f'; did you mean "{close[0]}"?' if close else f"; known are: {', '.join(sorted(names))}"


def _resembling(value: str, allowed: Sequence[str]) -> str:
    """Show a wrong choice only when it resembles an allowed one: then it is no secret."""
    close = difflib.get_close_matches(value.lower(), [choice.lower() for choice in allowed], n=1, cutoff=0.7)
    meant = next((choice for choice in allowed if close and choice.lower() == close[0]), None)
    return f', not "{value}"; did you mean "{meant}"?' if meant else ""


def _in_camel_case(problem: Problem, inputs_type: type[Inputs]) -> Problem:
    """Return a path in camelCase, also one that a resource wrote with its own snake_case name."""
    first = re.match(r"[^.\[]*", problem.path)
    head = first[0] if first else ""
    for declared in fields_of(inputs_type):
        if head == declared.name:
            return replace(problem, path=declared.wire_name + problem.path[len(head) :])
    return problem
