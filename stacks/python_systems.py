"""The systems of a project that are classes in Python: those that its ``Pulumi.yaml`` names.

Owns where they are named, and loads them. All other systems are settings alone (``stacks/own_system.py``).

    railyard:
      systems:
        omega: stacks.omega:Omega

The key is the one of the settings, the value the module and its class. A module of the project's own lies beside
``Pulumi.yaml``.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, cast

import go_yaml
from stacks.own_system import system_of
from stacks.problems import SettingsError
from stacks.project_folder import PROJECT_FILE, find_project
from stacks.shared_settings import NAMESPACE
from stacks.system import System

_GROUP = f"{NAMESPACE}.systems"


def python_systems() -> tuple[type[System[Any]], ...]:
    """Return the classes that the project names, in its order; raises ``SettingsError`` for one that is not there."""
    root = find_project()
    return _loaded(root) if root else ()


def system_names() -> list[str]:
    """Return the names of those systems without loading any; raises ``SettingsError``."""
    root = find_project()
    return list(_named(root)) if root else []


def class_of(name: str) -> type[System[Any]]:
    """Return the class of a system of the settings: one of the project's, or that of a system without Python."""
    return next((system for system in python_systems() if name == system.NAME), None) or system_of(name)


@cache
def _loaded(root: Path) -> tuple[type[System[Any]], ...]:
    return tuple(_load(name, place) for name, place in _named(root).items())


def _named(root: Path) -> dict[str, str]:
    """Return what ``Pulumi.yaml`` says, name → place. A file that is no YAML is for its own reader to report."""
    try:
        node = go_yaml.find(go_yaml.compose((root / PROJECT_FILE).read_text(encoding="utf-8")), (NAMESPACE, "systems"))
        systems = None if node is None else go_yaml.value_of(node)
    except (go_yaml.YamlError, UnicodeDecodeError):
        return {}
    if systems is None:
        return {}
    if not isinstance(systems, Mapping) or not all(isinstance(each, str) for each in systems.values()):
        raise _refused(f"{_GROUP} should be a group of names, each with a module and a class: notes: systems:Notes")
    return cast("dict[str, str]", dict(systems))


def _load(name: str, place: str) -> type[System[Any]]:
    module, _, member = place.partition(":")
    is_absolute = bool(module) and not module.startswith(".")
    try:
        system = getattr(importlib.import_module(module), member, None) if is_absolute and member else None
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise
        system = None
    if not (isinstance(system, type) and issubclass(system, System)):
        raise _refused(f"{_GROUP}.{name} is {place}, and there is no such system: write module:Class of one")
    if name != system.NAME:
        raise _refused(f"{_GROUP}.{name} is {place}, whose NAME is {system.NAME}: write {system.NAME}: {place}")
    return cast("type[System[Any]]", system)


def _refused(what: str) -> SettingsError:
    return SettingsError(f"{PROJECT_FILE}: {what}", [], prefix="")
