"""What is wrong with a settings file, in words that a newcomer can act on.

Owns the form of a problem (file, line, key, value, what is allowed, the fix) and the translation of pydantic's errors
into it. Does not judge: the models do.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import pulumi
import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

import sops
from railway_api.counting import count
from stacks.arguments_tree import Path

LONGEST_VALUE = 60
"""Longer values are cut in a report, in characters."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong."""

    path: Path
    """Keys from the system's name on."""
    value: Any
    """What stands there; None when it is missing."""
    allowed: str
    """What may stand there."""
    fix: str
    """What to do."""
    absolute: bool = False
    """Whether the first key is a whole configuration key."""

    @classmethod
    def unknown_key(cls, path: Path, known: Sequence[str], *, place: str, absolute: bool = False) -> Problem:
        """Report a key that means nothing: with the nearest one that does, without its value, a secret perhaps."""
        near = difflib.get_close_matches(str(path[-1]), known, n=1)
        fix = f"did you mean {near[0]}?" if near else "remove it"
        return cls(path, None, f"no such key in {place}; its keys are: {', '.join(known)}", fix, absolute)


class SettingsError(pulumi.RunError):
    """A settings file is refused; the text lists all that is wrong with it."""

    def __init__(self, file: str, problems: Sequence[Problem], *, prefix: str, text: str = "") -> None:
        lines = [f"{file} has {count(len(problems), 'problem')}:"]
        for problem in problems:
            key = _key(problem, prefix)
            line = _line(text, problem, prefix)
            shown = "" if problem.value is None else f" = {_shown(problem.value)}"
            lines += [
                f"  {file}{f':{line}' if line else ''}: {key}{shown}",
                f"    allowed: {problem.allowed}",
                f"    fix: {problem.fix}",
            ]
        super().__init__("\n".join(map(sops.printable, lines)))  # a stranger may have written the keys
        self.problems = tuple(problems)


def problems_of(error: ValidationError, model: type[BaseModel], value: Any, path: Path) -> list[Problem]:
    """Return Pydantic's errors about ``value`` (settings of ``model`` at ``path``) as problems."""
    return [_problem(details, model, value, path) for details in error.errors(include_url=False)]


def _problem(details: ErrorDetails, model: type[BaseModel], value: Any, path: Path) -> Problem:
    place = tuple(details["loc"])
    kind, context = details["type"], details.get("ctx", {})
    here: Path = (*path, *place)
    given = _at(value, place)
    if kind == "extra_forbidden":
        owner = _model_at(model, place[:-1])
        return Problem.unknown_key(here, _keys(owner), place=".".join(map(str, here[:-1])))
    if kind == "missing":
        doc = _doc(model, place)
        return Problem(here, None, f"a value is required. {doc}", f"add {_named(place)}")
    if kind == "value_error":
        said = details["msg"].removeprefix("Value error, ")
        allowed, _, fix = said.partition(": ")
        shown = None if isinstance(given, Mapping) else given
        return Problem(here, shown, allowed, fix or f"correct {_named(place)}")
    allowed = _ALLOWED.get(kind, details["msg"].removeprefix("Input should be ").lower()).format(**context)
    if kind in _GROUPS:
        allowed += f": {', '.join(_keys(_model_at(model, place)))}"
    return Problem(here, given, allowed, _fix(kind, given, place))


_GROUPS = {"model_type", "model_attributes_type"}
_ALLOWED = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "dict_type": "a group of keys",
    "model_type": "a group of keys",
    "model_attributes_type": "a group of keys",
    "literal_error": "one of {expected}",
    "greater_than_equal": "{ge} or more",
    "greater_than": "more than {gt}",
    "less_than_equal": "{le} or less",
    "string_too_short": "a text that is not empty",
}


def _fix(kind: str, given: Any, place: Path) -> str:
    if kind in {"int_type", "float_type", "bool_type"} and isinstance(given, str) and _PLAIN[kind].fullmatch(given):
        return f"write {given.strip()} without quotes"
    if kind == "string_type" and isinstance(given, bool | int | float):
        return f'write "{json.dumps(given)}" in quotes'
    if kind == "tuple_type":
        return "begin each entry on its own line with a dash"
    if kind in _GROUPS and not given:
        return "write its keys below it, further to the right, or remove it"
    return f"correct {_named(place)}"


_PLAIN = {
    "int_type": re.compile(r"\s*[+-]?\d+\s*"),
    "float_type": re.compile(r"\s*[+-]?\d+(\.\d+)?\s*"),
    "bool_type": re.compile(r"\s*(true|false)\s*"),
}
"""Texts that are a value of the type once their quotes are gone."""


def _named(place: Path) -> str:
    """Return the last key as a person would name it: an entry of a list by the list's key, ``domains[0]``."""
    if not place:
        return "it"
    return f"{_named(place[:-1])}[{place[-1]}]" if isinstance(place[-1], int) else str(place[-1])


def _keys(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _at(value: Any, place: Path) -> Any:
    for key in place:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _model_at(model: type[BaseModel], place: Path) -> type[BaseModel]:
    for key in place:
        if isinstance(key, int):
            continue
        inner = _inner(_field(model, key).annotation if _field(model, key) else None)
        if inner is None:
            return model
        model = inner
    return model


def _inner(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _inner(part))), None)


def _field(model: type[BaseModel], key: str | int) -> Any:
    return next((field for name, field in model.model_fields.items() if key in (name, field.alias)), None)


def _doc(model: type[BaseModel], place: Path) -> str:
    field = _field(_model_at(model, place[:-1]), place[-1])
    return " ".join((field.description or "").split()) if field else ""


def _key(problem: Problem, prefix: str) -> str:
    text = "" if problem.absolute else prefix
    for index, key in enumerate(problem.path):
        text += f"[{key}]" if isinstance(key, int) else (f".{key}" if index else key)
    return text


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"


def _line(text: str, problem: Problem, prefix: str) -> int | None:
    """Return the line on which the problem's key (or what should hold it) stands."""
    try:
        node: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return None
    if node is None or not problem.path:
        return None
    first = problem.path[0] if problem.absolute else f"{prefix}{problem.path[0]}"
    line = None
    for key in ("config", first, *problem.path[1:]):
        if isinstance(node, yaml.MappingNode):
            pair = next((pair for pair in node.value if pair[0].value == key), None)
            if pair is None:
                return line
            line, node = pair[0].start_mark.line + 1, pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
            node = node.value[key]
            line = node.start_mark.line + 1
        else:
            return line
    return line
