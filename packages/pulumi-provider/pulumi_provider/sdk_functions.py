"""The Python of functions in the SDK: what a program calls to look something up.

Owns their modules: a class for the result, the function itself, and the form that takes and gives outputs. A function
whose result holds a secret has that second form only: with plain values Pulumi would hand the secret out in clear.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from .declaration import Function, Provider
from .naming import snake_case
from .properties import Choice, Field, Group, ListOf, MapOf, Scalar, ValueType, fields_of
from .python_text import block, call, docstring
from .schema import doc_of
from .sdk_parts import (
    declared_property,
    described,
    guarded,
    imports_of,
    module_text,
    output_type,
    parameter,
    parameter_docs,
)

_OPTIONS = "Options of the call, such as its provider."


def name_of(function: type[Function[Any, Any]]) -> str:
    """Return ``railway:index:getProject`` → ``getProject``."""
    return function.token.rpartition(":")[2]


def function_module_of(function: type[Function[Any, Any]]) -> str:
    """Return ``railway:index:getProject`` → ``get_project``, the name of the function in Python and of its module."""
    return snake_case(name_of(function))


def result_class_of(function: type[Function[Any, Any]]) -> str:
    """Return ``railway:index:getProject`` → ``GetProjectResult``."""
    name = name_of(function)
    return f"{name[0].upper()}{name[1:]}Result"


def exported_names(function: type[Function[Any, Any]]) -> list[str]:
    """Return what the module of a function offers."""
    name = function_module_of(function)
    plain = [] if gives_secrets(function) else [name]
    return [result_class_of(function), *plain, f"{name}_output"]


def gives_secrets(function: type[Function[Any, Any]]) -> bool:
    """Tell whether a part of the result is a secret."""
    return _has_secret(fields_of(function.result_type))


def function_module(provider: Provider, function: type[Function[Any, Any]]) -> str:
    """Return the text of the module of a function."""
    inputs, results = fields_of(function.inputs_type), fields_of(function.result_type)
    plain = [] if gives_secrets(function) else [_plain_form(function, inputs)]
    typing = ["cast"] if plain else []
    blocks = [_result_class(function, results), *plain, _output_form(function, inputs)]
    token = f"_TOKEN = {json.dumps(function.token)}"
    text = f"The function {function_module_of(function)} of {provider.display_name}."
    return module_text(text, imports_of(inputs, results, typing=typing), blocks, tail=token)


def _has_secret(fields: Sequence[Field]) -> bool:
    return any(field.mark.secret or _type_has_secret(field.type) for field in fields)


def _type_has_secret(type: ValueType) -> bool:
    match type:
        case Group():
            return _has_secret(type.fields)
        case ListOf() | MapOf():
            return _type_has_secret(type.item)
        case Scalar() | Choice():
            return False


def _result_class(function: type[Function[Any, Any]], results: Sequence[Field]) -> str:
    lines = [
        f"{declared_property(field.name, output_type(field), field)}\n{docstring(described(field, is_input=False), 4)}"
        for field in results
    ]
    doc = docstring(doc_of(function.result_type) or f"Result of {function_module_of(function)}.", 4)
    return "\n".join([f"@pulumi.output_type\nclass {result_class_of(function)}:\n{doc}", "", *lines])


def _plain_form(function: type[Function[Any, Any]], inputs: Sequence[Field]) -> str:
    name, result = function_module_of(function), result_class_of(function)
    parameters = [*map(_plain_parameter, inputs), "opts: pulumi.InvokeOptions | None = None"]
    return "\n".join(
        [
            block(f"def {name}(", ["*", *parameters], f") -> {result}:"),
            _doc(function, inputs),
            *_arguments(inputs, plain=True),
            call("result = pulumi.runtime.invoke", f"_TOKEN, arguments, opts, {result}", 4),
            f'    return cast("{result}", result.value)',
        ]
    )


def _output_form(function: type[Function[Any, Any]], inputs: Sequence[Field]) -> str:
    name, result = function_module_of(function), result_class_of(function)
    options = "opts: pulumi.InvokeOptions | pulumi.InvokeOutputOptions | None = None"
    parameters = [*map(parameter, inputs), options]
    note = "Takes outputs of resources, and calls when these are known."
    return "\n".join(
        [
            block(f"def {name}_output(", ["*", *parameters], f") -> pulumi.Output[{result}]:"),
            _doc(function, inputs, note),
            *_arguments(inputs, plain=False),
            call("return pulumi.runtime.invoke_output", f"_TOKEN, arguments, opts, {result}", 4),
        ]
    )


def _doc(function: type[Function[Any, Any]], inputs: Sequence[Field], note: str = "") -> str:
    about = [doc_of(function) or name_of(function), note, f"{parameter_docs(inputs)}\n:param opts: {_OPTIONS}".strip()]
    return docstring("\n\n".join(paragraph for paragraph in about if paragraph), 4)


def _arguments(inputs: Sequence[Field], *, plain: bool) -> list[str]:
    if not inputs:
        return ["    arguments: dict[str, object] = {}"]
    values = [f"{json.dumps(field.wire_name)}: {field.name if plain else guarded(field)}" for field in inputs]
    return [block("arguments: dict[str, object] = {", values, "}", 4)]


def _plain_parameter(field: Field) -> str:
    plain = _plain_type(field.type)
    return f"{field.name}: {plain}" if field.required else f"{field.name}: {plain} | None = None"


def _plain_type(type: ValueType) -> str:
    """Return the type of a value that a program gives plainly."""
    match type:
        case Scalar():
            return type.python.__name__
        case Choice():
            return f"{type.enum.__name__} | str"
        case Group():
            return f"{type.nested.__name__}Args"
        case ListOf():
            return f"Sequence[{_plain_type(type.item)}]"
        case MapOf():
            return f"Mapping[str, {_plain_type(type.item)}]"
