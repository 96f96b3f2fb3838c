"""The values of another language as arguments of a component: other names, groups as mappings, numbers as floats."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import pulumi
from pydantic import BaseModel
from pydantic.alias_generators import to_snake

from components import inputs
from components.arguments import Path
from components.checking import Inputs, refuse, written
from components.generate_inputs import NO_INPUTS, name_of
from components.problems import Problem, field_at, inner_model


def arguments(label: str, settings: type[BaseModel], inputs: Mapping[str, Any], path: Path = ()) -> dict[str, Any]:
    """Return what another language gives, by the names of Python; None counts as not given.

    Raises ``pulumi.RunError`` for a group in which a value is missing, or means nothing.
    """
    return {
        _name(settings, key): _value(label, settings, (*path, key), value)
        for key, value in inputs.items()
        if value is not None
    }


def wrong_keys(
    inputs: Mapping[str, Any], required: Iterable[str], expected: Sequence[str], path: Path
) -> list[Problem]:
    """Return what is missing and what means nothing: not every language looks into the schema."""
    place = written(path) or "its arguments"
    return [
        *(
            Problem((*path, key), None, "a value is required", f"add {key}")
            for key in required
            if inputs.get(key) is None
        ),
        *(Problem.unknown_key((*path, key), expected, place=place) for key in inputs if key not in expected),
    ]


def key_of(settings: type[BaseModel], name: str) -> str:
    """Return the name of a setting in the schema: that in a file, but for ``id``, which is the resource's own."""
    key = settings.model_fields[name].alias or name
    return "zoneId" if key == "id" else key


def _name(settings: type[BaseModel], key: str) -> str:
    return next((name for name in settings.model_fields if key_of(settings, name) == key), to_snake(key))


def _value(label: str, settings: type[BaseModel], path: Path, value: Any) -> Any:
    field = field_at(settings, _name(settings, str(path[-1])))
    return _with_groups(label, inner_model(field.annotation) if field else None, path, value)


def _with_groups(label: str, model: type[BaseModel] | None, path: Path, value: Any) -> Any:
    if model and isinstance(value, Mapping):
        return _group(label, model, cast("Mapping[str, Any]", value), path)
    if model and isinstance(value, list):
        entries = enumerate(cast("list[Any]", value))
        return [_with_groups(label, model, (*path, at), each) for at, each in entries]
    return _whole(value)


def _group(label: str, model: type[BaseModel], given: Mapping[str, Any], path: Path) -> Inputs:
    fields = {key_of(model, name): field for name, field in model.model_fields.items() if name not in NO_INPUTS}
    required = [key for key, field in fields.items() if field.is_required()]
    refuse(label, wrong_keys(given, required, list(fields), path))
    return vars(inputs)[name_of(model)](**arguments(label, model, given, path))


def _whole(value: Any) -> Any:
    """Return a value in which whole numbers are integers: in the protocol every number is a float."""
    if isinstance(value, pulumi.Output):
        return cast("pulumi.Output[Any]", value).apply(_whole)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {key: _whole(each) for key, each in cast("Mapping[str, Any]", value).items()}
    if isinstance(value, list):
        return [_whole(each) for each in cast("list[Any]", value)]
    return value
