"""Tables of a JSON Schema or of a Pulumi schema in Markdown: a section for each group of keys.

Owns what a type, a default and a text of a declaration look like; pages own what stands around them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

Schema = Mapping[str, Any]
_DEFAULT: Final = re.compile(r"\s*Default:\s+(.+?)\.(?=\s|$)", re.DOTALL)
_CODE: Final = re.compile(r"`{1,2}([^`]+)`{1,2}")
_LIMITS: Final = {"minimum": "from", "exclusiveMinimum": "above", "maximum": "to"}
_WORDS: Final = {"string": "text", "boolean": "flag"}
_ENOUGH: Final = 0.6
"""The share of keys that two groups have in common from which on one is shown by what it says otherwise."""
_MARKS: Final = {"secret": "Secret", "plain": "A plain value, known before the up"}


class SchemaTables:
    """The groups of a schema as sections; those that are like one of ``bases`` show what they say otherwise."""

    def __init__(self, definitions: Mapping[str, Schema], bases: Sequence[str]) -> None:
        self._definitions = definitions
        self._bases = bases
        self.groups = {name: schema for name, schema in definitions.items() if "properties" in schema}

    def section(self, name: str) -> str:
        """Return the section of one group: its meaning, and a row for each key."""
        own: Schema = self.groups[name]["properties"]
        required = self.groups[name].get("required", ())
        about = f"### {name}\n\n{prose(self.groups[name].get('description', ''))}"
        base = max(self._bases, key=lambda each: self._likeness(name, each))
        if name in self._bases or self._likeness(name, base) < _ENOUGH:
            return f"{about}\n\n{self.table(own, required)}" if own else f"{about}\n"
        common: Schema = self.groups[base]["properties"]
        rows = {key: self._row(key, schema, required) for key, schema in own.items()}
        base_rows = {key: self._row(key, schema, required) for key, schema in common.items()}
        other = {key: own[key] for key, row in rows.items() if row != base_rows.get(key)}
        without = ", ".join(as_code(key) for key in common if key not in own)
        but = f"{f', without {without}' if without else ''}{'; these are its own:' if other else '.'}"
        other_rows = f"\n\n{self.table(other, required)}" if other else "\n"
        return f"{about}\nKeys and defaults are those of [{base}](#{base.lower()}){but}{other_rows}"

    def table(self, properties: Schema, required: Collection[str]) -> str:
        """Return a table with a row for each key."""
        rows = "".join(self._row(key, schema, required) for key, schema in properties.items())
        return f"| key | type | default | meaning |\n| --- | --- | --- | --- |\n{rows}"

    def type_of(self, schema: Schema) -> str:
        """Return the type of a value, with its choices or limits, and links to the groups."""
        if "anyOf" in schema:
            return " or ".join(self.type_of(each) for each in schema["anyOf"] if each.get("type") != "null")
        if "$ref" in schema:
            name = re.split(r"[/:]", schema["$ref"])[-1]
            return f"[{name}](#{name.lower()})" if name in self.groups else self.type_of(self._definitions[name])
        if "enum" in schema:
            return ", ".join(map(as_code, map(str, schema["enum"])))
        if schema.get("type") == "array":
            return f"list of {self.type_of(schema['items'])}"
        if schema.get("type") == "object":
            values: list[Schema] = [
                schema.get("additionalProperties") or {},
                *schema.get("patternProperties", {}).values(),
            ]
            return next((f"map of {self.type_of(value)}" for value in values if value), "map")
        kind: str = schema.get("type", "text")
        limits = [f"{label} {schema[key]:,}" for key, label in _LIMITS.items() if key in schema]
        return " ".join([_WORDS.get(kind, kind), *limits])

    def _likeness(self, name: str, base: str) -> float:
        own, common = self.groups[name]["properties"], self.groups[base]["properties"]
        return len(own.keys() & common.keys()) / max(len(own), len(common))

    def _row(self, key: str, schema: Schema, required: Collection[str]) -> str:
        text = schema.get("description", "")
        marks = "".join(f" {sentence}." for mark, sentence in _MARKS.items() if schema.get(mark))
        default = "required" if key in required else self._default(schema, text)
        return f"| `{key}` | {self.type_of(schema)} | {default} | {prose(_DEFAULT.sub('', text))}{marks} |\n"

    def _default(self, schema: Schema, text: str) -> str:
        """Return the default as the text tells it, or the value where the text speaks of another one or of none."""
        value = schema.get("default")
        match = _DEFAULT.search(text)
        if value in (None, "", [], {}):
            return prose(match[1]) if match else ""
        if isinstance(value, dict) and "](#" in self.type_of(schema):  # that of the group, which stands there
            return ""
        text_value = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        return (
            prose(match[1])
            if match and re.search(rf"(?<!\w){re.escape(text_value)}(?!\w)", match[1])
            else as_code(text_value)
        )


def prose(text: str) -> str:
    """Return a text of a declaration as Markdown on one line."""
    pieces = _CODE.split(" ".join(text.split()))
    return "".join(
        as_code(piece) if index % 2 else re.sub(r"([|<*])", r"\\\1", piece) for index, piece in enumerate(pieces)
    )


def as_code(text: str) -> str:
    """Return text as code that may stand in a table."""
    return f"`{text.replace('|', chr(92) + '|')}`"
