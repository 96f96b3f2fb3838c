"""The Python SDK, derived from the declarations: what a Pulumi program imports.

Owns the text of the generated modules: one per resource, ``inputs``, ``outputs``, ``enums``, the provider and the
package itself. The text passes the project's formatter and type checker as it is. There is no ``pulumi-plugin.json``:
with it, ``pulumi install`` would look for the plugin on the network although the project names its path.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any, Final

from .declaration import Nested, Provider, Resource
from .naming import snake_case
from .properties import Choice, Field, Group, ListOf, MapOf, Scalar, ValueType, fields_of
from .python_text import block, call, docstring, import_line
from .schema import doc_of, used_types

HEADER: Final = "# Generated from the declarations of the provider. Do not edit: change those, and generate again.\n"
_PROVIDER_MODULE: Final = "configured_provider"


def sdk_modules(provider: Provider) -> Mapping[str, str]:
    """File name → text of every generated module of the package."""
    groups, enums = used_types(provider)
    groups = _inner_first(groups)
    modules = {f"{module_of(resource)}.py": _resource_module(provider, resource) for resource in provider.resources}
    modules[f"{_PROVIDER_MODULE}.py"] = _provider_module(provider)
    modules["enums.py"] = _module("Closed sets of values.", _enum_imports(enums), [_enum(each) for each in enums])
    modules["inputs.py"] = _types_module("Groups of inputs.", groups, [_input_group(each) for each in groups])
    modules["outputs.py"] = _types_module("Groups of outputs.", groups, [_output_group(each) for each in groups])
    modules["__init__.py"] = _package(provider, groups, enums)
    modules["py.typed"] = ""
    return dict(sorted(modules.items()))


def class_of(resource: type[Resource[Any, Any]]) -> str:
    """``railway:index:ServiceDomain`` → ``ServiceDomain``."""
    return resource.token.rpartition(":")[2]


def module_of(resource: type[Resource[Any, Any]]) -> str:
    """``railway:index:ServiceDomain`` → ``service_domain``."""
    return snake_case(class_of(resource)).lstrip("_")


def _package(provider: Provider, groups: Sequence[type[Nested]], enums: Sequence[type[StrEnum]]) -> str:
    imported = {module_of(each): [class_of(each)] for each in provider.resources}
    imported[_PROVIDER_MODULE] = ["Provider"]
    if enums:
        imported["enums"] = [each.__name__ for each in enums]
    if groups:
        imported["inputs"] = [f"{each.__name__}Args" for each in groups]
        imported["outputs"] = [each.__name__ for each in groups]
    names = sorted(name for each in imported.values() for name in each)
    imports = [import_line(f".{module}", each) for module, each in sorted(imported.items())]
    listed = block("__all__ = [", [json.dumps(name) for name in names], "]")
    text = f"{provider.display_name} for Pulumi programs: its resources, and the types that they take and give."
    return _module(text, imports, [], tail=listed)


def _module(doc: str, imports: Sequence[str], parts: Sequence[str], tail: str = "") -> str:
    head = f"{HEADER}{docstring(doc)}\n"
    body = [part for part in ("\n".join(imports), tail) if part]
    text = "\n".join([head, "\n\n".join(body)]) if body else head
    return "\n\n\n".join([text.rstrip("\n"), *parts]) + "\n"


def _imports(fields: Sequence[Field], *, typing: Sequence[str], groups: Sequence[str] = ()) -> list[str]:
    """The import lines of a module with these properties; ``groups``: from where nested types come."""
    mentioned = [each for field in fields for each in _flat(field.type)]
    abstract = [name for kind, name in ((MapOf, "Mapping"), (ListOf, "Sequence")) if _has(mentioned, kind)]
    enums = sorted({each.enum.__name__ for each in mentioned if isinstance(each, Choice)})
    nested = sorted({each.nested.__name__ for each in mentioned if isinstance(each, Group)})
    standard = [f"from collections.abc import {', '.join(abstract)}"] if abstract else []
    standard += [f"from typing import {', '.join(typing)}"] if typing else []
    local = [import_line(".enums", enums)] if enums else []
    if nested and "inputs" in groups:
        local.append(import_line(".inputs", [f"{name}Args" for name in nested]))
    if nested and "outputs" in groups:
        local.append(import_line(".outputs", nested))
    sections = ["\n".join(standard), "import pulumi", "\n".join(local)]
    return ["\n\n".join(section for section in sections if section)]


def _inner_first(groups: Sequence[type[Nested]]) -> list[type[Nested]]:
    """Groups in an order in which each stands after those that it contains."""
    ordered: list[type[Nested]] = []

    def add(nested: type[Nested]) -> None:
        for field in fields_of(nested):
            for inner in _flat(field.type):
                if isinstance(inner, Group):
                    add(inner.nested)
        if nested not in ordered:
            ordered.append(nested)

    for each in groups:
        add(each)
    return ordered


def _flat(type: ValueType) -> list[ValueType]:
    inner = _flat(type.item) if isinstance(type, ListOf | MapOf) else []
    return [type, *inner]


def _has(types: Sequence[ValueType], kind: type) -> bool:
    return any(isinstance(each, kind) for each in types)


# --- properties ------------------------------------------------------------------------------------------------------


def _plain_type(type: ValueType, *, given: bool) -> str:
    """The type of a value; ``given``: as a program may give it, with outputs of other resources inside."""
    match type:
        case Scalar():
            return type.python.__name__
        case Choice():
            return f"{type.enum.__name__} | str" if given else type.enum.__name__
        case Group():
            return f"{type.nested.__name__}Args" if given else type.nested.__name__
        case ListOf():
            item = _plain_type(type.item, given=given)
            return f"Sequence[pulumi.Input[{item}]]" if given else f"Sequence[{item}]"
        case MapOf():
            item = _plain_type(type.item, given=given)
            return f"Mapping[str, pulumi.Input[{item}]]" if given else f"Mapping[str, {item}]"


def _input_type(field: Field) -> str:
    plain = _plain_type(field.type, given=True)
    return f"pulumi.Input[{plain}]" if field.required else f"pulumi.Input[{plain} | None]"


def _output_type(field: Field) -> str:
    plain = _plain_type(field.type, given=False)
    return plain if field.required or field.default is not None else f"{plain} | None"


def _declared(name: str, type: str, field: Field) -> str:
    default = "" if field.required or not type.startswith("pulumi.Input") else ", default=None"
    return call(f"{name}: {type} = pulumi.property", f"{json.dumps(field.wire_name)}{default}", 4)


def _described(field: Field, *, given: bool) -> str:
    """The documentation of a property, with what its declaration says beside it."""
    parts = [field.mark.doc.strip()]
    if given and field.default not in (None, [], {}, "") and "default" not in field.mark.doc.lower():
        shown = json.dumps(field.default) if not isinstance(field.default, StrEnum) else field.default.value
        parts.append(f"Default: {shown}.")
    if given and field.mark.replaces:
        parts.append("A change makes a new resource.")
    return " ".join(part if part.endswith((".", "!", "?")) else f"{part}." for part in parts)


def _parameter(field: Field) -> str:
    return f"{field.name}: {_input_type(field)}{'' if field.required else ' = None'}"


def _parameter_docs(fields: Sequence[Field]) -> str:
    return "\n".join(f":param {field.name}: {_described(field, given=True)}" for field in fields)


def _guarded(field: Field) -> str:
    """The value of a parameter; one that is always a secret becomes one before it leaves the program."""
    if not field.mark.secret:
        return field.name
    secret = f"pulumi.Output.secret({field.name})"
    return secret if field.required else f"None if {field.name} is None else {secret}"


# --- modules ---------------------------------------------------------------------------------------------------------


def _resource_module(provider: Provider, resource: type[Resource[Any, Any]]) -> str:
    name = class_of(resource)
    inputs, outputs = fields_of(resource.inputs_type), fields_of(resource.state_type)
    imports = _imports(outputs, typing=["Any", "Self", "cast"], groups=["inputs", "outputs"])
    attributes = [f"{_declared(field.name, f'pulumi.Output[{_output_type(field)}]', field)}" for field in outputs]
    documented = [
        f"{line}\n{docstring(_described(field, given=False), 4)}"
        for line, field in zip(attributes, outputs, strict=True)
    ]
    parts = [
        f"class {name}(pulumi.CustomResource):\n{docstring(doc_of(resource) or name, 4)}\n",
        "\n".join(documented),
        "",
        _initializer(resource, inputs),
        "",
        _getter(resource),
    ]
    token = f"_TOKEN = {json.dumps(resource.token)}"
    text = f"The resource {name} of {provider.display_name}."
    return _module(text, imports, [_inputs_class(name, inputs), "\n".join(parts)], tail=token)


def _inputs_class(name: str, fields: Sequence[Field]) -> str:
    """Only the names and types by which Pulumi serializes the inputs: nobody makes one by hand."""
    lines = "\n".join(_declared(field.name, _input_type(field), field) for field in fields)
    return f"@pulumi.input_type\nclass _{name}Inputs:\n{lines or '    pass'}"


def _initializer(resource: type[Resource[Any, Any]], fields: Sequence[Field]) -> str:
    name = class_of(resource)
    parameters = [
        "self",
        "resource_name: str",
        "opts: pulumi.ResourceOptions | None = None",
        *(["*"] if fields else []),
        *map(_parameter, fields),
    ]
    signature = block("def __init__(", parameters, ") -> None:", 4)
    values = [f"{field.name}={_guarded(field)}" for field in fields]
    head = ":param resource_name: Its name in the program.\n:param opts: Options of the resource."
    doc = docstring(f"Declare it.\n\n{head}\n{_parameter_docs(fields)}", 8)
    lines = [
        signature,
        doc,
        f"        values = _{name}Inputs.__new__(_{name}Inputs)",
        block("values.__dict__.update(", [f"dict.fromkeys({name}.__annotations__)", *values], ")", 8),
    ]
    if resource.aliases:
        aliases = ", ".join(f"pulumi.Alias(type_={json.dumps(alias)})" for alias in resource.aliases)
        merged = f"pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(aliases=[{aliases}]))"
        lines.append(f"        opts = {merged}")
    lines.append('        super().__init__(_TOKEN, resource_name, cast("Any", values), opts)')
    return "\n".join(lines)


def _getter(resource: type[Resource[Any, Any]]) -> str:
    name = class_of(resource)
    lines = [
        "    @classmethod",
        block(
            "def get(",
            ["cls", "resource_name: str", "id: pulumi.Input[str]", "opts: pulumi.ResourceOptions | None = None"],
            ") -> Self:",
            4,
        ),
        docstring(f"An existing {name}, by its id: it is read, and never changed by the program.", 8),
        f"        values = _{name}Inputs.__new__(_{name}Inputs)",
        f"        values.__dict__.update(dict.fromkeys({name}.__annotations__))",
        "        merged = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=id))",
        "        found = cls.__new__(cls)",
        '        pulumi.CustomResource.__init__(found, _TOKEN, resource_name, cast("Any", values), merged)',
        "        return found",
    ]
    return "\n".join(lines)


def _provider_module(provider: Provider) -> str:
    fields = fields_of(provider.config_type)
    imports = _imports(fields, typing=["Any", "cast"], groups=["inputs"])
    parameters = [
        "self",
        "resource_name: str",
        "opts: pulumi.ResourceOptions | None = None",
        *(["*"] if fields else []),
        *map(_parameter, fields),
    ]
    values = [f"{field.name}={_configured(field)}" for field in fields]
    head = ":param resource_name: Its name in the program.\n:param opts: Options of the resource."
    doc = f"Declare it.\n\n{head}\n{_parameter_docs(fields)}"
    lines = [
        "class Provider(pulumi.ProviderResource):",
        docstring(f"{provider.display_name}, configured in the program instead of in the stack's configuration.", 4),
        "",
        block("def __init__(", parameters, ") -> None:", 4),
        docstring(doc, 8),
        "        values = _ProviderInputs.__new__(_ProviderInputs)",
        block("values.__dict__.update(", values, ")", 8),
        f'        super().__init__({json.dumps(provider.name)}, resource_name, cast("Any", values), opts)',
    ]
    optional = [replace(field, required=False) for field in fields]
    text = f"The provider of {provider.display_name}."
    return _module(text, imports, [_inputs_class("Provider", optional), "\n".join(lines)])


def _configured(field: Field) -> str:
    """Configuration is text to the engine: other types travel as JSON."""
    if field.type == Scalar(str) or isinstance(field.type, Choice):
        return _guarded(field)
    return f"None if {field.name} is None else pulumi.Output.json_dumps({field.name})"


def _types_module(doc: str, groups: Sequence[type[Nested]], parts: Sequence[str]) -> str:
    fields = [field for each in groups for field in fields_of(each)]
    return _module(doc, _imports(fields, typing=[]) if groups else [], parts)


def _enum_imports(enums: Sequence[type[StrEnum]]) -> list[str]:
    return ["from enum import StrEnum"] if enums else []


def _enum(enum: type[StrEnum]) -> str:
    members = "\n".join(f"    {member.name} = {json.dumps(member.value)}" for member in enum)
    return f"class {enum.__name__}(StrEnum):\n{docstring(doc_of(enum) or enum.__name__, 4)}\n\n{members}"


def _input_group(nested: type[Nested]) -> str:
    fields = fields_of(nested)
    lines = [
        "@pulumi.input_type",
        f"class {nested.__name__}Args:",
        docstring(doc_of(nested) or nested.__name__, 4),
        "",
        *(_declared(field.name, _input_type(field), field) for field in fields),
        "",
        block("def __init__(", ["self", "*", *map(_parameter, fields)], ") -> None:", 4),
        docstring(f"Give it as an input.\n\n{_parameter_docs(fields)}", 8),
        block("self.__dict__.update(", [f"{field.name}={_guarded(field)}" for field in fields], ")", 8),
    ]
    return "\n".join(lines)


def _output_group(nested: type[Nested]) -> str:
    fields = fields_of(nested)
    lines = [
        f"{_declared(field.name, _output_type(field), field)}\n{docstring(_described(field, given=False), 4)}"
        for field in fields
    ]
    head = f"@pulumi.output_type\nclass {nested.__name__}:\n{docstring(doc_of(nested) or nested.__name__, 4)}"
    return "\n".join([head, "", *lines])
