"""The Pulumi package schema, derived from the declarations.

Owns the mapping to Pulumi's schema format, from which ``pulumi package add`` makes an SDK for any language. Tokens of
nested types and enums are ``<provider>:index:<ClassName>``.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any

from .declaration import Function, Inputs, Nested, Provider, Resource
from .properties import Choice, Field, Group, ListOf, MapOf, Scalar, ValueType, fields_of

_SCALARS: Mapping[type, str] = {str: "string", int: "integer", float: "number", bool: "boolean"}

Json = dict[str, Any]


def package_schema(provider: Provider) -> Json:
    """Return the whole schema as JSON-ready values, in a stable order."""
    package = python_package(provider)
    configuration = fields_of(provider.config_type)
    described = {**properties(provider, configuration)}
    return {
        "name": provider.name,
        "version": provider.version,
        "displayName": provider.display_name,
        "description": provider.description,
        "language": {"python": {"packageName": package, "pyproject": {"enabled": True}}},
        "config": {"variables": described},
        "types": _types(provider),
        "provider": {"description": f"How to reach {provider.display_name}.", "inputProperties": described},
        "resources": {resource.token: _resource(provider, resource) for resource in _by_token(provider)},
        **({"functions": functions} if (functions := _functions(provider)) else {}),
    }


def python_package(provider: Provider) -> str:
    """Return the import name of the Python SDK."""
    return provider.python_package or f"pulumi_{provider.name.replace('-', '_')}"


def doc_of(declared: type) -> str:
    """Return the docstring of a declared class; the generated one of a dataclass does not count."""
    text = inspect.cleandoc(declared.__dict__.get("__doc__") or "")
    return "" if text.startswith(f"{declared.__name__}(") else text


def properties(provider: Provider, fields: Sequence[Field]) -> Json:
    """Return name → description of each property."""
    return {field.wire_name: _property(provider, field) for field in fields}


def always_set(fields: Sequence[Field]) -> list[str]:
    """Return outputs that are never absent: required ones, and those with a default."""
    return [field.wire_name for field in fields if field.required or field.default is not None]


def used_types(provider: Provider) -> tuple[list[type[Nested]], list[type[StrEnum]]]:
    """Return every nested group and every enum that the provider's properties use, by name."""
    groups, enums = types_in([*input_classes(provider), *output_classes(provider)])
    _refuse_equal_names([*groups, *enums])
    return groups, enums


def input_classes(provider: Provider) -> list[type[Inputs]]:
    """Return every class of what a program gives."""
    of_resources = [resource.inputs_type for resource in provider.resources]
    return [provider.config_type, *of_resources, *(function.inputs_type for function in provider.functions)]


def output_classes(provider: Provider) -> list[type[Inputs]]:
    """Return every class of what a program gets."""
    of_resources = [resource.state_type for resource in provider.resources]
    return [*of_resources, *(function.result_type for function in provider.functions)]


def types_in(owners: Sequence[type[Inputs]]) -> tuple[list[type[Nested]], list[type[StrEnum]]]:
    """Return the nested groups and enums that the properties of these classes use, by name."""
    types = {each for owner in owners for field in fields_of(owner) for each in mentioned(field.type)}
    groups = [each for each in types if issubclass(each, Nested)]
    enums = [each for each in types if issubclass(each, StrEnum)]
    return sorted(groups, key=lambda each: each.__name__), sorted(enums, key=lambda each: each.__name__)


def mentioned(type: ValueType) -> Iterator[type[Nested | StrEnum]]:
    """Return the nested groups and enums of a type, those inside groups too."""
    match type:
        case Choice():
            yield type.enum
        case ListOf() | MapOf():
            yield from mentioned(type.item)
        case Group():
            yield type.nested
            for field in type.fields:
                yield from mentioned(field.type)
        case Scalar():
            return


def _resource(provider: Provider, resource: type[Resource[Any, Any]]) -> Json:
    inputs, outputs = fields_of(resource.inputs_type), fields_of(resource.state_type)
    described: Json = {
        "description": doc_of(resource),
        "properties": _of_class(provider, resource, outputs),
        "required": always_set(outputs),
        "inputProperties": _of_class(provider, resource, inputs),
        "requiredInputs": [field.wire_name for field in inputs if field.required],
    }
    if resource.aliases:
        described["aliases"] = [{"type": alias} for alias in resource.aliases]
    return described


def _of_class(provider: Provider, resource: type[Resource[Any, Any]], fields: Sequence[Field]) -> Json:
    """Return the properties of a resource; in C# none may be called as its class is."""
    described = properties(provider, fields)
    for name, each in described.items():
        if name.lower() == resource.token.rpartition(":")[2].lower():
            each["language"] = {"csharp": {"name": f"{name[0].upper()}{name[1:]}Value"}}
    return described


def _functions(provider: Provider) -> Json:
    ordered = sorted(provider.functions, key=lambda function: function.token)
    return {function.token: _function(provider, function) for function in ordered}


def _function(provider: Provider, function: type[Function[Any, Any]]) -> Json:
    inputs, result = fields_of(function.inputs_type), fields_of(function.result_type)
    return {
        "description": doc_of(function),
        "inputs": {
            "type": "object",
            "properties": properties(provider, inputs),
            "required": [field.wire_name for field in inputs if field.required],
        },
        "outputs": {
            "type": "object",
            "properties": properties(provider, result),
            "required": always_set(result),
        },
    }


def _property(provider: Provider, field: Field) -> Json:
    described: Json = {**_type(provider, field.type), "description": field.mark.doc}
    if isinstance(field.default, str | int | float | bool):
        described["default"] = field.default
    if field.mark.secret:
        described["secret"] = True
    if field.mark.replaces:
        described["willReplaceOnChanges"] = True
    return described


def _type(provider: Provider, type: ValueType) -> Json:
    match type:
        case Scalar():
            return {"type": _SCALARS[type.python]}
        case Choice():
            return {"$ref": f"#/types/{_token(provider, type.enum)}"}
        case ListOf():
            return {"type": "array", "items": _type(provider, type.item)}
        case MapOf():
            return {"type": "object", "additionalProperties": _type(provider, type.item)}
        case Group():
            return {"$ref": f"#/types/{_token(provider, type.nested)}"}


def _types(provider: Provider) -> Json:
    groups, enums = used_types(provider)
    described = {_token(provider, each): _group(provider, each) for each in groups}
    described |= {_token(provider, each): _enum(each) for each in enums}
    return dict(sorted(described.items()))


def _group(provider: Provider, nested: type[Nested]) -> Json:
    fields = fields_of(nested)
    return {
        "type": "object",
        "description": doc_of(nested),
        "properties": properties(provider, fields),
        "required": [field.wire_name for field in fields if field.required],
    }


def _enum(enum: type[StrEnum]) -> Json:
    values = [{"name": member.name, "value": member.value} for member in enum]
    return {"type": "string", "description": doc_of(enum), "enum": values}


def _token(provider: Provider, declared: type) -> str:
    return f"{provider.name}:index:{declared.__name__}"


def _by_token(provider: Provider) -> list[type[Resource[Any, Any]]]:
    return sorted(provider.resources, key=lambda resource: resource.token)


def _refuse_equal_names(declared: Sequence[type]) -> None:
    names = [each.__name__ for each in declared]
    for name in {name for name in names if names.count(name) > 1}:
        raise TypeError(f"two nested types of the provider are called {name}; the schema needs different names")
