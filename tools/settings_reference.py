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
_DEFAULT: Final = re.compile(r"\s*Default:\s+(.+?)\.(?=\s|$)", re.DOTALL)
_BASES: Final = ("OwnServiceSettings", "OwnPostgresSettings", "OwnRedisSettings", "OwnBucketSettings", "VolumeSettings")
"""The groups whose keys others have, too: those are shown by what they say otherwise."""

Schema = Mapping[str, Any]
SCHEMA: Final = schema()
GROUPS: Final[Mapping[str, Schema]] = {name: part for name, part in SCHEMA["$defs"].items() if "properties" in part}


def page() -> str:
    """Return the text of the page."""
    parts = [_HEAD, _table(SCHEMA["properties"]["config"]["properties"], ())]
    return "\n".join([*parts, *map(_group, sorted(GROUPS))])


def _group(name: str) -> str:
    own: Schema = GROUPS[name]["properties"]
    base = next((each for each in _BASES if each != name and _is_like(own, GROUPS[each]["properties"])), None)
    about = _prose(GROUPS[name].get("description", ""))
    required = GROUPS[name].get("required", ())
    if base is None:
        return f"### {name}\n\n{about}\n\n{_table(own, required)}"
    common = GROUPS[base]["properties"]
    other = {key: part for key, part in own.items() if _row(key, part, required) != _row(key, common[key], required)}
    without = [as_code(key) for key in common if key not in own]
    but = "".join([f", without {', '.join(without)}" if without else "", "; these are its own:" if other else "."])
    rest = f"\n\n{_table(other, required)}" if other else "\n"
    return f"### {name}\n\n{about}\nKeys and defaults are those of [{base}](#{base.lower()}){but}{rest}"


def _is_like(own: Schema, base: Schema) -> bool:
    return own.keys() <= base.keys() and len(own) > len(base) / 2


def _table(properties: Schema, required: Any) -> str:
    rows = "".join(_row(key, part, required) for key, part in properties.items())
    return f"| key | type | default | meaning |\n| --- | --- | --- | --- |\n{rows}"


def _row(key: str, part: Schema, required: Any) -> str:
    text = part.get("description", "")
    meaning = _prose(_DEFAULT.sub("", text))
    return f"| `{key}` | {_type(part)} | {'required' if key in required else _default(part, text)} | {meaning} |\n"


def _default(part: Schema, text: str) -> str:
    """Return the default as the text tells it, or the value where the text speaks of another one or of none."""
    value = part.get("default")
    told = _DEFAULT.search(text)
    if value in (None, "", [], {}):
        return _prose(told[1]) if told else ""
    if isinstance(value, dict) and "](#" in _type(part):  # that of the group, which stands there
        return ""
    said = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return _prose(told[1]) if told and re.search(rf"(?<!\w){re.escape(said)}(?!\w)", told[1]) else as_code(said)


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
