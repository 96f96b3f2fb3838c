"""Write the examples of the components, ``docs/components/<name>.md``: ``python -m tools.component_examples``.

Owns how the resources of ``docs/components/examples.yaml`` read as a program in Python, in TypeScript and in YAML. With
``--check`` nothing is written: the exit code is 1 when a page is out of date.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

import yaml
from pydantic.alias_generators import to_snake

from components.plugin import schema as package
from components.plugin.parts import PARTS, token_of
from components.service_kind import ServiceSettings
from railyard.shared.files import write_or_check
from railyard.shared.project import project_directory

FOLDER: Final = "docs/components"
_HEAD: Final = "<!-- Generated from examples.yaml. Do not edit: change that, and call make generate. -->\n"
REFERENCE: Final = re.compile(r"\$\{(\w+)(?:\.(\w+))?\}")
_EXAMPLES: Final = (project_directory() / FOLDER / "examples.yaml").read_text(encoding="utf-8")
RESOURCES: Final[Mapping[str, Mapping[str, Any]]] = yaml.safe_load(_EXAMPLES)["resources"]
SCHEMA: Final = package.schema("0.0.0")
NAMES: Final = {token_of(name): name for name in PARTS}
"""Type token → name of the component."""


def example_of(component: str) -> str:
    """Return the name of the resource that shows a component."""
    return next(name for name, each in RESOURCES.items() if each["type"] == token_of(component))


def every() -> list[str]:
    """Return all resources, each after those to which it refers."""
    return list(dict.fromkeys(each for name in RESOURCES for each in needed(name)))


def needed(resource: str) -> list[str]:
    """Return a resource and those that it refers to, in the order in which they are made."""
    references = {name for name, _ in REFERENCE.findall(json.dumps(RESOURCES[resource])) if name in RESOURCES}
    before = [each for name in RESOURCES if name in references for each in needed(name)]
    return list(dict.fromkeys([*before, resource]))


def in_yaml(names: list[str]) -> str:
    """Return the resources as a program in Pulumi YAML."""
    blocks = dict(re.findall(r"^  (\w+):\n((?:    .*\n)+)", _EXAMPLES, re.MULTILINE))
    secret = "config:\n  password: {type: string, secret: true}\n" if _has_password(names) else ""
    resources = "".join(f"  {name}:\n{blocks[name]}" for name in names)
    return f"name: shop\nruntime: yaml\n{secret}resources:\n{resources}"


def in_typescript(names: list[str]) -> str:
    """Return the resources as a program in TypeScript."""
    modules = sorted({RESOURCES[name]["type"].split(":")[1] for name in names})
    lines = ['import * as pulumi from "@pulumi/pulumi";'] if _has_password(names) else []
    lines += [f'import {{ {", ".join(modules)} }} from "@pulumi/railyard";', ""]
    lines += ['const password = new pulumi.Config().requireSecret("password");'] if _has_password(names) else []
    for name in names:
        _, module, kind = RESOURCES[name]["type"].split(":")
        inputs = RESOURCES[name]["properties"].items()
        lines += [f'const {name} = new {module}.{kind}("{name}", {{']
        lines += [*(f"    {key}: {_typescript(value)}," for key, value in inputs), "});"]
    return "\n".join(lines) + "\n"


def _typescript(value: Any) -> str:
    if isinstance(value, Mapping):
        pairs = cast("Mapping[str, Any]", value).items()
        return f"{{ {', '.join(f'{key}: {_typescript(each)}' for key, each in pairs)} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_typescript, cast('list[Any]', value)))}]"
    reference = REFERENCE.fullmatch(value) if isinstance(value, str) else None
    return ".".join(filter(None, reference.groups())) if reference else json.dumps(value)


def in_python(names: list[str]) -> str:
    """Return the resources as a program in Python, as the formatter leaves it."""
    imports, statements = dict[str, set[str]](), list[str]()
    for name in names:
        statements.append(f"{name} = {_Resource(name, imports).text()}")
    head = "import pulumi\n\n" if _has_password(names) else ""
    lines = [f"from {module} import {', '.join(sorted(each))}" for module, each in sorted(imports.items())]
    secret = 'password = pulumi.Config().require_secret("password")\n' if _has_password(names) else ""
    text = f"{head}{chr(10).join(lines)}\n\n{secret}{chr(10).join(statements)}\n"
    formatted = [sys.executable, "-m", "ruff", "format", "--quiet", "-"]
    return subprocess.run(formatted, input=text, capture_output=True, text=True, check=True).stdout


class _Resource:
    """A resource as an expression in Python; what that needs is added to ``imports``."""

    def __init__(self, name: str, imports: dict[str, set[str]]) -> None:
        self._name, self._imports = name, imports
        self._component = NAMES[RESOURCES[name]["type"]]
        self._schema = SCHEMA["resources"][RESOURCES[name]["type"]]["inputProperties"]

    def text(self) -> str:
        properties = dict(RESOURCES[self._name]["properties"])
        settings = PARTS[self._component].settings
        arguments: list[str] = []
        if issubclass(settings, ServiceSettings):
            arguments_of = "StaticSite" if self._component == "StaticSite" else "Service"
            self._imports.setdefault("components.service", set()).add("Service")
            self._imports.setdefault(_module(arguments_of), set()).add(f"{arguments_of}Args")
            if settings is not ServiceSettings and arguments_of == "Service":
                self._imports.setdefault(settings.__module__, set()).add(settings.__name__)
                arguments.append(f"kind={settings.__name__}")
            component = "Service"
        else:
            component = arguments_of = self._component
            self._imports.setdefault(_module(arguments_of), set()).update((arguments_of, f"{arguments_of}Args"))
        arguments = [*self._arguments(properties), *arguments]
        return f'{component}("{self._name}", {arguments_of}Args({", ".join(arguments)}))'

    def _arguments(self, properties: Mapping[str, Any]) -> Iterator[str]:
        for key, value in properties.items():
            if key in ("projectId", "serviceId") or (key == "zoneId" and self._component != "Zone"):
                service = ".service_id" if key == "serviceId" else ""
                yield f"{key.removesuffix('Id')}={_owner(value)}{service}"
            elif key == "zones":
                yield f"zones=[{', '.join(_owner(each['zoneId']) for each in value)}]"
            elif key != "environmentId":
                yield f"{'id' if key == 'zoneId' else to_snake(key)}={self._python(value, self._schema[key])}"

    def _python(self, value: Any, declared: Mapping[str, Any]) -> str:
        if isinstance(value, list):
            return f"[{', '.join(self._python(each, declared['items']) for each in cast('list[Any]', value))}]"
        if isinstance(value, Mapping) and "$ref" in declared:
            group = declared["$ref"].rpartition(":")[2]
            fields = SCHEMA["types"][declared["$ref"].removeprefix("#/types/")]["properties"]
            self._imports.setdefault("components.inputs", set()).add(group)
            given = [
                f"{to_snake(key)}={self._python(each, fields[key])}"
                for key, each in cast("Mapping[str, Any]", value).items()
            ]
            return f"{group}({', '.join(given)})"
        if isinstance(value, Mapping):
            pairs = cast("Mapping[str, Any]", value).items()
            return f"{{{', '.join(f'{key!r}: {self._python(each, {})}' for key, each in pairs)}}}"
        reference = REFERENCE.fullmatch(value) if isinstance(value, str) else None
        if reference is None:
            return repr(value)
        owner, output = reference.groups()
        if output == "url":
            return f"{owner}.url" if RESOURCES[owner]["type"] == token_of("Redis") else f"{owner}.url()"
        return owner if output is None else f"{owner}.{to_snake(output)}"


def _owner(reference: str) -> str:
    """Return the resource to which a text such as ``${project.projectId}`` refers."""
    return REFERENCE.findall(reference)[0][0]


def _module(component: str) -> str:
    return {"Redirects": "components.redirect"}.get(component, f"components.{to_snake(component)}")


def _has_password(names: list[str]) -> bool:
    return any("${password}" in json.dumps(RESOURCES[name]) for name in names)


def page(component: str) -> str:
    """Return the page of a component."""
    declared = SCHEMA["resources"][token_of(component)]
    names = needed(example_of(component))
    sections = [_HEAD, f"# {component}\n", f"{declared['description']} Its type is `{token_of(component)}`.", ""]
    programs = {"python": in_python(names), "typescript": in_typescript(names), "yaml": in_yaml(names)}
    for language, text in programs.items():
        sections += [f"```{language}", text.rstrip(), "```", ""]
    anchor = component.lower()
    sections += [f"Inputs, outputs and defaults: [all components](../components-reference.md#{anchor}).", ""]
    return "\n".join(sections).rstrip() + "\n"


def index() -> str:
    """Return the page that lists the components, and says how a program gets them."""
    descriptions = {name: SCHEMA["resources"][token_of(name)]["description"] for name in sorted(PARTS)}
    rows = [f"| [{name}]({_file(name)}) | {doc} |" for name, doc in descriptions.items()]
    return "\n".join([_HEAD, _INDEX, "| component | what it is |", "| --- | --- |", *rows]) + "\n"


def _file(component: str) -> str:
    return f"{to_snake(component)}.md"


_INDEX: Final = """# Components in a program

The [components](../components.md) are for any program, in Python or in another language. Each has a page with an
example in Python, TypeScript and YAML; [all inputs and outputs](../components-reference.md) are on one page.

- **Python:** the wheel `railyard` has the folder `components`. `Name(name, args, opts)` makes a component.
- **TypeScript, Go, .NET, Java:** `pulumi package add <address of the repository>/components` makes an SDK. Where the
  wheel is installed, `pulumi package add <path of pulumi-resource-railyard>` does, too.
- **YAML:** a plugin on `PATH` is enough, `pulumi-resource-railyard` of the wheel.

Every input may be an Output, unless it decides which resources exist: then the schema calls it plain. In Python a
project, a zone and a service are handed over as they are, in other languages by their ids. What has to be healthy
before a service is deployed stands in `uses` in Python, and in the option `dependsOn` elsewhere.

Tests bring all examples up in the sandbox as one program: that in YAML with Pulumi's own engine and language host,
which `make tools` installs or builds, that in Python with the embedded engine. Pulumi's language host for TypeScript is
no Go module that can be had, so that no test runs those examples; they follow from the same declarations.
"""


def main() -> int:
    """Write the pages, or check them."""
    texts = {"README.md": index(), **{_file(name): page(name) for name in PARTS}}
    return max(write_or_check(f"{FOLDER}/{name}", text, sys.argv[1:]) for name, text in texts.items())


if __name__ == "__main__":
    sys.exit(main())
