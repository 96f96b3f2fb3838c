"""The pages of the resources, derived from the declarations: what a person reads before using one.

Owns their text and layout, in Markdown: a page for each resource and an index. The examples are programs of their own,
handed in as text, so that they can be run. What the declarations do not say, the pages do not say either.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from .declaration import Function, Nested, Provider, Resource
from .properties import Choice, Field, Group, ListOf, MapOf, Scalar, ValueType, fields_of, output_fields
from .schema import doc_of, mentioned, python_package
from .sdk import class_of, module_of
from .sdk_functions import function_module_of, gives_secrets

PAGE_HEADER: Final = (
    "<!-- Generated from the declarations of the provider. Do not edit: change those, and generate again. -->\n"
)
INDEX: Final = "README.md"
_ID: Final = re.compile(r"\s*Its id is (?P<form>.+?)\.?\s*$", re.DOTALL)
"""The end of a resource's docstring: the form of the id, which an import needs."""
_DEFAULT: Final = re.compile(r"\.\s+Default: (?P<default>.+?)(?P<source> \([^()]*\))?(?:\.(?=\s|$)|$)", re.DOTALL)
"""The sentence of a property's documentation that has a column of its own."""
_CODE: Final = re.compile(r"(\$\{\{.*?\}\}|\*\.[\w.]*\w|[\w.=-]*<[^<>]+>(?:[\w./=-]*\w)?)")
"""Characters that Markdown reads as HTML or emphasis."""
_MARKS: Final = """\
Marks:

- **replaces**: a change makes a new resource and deletes the old one.
- **secret**: encrypted in the state, whoever gives it.
- **write-only**: the API never gives it back, so a refresh cannot see that somebody else changed it.
"""


_CALLED: Final = "The API is asked when the program calls, in a preview too; nothing is changed by it."


def resource_pages(provider: Provider, examples: Mapping[str, str]) -> Mapping[str, str]:
    """Return file name → text: the index, and a page for each resource and function with its example."""
    pages = {
        f"{module_of(each)}.md": _page(provider, each, examples.get(module_of(each), "")) for each in provider.resources
    }
    for function in provider.functions:
        name = function_module_of(function)
        pages[f"{name}.md"] = _function_page(provider, function, examples.get(name, ""))
    return {INDEX: _index(provider), **dict(sorted(pages.items()))}


def _index(provider: Provider) -> str:
    package = python_package(provider)
    listed = "\n".join(
        f"- [{class_of(each)}]({module_of(each)}.md): {_prose(_split(each).description)}" for each in provider.resources
    )
    functions = sorted(provider.functions, key=lambda each: each.token)
    called = "\n".join(
        f"- [{function_module_of(each)}]({function_module_of(each)}.md): {_prose(' '.join(doc_of(each).split()))}"
        for each in functions
    )
    fields = fields_of(provider.config_type)
    rows = [_row(field, name=f"{provider.name}:{field.wire_name}") for field in fields]
    sections = [
        f"# Resources of {provider.display_name}",
        f"{_prose(provider.description)}\nIn Python: `import {package}`.",
        listed,
        *(["## Functions", _CALLED, called] if called else []),
        "Names are those of Python.\n"
        "Other languages and all messages write them as one word, `service_id` as `serviceId`.",
        _MARKS.rstrip(),
        "## Configuration",
        _table(("Key", "Type", "Default", "Meaning", "Marks"), rows),
        *_types(fields, level=3),
    ]
    return _text(sections)


def _function_page(provider: Provider, function: type[Function[Any, Any]], example: str) -> str:
    name, package = function_module_of(function), python_package(provider)
    inputs, results = fields_of(function.inputs_type), fields_of(function.result_type)
    forms = f"`{package}.{name}_output(...)`, which takes and gives outputs"
    if not gives_secrets(function):
        forms = f"`{package}.{name}(...)`, or {forms}"
    sections = [
        f"# {name}",
        _sentences(_prose(doc_of(function))),
        f"Function `{function.token}`, in Python {forms}.\n{_CALLED}",
        *(["## Example", f"```python\n{example.strip()}\n```"] if example.strip() else []),
        "## Inputs",
        _table(("Name", "Type", "Default", "Meaning", "Marks"), [_row(field) for field in inputs])
        if inputs
        else "None.",
        "## Result",
        _table(("Name", "Type", "Meaning", "Marks"), list(map(_output_row, results))),
        *_types([*inputs, *results], level=2),
        f"[All resources]({INDEX})",
    ]
    return _text(sections)


def _page(provider: Provider, resource: type[Resource[Any, Any]], example: str) -> str:
    about = _split(resource)
    inputs, outputs = fields_of(resource.inputs_type), output_fields(resource.inputs_type, resource.state_type)
    sections = [
        f"# {class_of(resource)}",
        about.description and _sentences(_prose(about.description)),
        _facts(provider, resource),
        *(["## Example", f"```python\n{example.strip()}\n```"] if example.strip() else []),
        "## Inputs",
        _table(("Name", "Type", "Default", "Meaning", "Marks"), [_row(field) for field in inputs]),
        "## Outputs",
        "All inputs, and:",
        _table(("Name", "Type", "Meaning", "Marks"), [_id_row(about), *map(_output_row, outputs)]),
        *_types([*inputs, *outputs], level=2),
        "## Import",
        f"```sh\npulumi import {resource.token} <resource name> '{about.id_form}'\n```",
        f"[All resources]({INDEX})",
    ]
    return _text(sections)


@dataclass(frozen=True)
class _ResourceDoc:
    """The docstring of a resource."""

    description: str
    id_form: str


def _split(resource: type[Resource[Any, Any]]) -> _ResourceDoc:
    doc = " ".join(doc_of(resource).split())
    match = _ID.search(doc)
    if match is None:
        return _ResourceDoc(doc, "<id>")
    form = match["form"]
    return _ResourceDoc(doc[: match.start()].strip(), form if "<" in form else "<id>")


def _facts(provider: Provider, resource: type[Resource[Any, Any]]) -> str:
    minutes = resource.default_timeout_s / 60
    lines = [
        f"Type `{resource.token}`, in Python `{python_package(provider)}.{class_of(resource)}`.",
        f"An operation may take {minutes:g} minute{'s' if minutes != 1 else ''}, or what `customTimeouts` says.",
    ]
    if resource.delete_before_replace:
        but = f", unless `{'`, `'.join(sorted(resource.identity))}` changes" if resource.identity else ""
        lines.append(f"Two cannot exist at once: a replacement deletes the old one first{but}.")
    return "\n".join(lines)


# --- tables ----------------------------------------------------------------------------------------------------------


def _row(field: Field, *, name: str = "") -> Sequence[str]:
    description, default = _without_default(field)
    return f"`{name or field.name}`", _type(field.type), _prose(default), _prose(description), _marks(field)


def _output_row(field: Field) -> Sequence[str]:
    optional = "" if field.required or field.default is not None else ", if any"
    return f"`{field.name}`", f"{_type(field.type)}{optional}", _prose(field.mark.doc), _marks(field)


def _id_row(about: _ResourceDoc) -> Sequence[str]:
    description = "Its id." if about.id_form == "<id>" else f"`{about.id_form}`"
    return "`id`", "`str`", description, ""


def _marks(field: Field) -> str:
    mark = field.mark
    marks = {"replaces": mark.replaces, "secret": mark.secret, "write-only": mark.write_only}
    return ", ".join(name for name, holds in marks.items() if holds)


def _without_default(field: Field) -> tuple[str, str]:
    """Return the documentation without its sentence about the default, and the default."""
    doc = field.mark.doc.strip()
    match = _DEFAULT.search(doc)
    if match is not None:
        return f"{doc[: match.start()]}{match['source'] or ''}.{doc[match.end() :]}", match["default"]
    if field.required:
        return doc, "required"
    if field.default in (None, [], {}):
        return doc, "none"
    return doc, field.default.value if isinstance(field.default, StrEnum) else json.dumps(field.default)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; an empty column is left out."""
    filled = list(rows)
    columns = [index for index in range(len(head)) if any(row[index] for row in filled)]
    lines = [[row[index] for index in columns] for row in (head, ["---"] * len(head), *filled)]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


# --- types -----------------------------------------------------------------------------------------------------------


def _type(type: ValueType) -> str:
    match type:
        case Scalar():
            return f"`{type.python.__name__}`"
        case Choice():
            return _link(type.enum)
        case Group():
            return _link(type.nested)
        case ListOf():
            return f"list of {_type(type.item)}"
        case MapOf():
            return f"map of {_type(type.item)}"


def _link(declared: type[Nested | StrEnum]) -> str:
    return f"[{declared.__name__}](#{declared.__name__.lower()})"


def _types(fields: Sequence[Field], *, level: int) -> list[str]:
    """Return a section for each group and each closed set that these properties mention."""
    sections: list[str] = []
    for each in dict.fromkeys(each for field in fields for each in mentioned(field.type)):
        sections += [f"{'#' * level} {each.__name__}", _sentences(_prose(doc_of(each))), _members(each)]
    return sections


def _members(declared: type[Nested | StrEnum]) -> str:
    if issubclass(declared, StrEnum):
        return "\n".join(f"- `{member.value}`" for member in declared)
    rows = [_row(field) for field in fields_of(declared)]
    return _table(("Name", "Type", "Default", "Meaning", "Marks"), rows)


# --- text ------------------------------------------------------------------------------------------------------------


def _prose(text: str) -> str:
    """Return text of a declaration as Markdown; what looks like code to Markdown becomes code."""
    parts = _CODE.split(" ".join(text.split()))
    return "".join(f"`{part}`" if index % 2 else re.sub(r"([*<\\])", r"\\\1", part) for index, part in enumerate(parts))


def _sentences(text: str) -> str:
    """Return each sentence on a line of its own."""
    return re.sub(r"(?<=[.!?]) (?=[A-Z])", "\n", text)


def _text(sections: Sequence[str]) -> str:
    return "\n\n".join([PAGE_HEADER.rstrip("\n"), *(section for section in sections if section)]) + "\n"
