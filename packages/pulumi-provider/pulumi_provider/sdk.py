"""The Python SDK, derived from the declarations: what a Pulumi program imports.

Owns the text of the generated modules: one per resource, ``inputs``, ``outputs``, ``enums``, the provider and the
package itself. The text passes the project's formatter and type checker as it is. There is no ``pulumi-plugin.json``:
with it, ``pulumi install`` would look for the plugin on the network although the project names its path.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any, Final

from .declaration import Nested, Provider, Resource
from .naming import snake_case
from .properties import Choice, Field, Scalar, fields_of
from .python_text import block, docstring, import_line
from .schema import doc_of, input_classes, output_classes, types_in, used_types
from .sdk_functions import exported_names, function_module, function_module_of
from .sdk_parts import (
    declared_property,
    described,
    guarded,
    imports_of,
    inner_first,
    input_type,
    module_text,
    output_type,
    parameter,
    parameter_docs,
    required_first,
)

_PROVIDER_MODULE: Final = "configured_provider"
_WIDTH: Final = 120
_WHY_NEW: Final = "# As in SDKs that Pulumi generates: outputs are keys without values, and no parameters."


def sdk_modules(provider: Provider) -> Mapping[str, str]:
    """Return file name → text of every generated module of the package."""
    _, enums = used_types(provider)
    inputs = inner_first(types_in(input_classes(provider))[0])
    outputs = inner_first(types_in(output_classes(provider))[0])
    modules = {f"{module_of(resource)}.py": _resource_module(provider, resource) for resource in provider.resources}
    modules |= {f"{function_module_of(each)}.py": function_module(provider, each) for each in provider.functions}
    modules[f"{_PROVIDER_MODULE}.py"] = _provider_module(provider)
    modules["enums.py"] = module_text("Closed sets of values.", _enum_imports(enums), [_enum(each) for each in enums])
    modules["inputs.py"] = _types_module("Groups of inputs.", inputs, [_input_group(each) for each in inputs])
    modules["outputs.py"] = _types_module("Groups of outputs.", outputs, [_output_group(each) for each in outputs])
    modules["__init__.py"] = _package(provider, inputs, outputs, enums)
    modules["py.typed"] = ""
    return dict(sorted(modules.items()))


def class_of(resource: type[Resource[Any, Any]]) -> str:
    """Return ``railway:index:ServiceDomain`` → ``ServiceDomain``."""
    return resource.token.rpartition(":")[2]


def module_of(resource: type[Resource[Any, Any]]) -> str:
    """Return ``railway:index:ServiceDomain`` → ``service_domain``."""
    return snake_case(class_of(resource)).lstrip("_")


def _package(
    provider: Provider,
    input_groups: Sequence[type[Nested]],
    output_groups: Sequence[type[Nested]],
    enums: Sequence[type[StrEnum]],
) -> str:
    imported = {module_of(each): [class_of(each)] for each in provider.resources}
    imported |= {function_module_of(each): exported_names(each) for each in provider.functions}
    imported[_PROVIDER_MODULE] = ["Provider"]
    if enums:
        imported["enums"] = [each.__name__ for each in enums]
    if input_groups:
        imported["inputs"] = [f"{each.__name__}Args" for each in input_groups]
    if output_groups:
        imported["outputs"] = [each.__name__ for each in output_groups]
    names = sorted(name for each in imported.values() for name in each)
    imports = [import_line(f".{module}", each) for module, each in sorted(imported.items())]
    listed = block("__all__ = [", [json.dumps(name) for name in names], "]")
    contents = "its resources and functions" if provider.functions else "its resources"
    text = f"{provider.display_name} for Pulumi programs: {contents}, and the types that they take and give."
    return module_text(text, imports, [], tail=listed)


# --- modules ---------------------------------------------------------------------------------------------------------


def _resource_module(provider: Provider, resource: type[Resource[Any, Any]]) -> str:
    name = class_of(resource)
    inputs, outputs = fields_of(resource.inputs_type), fields_of(resource.state_type)
    imports = imports_of(inputs, outputs, typing=["Any", "Self", "cast"])
    attributes = [
        f"{declared_property(field.name, f'pulumi.Output[{output_type(field)}]', field)}" for field in outputs
    ]
    documented = [
        f"{line}\n{docstring(described(field, is_input=False), 4)}"
        for line, field in zip(attributes, outputs, strict=True)
    ]
    blocks = [
        f"class {name}(pulumi.CustomResource):\n{docstring(doc_of(resource) or name, 4)}\n",
        "\n".join(documented),
        "",
        _initializer(resource, inputs),
        "",
        _getter(resource),
    ]
    token = f"_TOKEN = {json.dumps(resource.token)}"
    text = f"The resource {name} of {provider.display_name}."
    return module_text(text, imports, [_inputs_class(name, inputs), "\n".join(blocks)], tail=token)


def _inputs_class(name: str, fields: Sequence[Field]) -> str:
    """Return a class of the names and types by which Pulumi serializes the inputs; programs do not see it."""
    lines = "\n".join(declared_property(field.name, input_type(field), field) for field in required_first(fields))
    return f"@pulumi.input_type\nclass _{name}Inputs:\n{lines or '    pass'}"


def _initializer(resource: type[Resource[Any, Any]], fields: Sequence[Field]) -> str:
    name = class_of(resource)
    parameters = [
        "self",
        "resource_name: str",
        "opts: pulumi.ResourceOptions | None = None",
        *(["*"] if fields else []),
        *map(parameter, fields),
    ]
    signature = block("def __init__(", parameters, ") -> None:", 4)
    values = [f"{field.name}={guarded(field)}" for field in fields]
    head = ":param resource_name: Its name in the program.\n:param opts: Options of the resource."
    doc = docstring(f"Declare the resource.\n\n{head}\n{parameter_docs(fields)}", 8)
    lines = [
        signature,
        doc,
        f"        {_WHY_NEW}",
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
        docstring(f"Look up an existing {name} by its id: it is read, and never changed by the program.", 8),
        f"        values = _{name}Inputs.__new__(_{name}Inputs)",
        f"        values.__dict__.update(dict.fromkeys({name}.__annotations__))",
        "        merged = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=id))",
        "        resource = cls.__new__(cls)",
        '        pulumi.CustomResource.__init__(resource, _TOKEN, resource_name, cast("Any", values), merged)',
        "        return resource",
    ]
    return "\n".join(lines)


def _provider_module(provider: Provider) -> str:
    fields = fields_of(provider.config_type)
    imports = imports_of(fields, [], typing=["Any", *(["Final"] if fields else []), "cast"])
    parameters = [
        "self",
        "resource_name: str",
        "opts: pulumi.ResourceOptions | None = None",
        *(["*"] if fields else []),
        *map(parameter, fields),
    ]
    values = [f"{field.name}={_configured(field)}" for field in fields]
    head = ":param resource_name: Its name in the program.\n:param opts: Options of the resource."
    doc = f"Declare the provider.\n\n{head}\n{parameter_docs(fields)}"
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
    keys = [
        "CONFIGURATION: Final = {",
        *map(_configuration_key, fields),
        "}",
        '"""Each key of its configuration in the settings of a stack, with its meaning."""',
    ]
    return module_text(
        text, imports, [_inputs_class("Provider", optional), "\n".join(lines)], tail="\n".join(keys) if fields else ""
    )


def _configuration_key(field: Field) -> str:
    """Return the entry of a key, its meaning on as many lines as it takes."""
    name, doc = json.dumps(field.wire_name), json.dumps(field.mark.doc, ensure_ascii=False)
    if len(line := f"    {name}: {doc},") <= _WIDTH:
        return line
    pieces = textwrap.wrap(field.mark.doc, _WIDTH - 12)
    texts = [f"{piece} " for piece in pieces[:-1]] + pieces[-1:]
    lines = [f"        {json.dumps(text, ensure_ascii=False)}" for text in texts]
    return "\n".join([f"    {name}: (", *lines, "    ),"])


def _configured(field: Field) -> str:
    """Return the value as text, which configuration is to the engine: other types travel as JSON."""
    if field.type == Scalar(str) or isinstance(field.type, Choice):
        return guarded(field)
    return f"None if {field.name} is None else pulumi.Output.json_dumps({field.name})"


def _types_module(doc: str, groups: Sequence[type[Nested]], classes: Sequence[str]) -> str:
    fields = [field for each in groups for field in fields_of(each)]
    return module_text(doc, imports_of(fields, [], typing=[], groups=False) if groups else [], classes)


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
        *(declared_property(field.name, input_type(field), field) for field in required_first(fields)),
        "",
        block("def __init__(", ["self", "*", *map(parameter, fields)], ") -> None:", 4),
        docstring(f"Give it as an input.\n\n{parameter_docs(fields)}", 8),
        block("self.__dict__.update(", [f"{field.name}={guarded(field)}" for field in fields], ")", 8),
    ]
    return "\n".join(lines)


def _output_group(nested: type[Nested]) -> str:
    fields = fields_of(nested)
    lines = [
        f"{declared_property(field.name, output_type(field), field)}\n{docstring(described(field, is_input=False), 4)}"
        for field in fields
    ]
    head = f"@pulumi.output_type\nclass {nested.__name__}:\n{docstring(doc_of(nested) or nested.__name__, 4)}"
    return "\n".join([head, "", *lines])
