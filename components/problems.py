"""Problems of the values of a component, in words that a newcomer can act on.

Owns the form of a problem (key, value, what is allowed, the fix) and the translation of pydantic's errors into it. Does
not validate: the models do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

import go_yaml
from components.arguments import BROKEN_RULE, Obeys, Path
from components.by_key import MARKED, NO_CHOICE
from components.docstrings import docstring
from components.nearest_name import did_you_mean
from pulumiverse_railway.rules import Rule


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong."""

    path: Path
    """Keys that lead to it, the name of the system first."""
    value: Any
    """Value there; None when it is missing, or is not shown."""
    allowed: str
    """Allowed values."""
    fix: str
    """Next step."""
    absolute: bool = False
    """True when the first key is a whole configuration key."""
    wants_quotes: bool = False
    """True when the value would be right in quotes."""
    rule: Rule | None = None
    """Rule that a string there obeys; None without one."""

    @classmethod
    def unknown_key(cls, path: Path, expected: Sequence[str], *, place: str, absolute: bool = False) -> Problem:
        """Return the problem of an unknown key, with the nearest known one, without its value: it may be a secret."""
        key = str(path[-1])
        fix = did_you_mean(key, expected, _of_variables(key, expected) or "remove it")
        return cls(path, None, f"no such key in {place}; its keys are: {', '.join(expected)}", fix, absolute)


def problems_of(error: ValidationError, model: type[BaseModel], value: Any, path: Path) -> list[Problem]:
    """Return pydantic's errors about ``value``, the settings of ``model`` at ``path``, as problems."""
    details = error.errors(include_url=False)
    # A system may derive settings from others, such as an image from a commit: an error there is one of the other.
    stated = [each for each in details if each["type"] == "missing" or _is_stated(value, _path_in_file(each["loc"]))]
    return [_problem(each, model, value, path) for each in stated or details]


def _problem(details: ErrorDetails, model: type[BaseModel], value: Any, path: Path) -> Problem:
    kind, context = details["type"], details.get("ctx", {})
    place = _path_in_file(details["loc"])
    input_value = _at(value, place)
    owner = _model_at(model, details["loc"][:-1])
    if place[-1:] == (_IS_A_KEY,):
        place, input_value = place[:-1], None
    full_path: Path = (*path, *place)
    if kind == "extra_forbidden":
        return Problem.unknown_key(full_path, _keys(owner), place=".".join(map(str, full_path[:-1])))
    if kind == "missing":
        doc = _doc(owner, place[-1])
        return Problem(full_path, None, f"a value is required. {doc}", f"add {_named(place)}")
    if kind == NO_CHOICE:
        key, choices = str(context["key"]), str(context["choices"])
        named = cast("Mapping[str, Any]", input_value).get(key)
        fix = did_you_mean(str(named), choices.split(", "), f"write {key}: with one of them")
        return Problem((*full_path, key), named, f"one of {choices}", fix)
    if kind in ("value_error", BROKEN_RULE):
        message = details["msg"].removeprefix("Value error, ")
        allowed, _, fix = (context["allowed"], "", context["fix"]) if kind == BROKEN_RULE else message.partition(": ")
        shown = None if isinstance(input_value, Mapping) else input_value
        return Problem(full_path, shown, allowed, fix or f"correct {_named(place)}")
    allowed = _ALLOWED.get(kind, details["msg"].removeprefix("Input should be ").lower()).format(**context)
    if kind in _GROUPS:
        allowed += f": {', '.join(_keys(_model_at(model, details['loc'])))}"
    quotes = isinstance(input_value, bool | int | float) and (
        kind == "string_type" or (kind == "literal_error" and f"'{input_value}'" in allowed)
    )
    rule = _rule(field_at(owner, place[-1])) if place else None
    return Problem(full_path, input_value, allowed, _fix(kind, input_value, place), wants_quotes=quotes, rule=rule)


def _of_variables(key: str, expected: Sequence[str]) -> str:
    """Return where an environment variable belongs that a key seems to be, or a group of them; "" for other keys."""
    if _VARIABLES in expected and key.lower() in _VARIABLES_ELSEWHERE:
        return f"did you mean {_VARIABLES}?"
    if re.fullmatch("[A-Z][A-Z0-9_]+", key) and {_VARIABLES, "services"} & {*expected}:
        return f"write it in {_VARIABLES}" if _VARIABLES in expected else f"write it in {_VARIABLES} of a service"
    return ""


_VARIABLES = "variables"
_VARIABLES_ELSEWHERE = {"env", "envs", "envvars", "environment", "vars"}
"""Names that other tools have for variables, in lower case."""
_IS_A_KEY = "[key]"
"""Suffix that pydantic adds to a key that is wrong as a key."""
_GROUPS = {"model_type", "model_attributes_type"}
_ALLOWED = {
    "string_type": "a string",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "dict_type": "a group of keys",
    "model_type": "a group of keys",
    "model_attributes_type": "a group of keys",
    "literal_error": "one of {expected}",
    "greater_than_equal": "{ge} or more",
    "greater_than": "more than {gt}",
    "less_than_equal": "{le} or less",
    "string_too_short": "a string that is not empty",
    "too_short": "{min_length} or more of them",
}


def _fix(kind: str, value: Any, place: Path) -> str:
    if isinstance(value, str) and type(go_yaml.plain_scalar(value.strip())) in _PLAIN.get(kind, ()):
        return f"write {value.strip()} without quotes"
    if kind == "tuple_type":
        return "write a list, each entry on its own line with a dash, or all in brackets, […]"
    if kind == "dict_type":
        return "write each entry on its own line below it, as name: value, or remove it"
    if kind == "too_short":
        return "add one"
    if kind in _GROUPS and not value:
        return "write its keys below it, further to the right, or remove it"
    return f"correct {_named(place)}"


_PLAIN: Mapping[str, tuple[type, ...]] = {"int_type": (int,), "float_type": (int, float), "bool_type": (bool,)}
"""Type of pydantic's error → types of YAML that a string without its quotes may have, where these alone are wrong."""


def _named(place: Path) -> str:
    """Return the last key of a place; an entry of a list by the key of the list, ``domains[0]``; "it" for none."""
    if not place:
        return "it"
    return f"{_named(place[:-1])}[{place[-1]}]" if isinstance(place[-1], int) else str(place[-1])


def _keys(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _is_stated(value: Any, place: Path) -> bool:
    """Tell whether the settings have a value at a place, null included."""
    if not place or _at(value, place) is not None:
        return True
    group = _at(value, place[:-1])
    return isinstance(group, Mapping) and place[-1] in group


def _at(value: Any, place: Path) -> Any:
    for key in place:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _path_in_file(place: Path) -> Path:
    """Return a place of pydantic's without the marks of chosen models, which are in no file."""
    return tuple(key for key in place if key not in MARKED)


def _model_at(model: type[BaseModel], place: Path) -> type[BaseModel]:
    """Return the model of the innermost group around a place, in which chosen models are marked."""
    annotation: Any = model
    for key in place:
        annotation = MARKED.get(str(key)) or _below(annotation, key)
        model = inner_model(annotation) or model
    return model


def _below(annotation: Any, key: str | int) -> Any:
    """Return the type of the values below a key; None where the type is not that of a group."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        field = field_at(annotation, key)
        return field and field.annotation
    if get_origin(annotation) in (dict, tuple):
        return get_args(annotation)[-1 if get_origin(annotation) is dict else 0]
    return next((below for part in get_args(annotation) if (below := _below(part, key)) is not None), None)


def inner_model(annotation: Any) -> type[BaseModel] | None:
    """Return the model of the group, or of the groups in the list, that a field holds; None for other values."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for part in get_args(annotation) if (model := inner_model(part))), None)


def field_at(model: type[BaseModel], key: str | int) -> FieldInfo | None:
    """Return the field of a model by its name in Python or in settings."""
    return model.model_fields.get(_name_at(model, key))


def _name_at(model: type[BaseModel], key: str | int) -> str:
    """Return the name in Python of the field, or "" where the model has none."""
    return next((name for name, field in model.model_fields.items() if key in (name, field.alias)), "")


def _rule(field: FieldInfo | None) -> Rule | None:
    """Return the rule that a field obeys; None without one."""
    metadata = () if field is None else (*field.metadata, *_metadata(field.annotation))
    return next((part.rule for part in metadata if isinstance(part, Obeys)), None)


def _metadata(annotation: Any) -> tuple[Any, ...]:
    own: tuple[Any, ...] = getattr(annotation, "__metadata__", ())
    return (*own, *(each for part in get_args(annotation) for each in getattr(part, "__metadata__", ())))


def _doc(model: type[BaseModel], key: str | int) -> str:
    return " ".join(docstring(model, _name_at(model, key)).split())
