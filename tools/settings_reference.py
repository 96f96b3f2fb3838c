"""Write the page of all settings, ``docs/settings-reference.md``: ``python -m tools.settings_reference``.

Owns the layout alone: keys, types, defaults and meanings are those of the schema that editors read. With ``--check``
nothing is written: the exit code is 1 when the page is out of date.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from typing import Any, Final

from railyard.shared.generated_file import write_or_check
from stacks.schema import schema
from tools.markdown import as_code

NAME: Final = "docs/settings-reference.md"
_HEAD: Final = """\
<!-- Generated from the settings' declarations. Do not edit: change those, and call make generate. -->

# All settings

Every key of `Pulumi.<stack>.yaml`, and of `defaults.yaml`, which all stacks share; [settings](settings.md) says how the
files work together, and [the schema](settings.schema.json) brings the same into an editor.

## Keys of a stack

These stand below `config:`. Any other key `railyard:<name>` is a system of your own, made of
[services](#ownsettings) that need no Python.
"""
_DEFAULT: Final = re.compile(r"\s*Default: (.+?)\.(?=\s|$)", re.DOTALL)
_BASES: Final = ("OwnServiceSettings", "RedisSettings", "VolumeSettings")
"""The definitions from which others differ in a few defaults."""

Schema = Mapping[str, Any]
SCHEMA: Final = schema()
GROUPS: Final[Mapping[str, Schema]] = {name: part for name, part in SCHEMA["$defs"].items() if "properties" in part}


def page() -> str:
    """Return the text of the page."""
    parts = [_HEAD, _table(SCHEMA["properties"]["config"]["properties"], ())]
    return "\n".join([*parts, *map(_group, sorted(GROUPS))])


def _group(name: str) -> str:
    own: Schema = GROUPS[name]["properties"]
    base = next((other for other in _BASES if other != name and _differs_little(own, other)), None)
    about = _prose(GROUPS[name].get("description", ""))
    required = GROUPS[name].get("required", ())
    if base is None:
        return f"### {name}\n\n{about}\n\n{_table(own, required)}"
    common = GROUPS[base]["properties"]
    other = {key: part for key, part in own.items() if _row(key, part, required) != _row(key, common[key], required)}
    rest = f"\n\n{_table(other, required)}" if other else "\n"
    return f"### {name}\n\n{about}\nKeys and defaults are those of [{base}](#{base.lower()}), but for:{rest}"


def _differs_little(own: Schema, other: str) -> bool:
    base: Schema = GROUPS[other]["properties"]
    return all(key in base and _type(part) == _type(base[key]) for key, part in own.items())


def _table(properties: Schema, required: Any) -> str:
    rows = "".join(_row(key, part, required) for key, part in properties.items())
    return f"| key | type | default | meaning |\n| --- | --- | --- | --- |\n{rows}"


def _row(key: str, part: Schema, required: Any) -> str:
    text = part.get("description", "")
    told = _DEFAULT.search(text)
    default = _prose(told[1]) if told else "required" if key in required else _default(part)
    return f"| `{key}` | {_type(part)} | {default} | {_prose(_DEFAULT.sub('', text))} |\n"


def _default(part: Schema) -> str:
    value = part.get("default")
    if value in (None, "", [], {}) or (isinstance(value, dict) and "$ref" in part):
        return ""
    return as_code(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _type(part: Schema) -> str:
    """Return the type of a value, with its choices or limits and links to the groups below."""
    if "anyOf" in part:
        return " or ".join(_type(each) for each in part["anyOf"] if each.get("type") != "null")
    if "$ref" in part:
        name = part["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})" if name in GROUPS else _type(SCHEMA["$defs"][name])
    if "enum" in part:
        return ", ".join(map(as_code, map(str, part["enum"])))
    if part.get("type") == "array":
        return f"list of {_type(part['items'])}"
    if part.get("type") == "object":
        values: list[Schema] = [part.get("additionalProperties") or {}, *part.get("patternProperties", {}).values()]
        return next((f"map of {_type(value)}" for value in values if value), "map")
    limits = [
        f"{word} {part[key]:,}"
        for key, word in (("minimum", "from"), ("exclusiveMinimum", "above"), ("maximum", "to"))
        if key in part
    ]
    return " ".join([part.get("type", "text").replace("string", "text").replace("boolean", "flag"), *limits])


def _prose(text: str) -> str:
    """Return a text of a declaration as Markdown on one line."""
    parts = " ".join(text.split()).split("``")
    return "".join(
        as_code(part) if index % 2 else re.sub(r"([|<*])", r"\\\1", part) for index, part in enumerate(parts)
    )


if __name__ == "__main__":
    sys.exit(write_or_check(NAME, page(), sys.argv[1:]))
