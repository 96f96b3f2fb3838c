"""A JSON Schema of ``Pulumi.<stack>.yaml`` for editors.

``python -m stacks.schema`` writes it to ``docs/settings.schema.json``.

Owns the assembly alone: every name, type, limit and text comes from the models that read the settings.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, cast

from pydantic.json_schema import models_json_schema

from railway_api.plans import Plan
from stacks import python_systems
from stacks.own.settings import OwnSettings
from stacks.settings import PLAN_KEY, PROVIDER_KEYS, PROVIDER_NAMESPACE, StackKeys
from stacks.shared_settings import NAMESPACE

FILE: Final = Path(__file__).parent.parent / "docs" / "settings.schema.json"


def schema() -> dict[str, Any]:
    """Return the schema of a whole settings file."""
    settings = (*(system.SETTINGS for system in python_systems()), OwnSettings)
    models = [(model, "validation") for model in (StackKeys, *settings)]
    _, shared = models_json_schema(models, by_alias=True, ref_template="#/$defs/{model}")  # pyright: ignore[reportArgumentType]
    definitions = _of_one_file(_with_sorted_choices(shared["$defs"]))
    stack = definitions.pop(StackKeys.__name__)
    keys: dict[str, Any] = {
        **{key: {"description": meaning} for key, meaning in PROVIDER_KEYS.items()},
        PLAN_KEY: {"enum": list(Plan), "description": "Railway plan of the workspace.", "default": "pro"},
        **{f"{NAMESPACE}:{name}": value for name, value in stack["properties"].items()},
        **{
            f"{NAMESPACE}:{system.NAME}": {
                "$ref": f"#/$defs/{system.SETTINGS.__name__}",
                "description": f"{(system.__doc__ or '').strip()} Without it the system is not deployed.",
            }
            for system in python_systems()
        },
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Settings of a stack",
        "type": "object",
        "properties": {
            "config": {
                "type": "object",
                "properties": keys,
                "patternProperties": {
                    f"^(?!{NAMESPACE}:|{PROVIDER_NAMESPACE}:)": {},
                    f"^{NAMESPACE}:(?!({'|'.join(_own(keys))})$)": {
                        "$ref": f"#/$defs/{OwnSettings.__name__}",
                        "description": "A system of one's own: services that need no Python.",
                    },
                },
                "additionalProperties": False,
            }
        },
        "$defs": definitions,
    }


def _own(keys: Iterable[str]) -> list[str]:
    return [key.partition(":")[2] for key in keys if key.startswith(f"{NAMESPACE}:")]


def _of_one_file(definitions: dict[str, Any]) -> dict[str, Any]:
    """Return definitions that demand nothing of a group: what one file leaves out the shared one may say.

    Entries of lists are not merged, and stay whole.
    """
    in_lists = re.compile(r'"(?:items|additionalProperties)": \{"\$ref": "#/\$defs/(\w+)"')
    whole = set(in_lists.findall(json.dumps(definitions)))
    return {
        name: value if name in whole else {key: part for key, part in value.items() if key != "required"}
        for name, value in definitions.items()
    }


def _with_sorted_choices(part: Any) -> Any:
    """Return a part of a schema with the values of each ``enum`` in order.

    Python keeps one type for two unions with the same choices: their order is that of whichever module came first.
    """
    if isinstance(part, list):
        return [_with_sorted_choices(each) for each in cast("list[Any]", part)]
    if not isinstance(part, dict):
        return part
    sorted_part = {key: _with_sorted_choices(value) for key, value in cast("dict[str, Any]", part).items()}
    if isinstance(sorted_part.get("enum"), list):
        sorted_part["enum"] = sorted(sorted_part["enum"], key=str)
    return sorted_part


def text_in_one_line() -> str:
    """Return the schema in one line, as a project of its own has it, for editors alone."""
    return json.dumps(schema(), ensure_ascii=False) + "\n"


def text() -> str:
    """Return the schema as it stands in the file."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
    sys.stdout.write(f"{FILE.name} written\n")
