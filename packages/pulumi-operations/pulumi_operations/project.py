"""The Pulumi project: Pulumi.yaml and the configuration of one stack, as the program gets to see them.

Owns reading and the form of configuration values. Secret configuration is refused: this project's secrets come from
SOPS files, and the key of a stack's ``encryptionsalt`` is the Pulumi CLI's business.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml


class ProjectError(Exception):
    """Pulumi.yaml or the stack's settings cannot be used; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Project:
    """What Pulumi.yaml says."""

    name: str
    root: Path
    settings: Mapping[str, Any]
    """All of Pulumi.yaml."""


def load_project(root: Path) -> Project:
    """Read ``root``/Pulumi.yaml. Raises ``ProjectError``."""
    path = root / "Pulumi.yaml"
    settings = load_file(path)
    if not settings.get("name"):
        raise ProjectError(f"{path} has no name: a Pulumi project needs one")
    return Project(name=str(settings["name"]), root=root, settings=settings)


class _Loader(yaml.SafeLoader):
    """Refuses a key that stands twice, of which YAML would silently take the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        mapping = super().construct_mapping(node, deep)  # which refuses keys that are groups or lists
        seen: set[Any] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} stands twice: remove one", key.start_mark
                )
            seen.add(key.value)
        return mapping


def load_file(path: Path) -> dict[str, Any]:
    """The keys of Pulumi.yaml or of a stack's settings file; raises ``ProjectError`` for what is no such file."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ProjectError(f"{path.name} does not exist") from None
    except UnicodeDecodeError as error:
        raise ProjectError(f"{path.name} is no UTF-8 text (byte {error.start}): save it as UTF-8") from None
    try:
        found: Any = yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise ProjectError(f"{path.name}{place} is no valid YAML: {error.problem}. Correct that line") from None
    except yaml.YAMLError as error:
        raise ProjectError(f"{path.name} is no valid YAML: {error}. Correct it") from None
    if not isinstance(found or {}, dict):
        raise ProjectError(f"{path.name} should be a group of keys, such as 'config:'")
    return cast("dict[str, Any]", found or {})


def stack_config(project: Project, stack: str) -> dict[str, str]:
    """The stack's configuration with the project's defaults. Raises ``ProjectError``.

    Every key has its namespace; structured values are JSON, as Pulumi hands them to a program.
    """
    path = project.root / f"Pulumi.{stack}.yaml"
    declared = cast("dict[str, Any]", project.settings.get("config") or {})
    config: dict[str, str] = {}
    missing: list[str] = []
    given: Any = (load_file(path).get("config") or {}) if path.exists() else {}
    if not isinstance(given, dict):
        raise ProjectError(f"{path.name}: what 'config:' holds should be a group of keys, not a list or a text")
    given = cast("dict[str, Any]", given)
    named = {_full_key(project, key): value for key, value in given.items()}
    for key, declaration in declared.items():
        full = _full_key(project, key)
        if full in named:
            continue
        value = declaration
        if isinstance(declaration, dict):
            fields = cast("dict[str, Any]", declaration)
            value = fields.get("value", fields.get("default"))
        if value is None:
            missing.append(full)
        else:
            config[full] = _text(full, value, path)
    if missing:
        keys = ", ".join(map(repr, missing))
        raise ProjectError(
            f"stack '{stack}' is missing the configuration {keys}, which Pulumi.yaml declares: add it to {path}"
        )
    return config | {key: _text(key, value, path) for key, value in named.items()}


def _full_key(project: Project, key: str) -> str:
    return key if ":" in key else f"{project.name}:{key}"


def _text(key: str, value: Any, path: Path) -> str:
    if _is_secret(value):
        message = (
            f"{key!r} in {path} is an encrypted configuration value, which needs the Pulumi CLI; "
            f"secrets of this project belong into its SOPS files"
        )
        raise ProjectError(message)
    match value:
        case bool():
            return "true" if value else "false"
        case dict() | list():
            return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False, default=str)
        case _:
            return "" if value is None else str(value)


def _is_secret(value: Any) -> bool:
    match value:
        case {"secure": str()} if len(value) == 1:  # pyright: ignore[reportUnknownArgumentType]
            return True
        case dict():
            return any(_is_secret(item) for item in cast("dict[str, Any]", value).values())
        case list():
            return any(_is_secret(item) for item in cast("list[Any]", value))
        case _:
            return False
