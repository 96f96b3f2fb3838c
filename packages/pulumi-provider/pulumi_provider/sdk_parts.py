"""Pieces of the generated Python SDK that its modules share: types, parameters, imports, documentation.

Owns how one property looks in Python. What a module holds is decided in ``sdk`` and ``sdk_functions``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from .declaration import Nested
from .properties import Choice, Field, Group, ListOf, MapOf, Scalar, ValueType, fields_of
from .python_text import call, docstring, import_line

HEADER: Final = "# Generated from the declarations of the provider. Do not edit: change those, and generate again.\n"


def module_text(doc: str, imports: Sequence[str], blocks: Sequence[str], tail: str = "") -> str:
    """Return a module: header, documentation, imports, ``tail`` right after them, and the parts, two lines apart."""
    head = f"{HEADER}{docstring(doc)}\n"
    body = [block for block in ("\n".join(imports), tail) if block]
    text = "\n".join([head, "\n\n".join(body)]) if body else head
    return "\n\n\n".join([text.rstrip("\n"), *blocks]) + "\n"


def imports_of(
    inputs: Sequence[Field], outputs: Sequence[Field], *, typing: Sequence[str], groups: bool = True
) -> list[str]:
    """Return the imports of a module with these inputs and outputs; without ``groups`` it defines nested types."""
    mentioned = [each for field in (*inputs, *outputs) for each in flat(field.type)]
    abstract = [name for kind, name in ((MapOf, "Mapping"), (ListOf, "Sequence")) if _has(mentioned, kind)]
    enums = sorted({each.enum.__name__ for each in mentioned if isinstance(each, Choice)})
    standard = [f"from collections.abc import {', '.join(abstract)}"] if abstract else []
    standard += [f"from typing import {', '.join(typing)}"] if typing else []
    local = [import_line(".enums", enums)] if enums else []
    if groups and (names := _group_names(inputs)):
        local.append(import_line(".inputs", [f"{name}Args" for name in names]))
    if groups and (names := _group_names(outputs)):
        local.append(import_line(".outputs", names))
    sections = ["\n".join(standard), "import pulumi", "\n".join(local)]
    return ["\n\n".join(section for section in sections if section)]


def _group_names(fields: Sequence[Field]) -> list[str]:
    groups = [each for field in fields for each in flat(field.type)]
    return sorted({each.nested.__name__ for each in groups if isinstance(each, Group)})


def inner_first(groups: Sequence[type[Nested]]) -> list[type[Nested]]:
    """Sort groups so that each follows those that it contains."""
    ordered: list[type[Nested]] = []

    def add(nested: type[Nested]) -> None:
        for field in fields_of(nested):
            for inner in flat(field.type):
                if isinstance(inner, Group):
                    add(inner.nested)
        if nested not in ordered:
            ordered.append(nested)

    for each in groups:
        add(each)
    return ordered


def flat(type: ValueType) -> list[ValueType]:
    """Return a type and those of which it is a list or a map."""
    inner = flat(type.item) if isinstance(type, ListOf | MapOf) else []
    return [type, *inner]


def _has(types: Sequence[ValueType], kind: type) -> bool:
    return any(isinstance(each, kind) for each in types)


# --- properties ------------------------------------------------------------------------------------------------------


def plain_type(type: ValueType, *, is_input: bool) -> str:
    """Return the type of a value; ``is_input``: as a program may pass it, with outputs of other resources inside."""
    match type:
        case Scalar():
            return type.python.__name__
        case Choice():
            return f"{type.enum.__name__} | str" if is_input else type.enum.__name__
        case Group():
            return f"{type.nested.__name__}Args" if is_input else type.nested.__name__
        case ListOf():
            item = plain_type(type.item, is_input=is_input)
            return f"Sequence[pulumi.Input[{item}]]" if is_input else f"Sequence[{item}]"
        case MapOf():
            item = plain_type(type.item, is_input=is_input)
            return f"Mapping[str, pulumi.Input[{item}]]" if is_input else f"Mapping[str, {item}]"


def input_type(field: Field) -> str:
    """Return the type of a property that a program gives."""
    plain = plain_type(field.type, is_input=True)
    return f"pulumi.Input[{plain}]" if field.required else f"pulumi.Input[{plain} | None]"


def output_type(field: Field) -> str:
    """Return the type of a property that a program gets."""
    plain = plain_type(field.type, is_input=False)
    return plain if field.required or field.default is not None else f"{plain} | None"


def declared_property(name: str, type: str, field: Field) -> str:
    """Return a property of a class, with its name on the wire."""
    default = "" if field.required or not type.startswith("pulumi.Input") else ", default=None"
    return call(f"{name}: {type} = pulumi.property", f"{json.dumps(field.wire_name)}{default}", 4)


def described(field: Field, *, is_input: bool) -> str:
    """Return the documentation of a property, with what its declaration says beside it."""
    sentences = [field.mark.doc.strip()]
    if is_input and field.default not in (None, [], {}, "") and "default" not in field.mark.doc.lower():
        default = json.dumps(field.default) if not isinstance(field.default, StrEnum) else field.default.value
        sentences.append(f"Default: {default}.")
    if is_input and field.mark.replaces:
        sentences.append("A change makes a new resource.")
    return " ".join(sentence if sentence.endswith((".", "!", "?")) else f"{sentence}." for sentence in sentences)


def required_first(fields: Sequence[Field]) -> list[Field]:
    """Sort the properties of an input class as Pulumi wants them: those without a default before all others."""
    return sorted(fields, key=lambda field: not field.required)


def parameter(field: Field) -> str:
    """Return a property as a parameter, which may be an output of a resource."""
    return f"{field.name}: {input_type(field)}{'' if field.required else ' = None'}"


def parameter_docs(fields: Sequence[Field]) -> str:
    """Return the documentation of parameters."""
    docs = (f":param {field.name}: {described(field, is_input=True)}" for field in fields)
    return "\n".join(_with_python_names(doc, fields) for doc in docs)


def _with_python_names(doc: str, fields: Sequence[Field]) -> str:
    """Return documentation with the Python names of parameters; ``(API: …)`` and keys such as ``railway:plan`` stay."""
    names = {field.wire_name: field.name for field in fields}
    sentences = re.split(r"(\(API:[^)]*\))", doc)
    sentences[::2] = [
        re.sub(r"(?<![\w:.])\w+", lambda word: names.get(word[0], word[0]), each) for each in sentences[::2]
    ]
    return "".join(sentences)


def guarded(field: Field) -> str:
    """Return the value of a parameter; one that is always a secret becomes one before it leaves the program."""
    if not field.mark.secret:
        return field.name
    secret = f"pulumi.Output.secret({field.name})"
    return secret if field.required else f"None if {field.name} is None else {secret}"
