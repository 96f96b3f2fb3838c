"""Write the page of all components, ``docs/components-reference.md``: ``python -m tools.component_reference``.

Owns the layout alone: arguments and outputs are those of the components' Pulumi package, which follow from their
classes. With ``--check`` nothing is written: the exit code is 1 when the page is out of date.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from components.plugin.parts import PARTS
from railyard.shared.files import write_or_check
from tools.schema_tables import Schema, SchemaTables, prose

NAME: Final = "docs/components-reference.md"
SCHEMA_FILE: Final = Path(__file__).parents[1] / "components" / "plugin" / "schema.json"
_HEAD: Final = """\
<!-- Generated from the classes of the components. Do not edit: change those, and call make generate. -->

# All components

Every component with its arguments and outputs; [components](components.md) says what each is for. Names are those of
settings and of other languages, `projectId`; in Python it is `project_id`, in a class of arguments called `BucketArgs`.

## Components
"""
_TYPES: Final = "## Groups of arguments\n"
"""The heading above what several components' arguments are made of."""


def page() -> str:
    """Return the text of the page."""
    package = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    components = {_name(token): _arguments(_name(token), schema) for token, schema in package["resources"].items()}
    types = {_name(token): schema for token, schema in package["types"].items()}
    tables = SchemaTables({**components, **types}, ("Service", "Postgres"))
    outputs = {_name(token): _outputs(tables, schema["properties"]) for token, schema in package["resources"].items()}
    sections = [f"{tables.section(name)}{outputs[name]}" for name in components]
    return "\n".join([_HEAD, *sections, _TYPES, *map(tables.section, types)])


def _name(token: str) -> str:
    return token.rpartition(":")[2]


def _arguments(name: str, schema: Schema) -> Schema:
    """Return what a component takes, with the defaults of its settings, which a Pulumi package does not tell."""
    settings = PARTS[name].settings.model_json_schema(by_alias=True).get("properties", {})
    defaults = {key: {"default": each["default"]} for key, each in settings.items() if "default" in each}
    return {
        "description": schema["description"],
        "properties": {key: {**each, **defaults.get(key, {})} for key, each in schema["inputProperties"].items()},
        "required": schema["requiredInputs"],
    }


def _outputs(tables: SchemaTables, properties: Mapping[str, Any]) -> str:
    rows = "".join(
        f"| `{key}` | {tables.type_of(schema)} | {prose(schema.get('description', ''))} |\n"
        for key, schema in properties.items()
    )
    return f"\n| output | type | meaning |\n| --- | --- | --- |\n{rows}" if rows else ""


if __name__ == "__main__":
    sys.exit(write_or_check(NAME, page(), sys.argv[1:]))
