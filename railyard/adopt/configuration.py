"""The configuration of a stack as its file holds it, valid or not: an adoption adds to it."""

from __future__ import annotations

from typing import Any, cast

import go_yaml
from pulumi_operations.project import ProjectError, config_nodes
from railway_api.plans import Plan
from railyard.adopt.live import LiveProject
from railyard.adopt.write import Zones
from railyard.migrate.findings import Settings
from railyard.shared.console import OperationError
from railyard.shared.project import project_directory
from railyard.shared.stack import settings_in
from stacks.problems import SettingsError
from stacks.settings import PLAN_KEY, StackSettings
from stacks.shared_settings import DEFAULTS_FILE, NAMESPACE, defaults_text, file_name, shared_values


def read(stack: str) -> Settings:
    """Return what a stack's file holds as its configuration; nothing where there is no file."""
    file = project_directory() / file_name(stack)
    try:
        document: Any = go_yaml.load(file.read_text(encoding="utf-8")) if file.exists() else {}
    except go_yaml.YamlError as error:
        raise OperationError(f"{file.name}: {error}") from None
    config: Any = cast("Any", document).get("config") if isinstance(document, dict) else None
    return cast("Settings", config) if isinstance(config, dict) else {}


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
