"""The schema of the package, from the settings of its components and from what these are connected to."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal, get_args, get_origin

from pydantic import BaseModel

from components.checking import mark_of
from components.docstrings import docstring
from components.generate_inputs import NO_INPUTS, name_of, unwrapped
from components.plugin.parts import PARTS, ZONE, Part, Property, token_of
from components.plugin.values import key_of
from components.problems import inner_model

FILE: Final = Path(__file__).parent / "schema.json"
_SIMPLE: Final = {str: "string", int: "integer", float: "number", bool: "boolean"}


def schema(version: str) -> dict[str, Any]:
    """Return the schema of this version of the package."""
    models = list(dict.fromkeys(each for part in PARTS.values() for each in _groups(part.settings)))
    return {
        "name": "railyard",
        "version": version,
        "displayName": "Railyard",
        "description": "Components for Railway: services, databases, domains and buckets.",
        "keywords": ["pulumi", "railway", "category/cloud", "kind/component"],
        "license": "Apache-2.0",
        "meta": {"moduleFormat": "(.*)"},
        "language": {"nodejs": {"respectSchemaVersion": True}, "python": {"respectSchemaVersion": True}},
        "types": {
            **{f"railyard:components:{name_of(model)}": _type(model) for model in models},
            "railyard:components:ZoneReference": {
                "type": "object",
                "description": "A Cloudflare zone, as a service needs it for the records of its domains.",
                "properties": _properties(ZONE),
                "required": sorted(ZONE),
            },
        },
        "resources": {token_of(name): _resource(part) for name, part in sorted(PARTS.items())},
    }


def _groups(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """Yield the models of the groups inside of one."""
    for name, field in model.model_fields.items():
        if name not in NO_INPUTS and (inner := inner_model(field.annotation)):
            yield inner
            yield from _groups(inner)


def _resource(part: Part) -> dict[str, Any]:
    required = [key_of(part.settings, name) for name, field in _fields(part.settings) if field.is_required()]
    return {
        "isComponent": True,
        "description": part.doc,
        "inputProperties": {**_properties(part.wired), **_settings(part.settings)},
        "requiredInputs": sorted([*required, *(name for name, each in part.wired.items() if each.required)]),
        "properties": _properties(part.outputs),
        "required": sorted(name for name, each in part.outputs.items() if each.required),
    }


def _type(model: type[BaseModel]) -> dict[str, Any]:
    return {
        "type": "object",
        "description": (model.__doc__ or "").strip(),
        "properties": _settings(model),
        "required": sorted(key_of(model, name) for name, field in _fields(model) if field.is_required()),
    }


def _fields(model: type[BaseModel]) -> list[tuple[str, Any]]:
    return [(name, field) for name, field in model.model_fields.items() if name not in NO_INPUTS]


def _settings(model: type[BaseModel]) -> dict[str, Any]:
    return {key_of(model, name): _setting(model, name) for name, _ in _fields(model)}


def _setting(model: type[BaseModel], name: str) -> dict[str, Any]:
    field, mark = model.model_fields[name], mark_of(model, name)
    typed = _typed(field.annotation, plain=bool(mark and mark.inside))
    doc = " ".join(docstring(model, name).split())
    inner, _ = unwrapped(field.annotation)
    if get_origin(inner) is Literal:
        # Python takes a Literal for the one with the same values that was written first, in whatever order.
        doc += f" One of {', '.join(map(str, sorted(get_args(inner))))}."
    plain = {"plain": True} if mark or inner_model(field.annotation) else {}
    return {**typed, "description": doc.replace("``", "`"), **plain}


def _typed(hint: Any, *, plain: bool) -> dict[str, Any]:
    inner, _ = unwrapped(hint)
    origin, arguments = get_origin(inner), get_args(inner)
    within = {"plain": True} if plain else {}
    if isinstance(inner, type) and issubclass(inner, BaseModel):
        return {"$ref": f"#/types/railyard:components:{name_of(inner)}"}
    if origin is tuple:
        item = _typed(arguments[0], plain=plain)
        return {"type": "array", "items": {**item, **({"plain": True} if "$ref" in item else within)}}
    if origin is dict:
        return {"type": "object", "additionalProperties": {**_typed(arguments[1], plain=plain), **within}}
    if origin is Literal:
        return {"type": _SIMPLE[type(arguments[0])]}
    return {"type": _SIMPLE[inner]}


def _properties(properties: Mapping[str, Property]) -> dict[str, Any]:
    return {
        name: {
            **each.schema,
            "description": each.doc,
            **({"secret": True} if each.secret else {}),
            **({"plain": True} if each.plain else {}),
        }
        for name, each in properties.items()
    }


def _version() -> str:
    """Return the version of the project."""
    text = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    match = re.search(r'^version = "([^"]+)"', text, re.MULTILINE)
    assert match is not None
    return match[1]


if __name__ == "__main__":
    FILE.write_text(json.dumps(schema(_version()), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
