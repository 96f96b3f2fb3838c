"""The configuration of a stack as its file holds it, valid or not, and an adopted system written into it.

Owns the text: a system is appended whole, or written key by key where it stands. Every other character of the file
stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import go_yaml
from go_yaml import ListNode
from pulumi_operations.project import ProjectError, config_nodes, read_text
from railway_api.plans import Plan
from railyard.adopt.live import LiveProject
from railyard.migrate.findings import Settings
from railyard.promote.settings_file import Edit, edited, with_value
from railyard.shared.console import OperationError
from railyard.shared.project import project_directory
from railyard.shared.settings_text import entries, last_character, settings_yaml
from railyard.shared.stack import settings_in
from stacks.defaults_file import defaults_text
from stacks.problems import SettingsError
from stacks.releases import Key
from stacks.settings import PLAN_KEY, StackSettings
from stacks.shared_settings import DEFAULTS_FILE, NAMESPACE, file_name, shared_values


def read(stack: str) -> Settings:
    """Return what a stack's file holds as its configuration: full key → value; empty where there is no file.

    Raises ``OperationError`` for a file that cannot be read, or whose keys lack their namespace.
    """
    file = project_directory() / file_name(stack)
    try:
        document: Any = go_yaml.load(read_text(file)) if file.exists() else {}
    except ProjectError as error:
        raise OperationError(str(error)) from None
    except go_yaml.YamlError as error:
        raise OperationError(f"{file.name}: {error}") from None
    config: Any = cast("Any", document).get("config") if isinstance(document, dict) else None
    settings = cast("Settings", config) if isinstance(config, dict) else {}
    if short := [key for key in settings if ":" not in key]:
        raise OperationError(f"{file.name}: the key {short[0]} has no namespace: write {NAMESPACE}:{short[0]}")
    return settings


def environment_of(config: Settings, stack: str) -> str:
    """Return the environment for which a stack stands, whose name its projects and their environments have."""
    return str(config.get(f"{NAMESPACE}:environment") or stack)


def plan_of(config: Settings) -> Plan:
    """Return the plan that a configuration names."""
    plan = config.get(PLAN_KEY, "pro")
    return Plan(plan) if plan in list(Plan) else Plan.PRO


def valid_settings(stack: str, config: Settings) -> StackSettings | None:
    """Return the settings of the stack as they are; None of one that has none that are valid yet."""
    file = project_directory() / file_name(stack)
    if not config:
        return None
    try:
        text = file.read_text(encoding="utf-8")
        return settings_in(file.name, text)
    except (ProjectError, SettingsError, OperationError):
        return None


def _shared_values() -> dict[str, Any]:
    return shared_values(config_nodes(DEFAULTS_FILE, defaults_text(project_directory())))


def shared_settings(system: str) -> Settings:
    """Return what all stacks share of a system."""
    group = _shared_values().get(system)
    return cast("Settings", group) if isinstance(group, dict) else {}


def zones(config: Settings) -> list[Settings]:
    """Return the zones of a stack, or those that all stacks share."""
    return cast("list[Settings]", config.get(f"{NAMESPACE}:zones") or _shared_values().get("zones") or [])


def missing_zones(config: Settings, live: LiveProject) -> Zones:
    """Return the zones of a project that the stack does not have yet."""
    ids = {str(each["name"]): str(each["id"]) for each in zones(config)}
    missing = {name: id_ for name, id_ in live.zones.items() if name not in ids}
    is_stated = bool(config.get(f"{NAMESPACE}:zones"))
    # A list of the stack's own takes the place of the one that all stacks share.
    return Zones(missing=missing if is_stated or not missing else ids | missing, known=is_stated)


def project_of(config: Settings, project: Settings) -> Settings:
    """Return what another system of the stack says of the project, or ``project``: both say the same."""
    return next((each for each in projects(config) if each.get("name") == project["name"]), project)


def redirected(config: Settings) -> dict[str, list[str]]:
    """Return the names that the systems of a configuration lead on to others, by system."""
    prefix, redirected = f"{NAMESPACE}:", dict[str, list[str]]()
    for key, group in config.items():
        name = key.removeprefix(prefix)
        if isinstance(group, dict):
            settings = shared_settings(name) | cast("Settings", group)
            every = cast("list[Any]", settings.get("redirects") or [])
            redirected[name] = [str(cast("Settings", each).get("hostname")) for each in every if isinstance(each, dict)]
    return redirected


def project_name(config: Settings, system: str) -> str | None:
    """Return the name of the project that the settings of a system state."""
    group: Any = config.get(f"{NAMESPACE}:{system}")
    return next((str(each["name"]) for each in projects({system: group}) if each.get("name")), None)


def projects(config: Settings) -> list[Settings]:
    """Return what the systems of a configuration say of their projects."""
    groups = [cast("Settings", each) for each in config.values() if isinstance(each, dict)]
    return [cast("Settings", each["project"]) for each in groups if isinstance(each.get("project"), dict)]


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
    file = project_directory() / file_name(stack)
    before = file.read_bytes().decode("utf-8") if file.exists() else ""
    text = before or f"config:\n  {NAMESPACE}:secrets: secrets/{stack}.yaml\n"
    if not _CONFIG.search(text):
        raise OperationError(f"{file.name} has no group 'config:' in lines of its own: add it at the top")
    missing = [{"name": name, "id": id_} for name, id_ in zones.missing.items()]
    if missing:
        key = f"{NAMESPACE}:zones"
        text = _with_zones(text, missing) if zones.known else _appended(file.name, text, key, missing)
    place = ("config", f"{NAMESPACE}:systems")
    if (runs := go_yaml.find(go_yaml.compose(text), place)) is not None:
        text = with_value(text, place, list(dict.fromkeys([*cast("list[str]", go_yaml.value_of(runs)), system])))
    return Edit(file, before, _appended(file.name, text, f"{NAMESPACE}:{system}", settings))


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


def _appended(name: str, text: str, key: str, value: Any) -> str:
    """Return the text of the file ``name`` with another key behind the last one of its group ``config``."""
    blocks = entries(name, text) if go_yaml.find(go_yaml.compose(text), ("config",)) else []
    end = blocks[-1].end if blocks else cast("re.Match[str]", _CONFIG.search(text)).end()
    if not re.search(r"^[^#\s]", text[end:], re.MULTILINE):
        end = len(text)  # no other group, at most a comment
    first_line = text[blocks[0].start :] if blocks else "  "
    indent = " " * (len(first_line) - len(first_line.lstrip(" ")))
    dumped = settings_yaml({key: value}, short_in_one_line=True)
    block = "".join(f"{indent}{line}" if line.strip() else line for line in dumped.splitlines(keepends=True))
    others = text[end:].lstrip("\n")
    between = "\n\n" if blocks else "\n"
    return f"{text[:end].rstrip()}{between}{block}" + (f"\n{others}" if others else "")


def _changes(path: Key, wanted: Settings, present: Settings) -> Iterator[tuple[Key, Any]]:
    for key, value in wanted.items():
        if key in present and isinstance(value, dict) and isinstance(present[key], dict):
            yield from _changes((*path, key), cast("Settings", value), present[key])
        elif key not in present or present[key] != value:
            yield (*path, key), value
