"""The settings of an adopted system, written into the stack's file: appended whole, or key by key where it stands.

Owns the text. Every other character of the file stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import go_yaml
from go_yaml import ListNode
from railyard.migrate.findings import Settings
from railyard.promote.settings_file import Edit, edited, with_value
from railyard.shared.console import OperationError
from railyard.shared.files import write_whole
from railyard.shared.project import project_directory
from railyard.shared.settings_blocks import last_character
from railyard.shared.settings_yaml import settings_yaml
from stacks.releases import Key
from stacks.shared_settings import NAMESPACE

_CONFIG = re.compile(r"^config:[ \t]*(#.*)?$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Zones:
    """Zones that the settings need and do not have."""

    missing: Mapping[str, str]
    """Name → id."""
    known: bool
    """True when the file has the key already."""


def with_system(stack: str, system: str, settings: Settings, present: Settings | None, zones: Zones) -> Edit:
    """Return the stack's file with the settings of a system; ``present`` is what stands there now, None for nothing."""
    if present is not None:
        return edited(stack, dict(_changes((system,), settings, present)))
    file = project_directory() / f"Pulumi.{stack}.yaml"
    before = file.read_bytes().decode("utf-8") if file.exists() else ""
    text = before or f"config:\n  {NAMESPACE}:secrets: secrets/{stack}.yaml\n"
    if not _CONFIG.search(text):
        raise OperationError(f"{file.name} has no group 'config:' in lines of its own: add it at the top")
    missing = [{"name": name, "id": id_} for name, id_ in zones.missing.items()]
    if missing:
        text = _with_zones(text, missing) if zones.known else _appended(text, f"{NAMESPACE}:zones", missing)
    key = ("config", f"{NAMESPACE}:systems")
    if (runs := go_yaml.find(go_yaml.compose(text), key)) is not None:
        text = with_value(text, key, [*cast("list[str]", go_yaml.value_of(runs)), system])
    return Edit(file, before, _appended(text, f"{NAMESPACE}:{system}", settings))


def save(edit: Edit) -> None:
    """Write a stack's file, which may be a new one; raises ``OperationError`` when somebody changed it meanwhile."""
    if edit.before or edit.file.exists():
        edit.write()
    else:
        write_whole(edit.file, edit.after)


def _with_zones(text: str, missing: Sequence[Settings]) -> str:
    """Return the text with further zones in its list."""
    key = ("config", f"{NAMESPACE}:zones")
    node = go_yaml.find(go_yaml.compose(text), key)
    if not isinstance(node, ListNode) or node.flow or not node.items:
        listed = cast("list[Settings]", go_yaml.value_of(node) if node else [])
        return with_value(text, key, [*listed, *missing])
    first, last = node.items[0].start, last_character(node)
    dash = text[text.rfind("\n", 0, first) + 1 : first]
    dumped = settings_yaml({"zones": missing}, short_in_one_line=True).splitlines()[1:]
    items = [dash + each.removeprefix("- ") for each in dumped]
    end = text.find("\n", last)
    end = len(text) if end < 0 else end
    return "\n".join([text[:end], *items]) + text[end:]


def _appended(text: str, key: str, value: Any) -> str:
    """Return the text with a key at the end of its configuration, which is the last group of such a file."""
    dumped = settings_yaml({key: value}, short_in_one_line=True)
    block = "".join(f"  {line}" if line.strip() else line for line in dumped.splitlines(keepends=True))
    return f"{text.rstrip()}\n\n{block}" if text.strip() != "config:" else f"config:\n{block}"


def _changes(path: Key, wanted: Settings, present: Settings) -> Iterator[tuple[Key, Any]]:
    for key, value in wanted.items():
        if key in present and isinstance(value, dict) and isinstance(present[key], dict):
            yield from _changes((*path, key), cast("Settings", value), present[key])
        elif key not in present or present[key] != value:
            yield (*path, key), value
