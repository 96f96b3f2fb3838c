"""The Pulumi project: Pulumi.yaml and the configuration of one stack, as the program gets to see them.

Owns reading and the form of configuration values, which is the Pulumi CLI's. Encrypted values are named and never
opened: the key of a stack's ``encryptionsalt`` is the CLI's business.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, cast

import go_yaml

_EXPONENT_FROM: Final = 1e21
"""From here on Go writes a whole number with an exponent."""


class ProjectError(Exception):
    """Pulumi.yaml or the stack's settings cannot be used; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Project:
    """The content of Pulumi.yaml."""

    name: str
    root: Path
    settings: Mapping[str, Any]
    """All of Pulumi.yaml."""


def load_project(root: Path) -> Project:
    """Read ``root``/Pulumi.yaml. Raises ``ProjectError``."""
    path = root / "Pulumi.yaml"
    settings = load_file(path)
    name = settings.get("name")
    if not name:
        raise ProjectError(f"{path} has no name: a Pulumi project needs one")
    if isinstance(name, dict | list):
        raise ProjectError(f"{path.name}: name should be a text, such as 'railyard'")
    for key in ("config", "plugins"):
        if not isinstance(settings.get(key) or {}, dict):
            raise ProjectError(f"{path.name}: {key} should be a group of keys: write them below it, or remove it")
    for kind, entries in cast("dict[str, Any]", settings.get("plugins") or {}).items():
        if not isinstance(entries or [], list) or not all(map(_is_plugin, entries or [])):
            raise ProjectError(f"{path.name}: plugins.{kind} should be a list of groups, each with a name and a path")
    return Project(name=str(name), root=root, settings=settings)


def _is_plugin(entry: Any) -> bool:
    return isinstance(entry, dict) and all(
        isinstance(cast("dict[str, Any]", entry).get(key), str) for key in ("name", "path")
    )


def load_file(path: Path) -> dict[str, Any]:
    """Return the keys of Pulumi.yaml or of a stack's settings file; raises ``ProjectError``."""
    node = _keys(path.name, read_text(path))
    return {} if node is None else cast("dict[str, Any]", go_yaml.value_of(node))


def config_nodes(name: str, text: str) -> dict[str, go_yaml.Node]:
    """Return what stands below ``config:`` in the ``text`` of a stack's settings file, key → value.

    ``name`` is the file's, for errors. Raises ``ProjectError``.
    """
    config = go_yaml.find(_keys(name, text), ("config",))
    if config is None or go_yaml.value_of(config) is None:
        return {}
    config = go_yaml.resolved(config)
    if not isinstance(config, go_yaml.MappingNode):
        raise ProjectError(f"{name}: what 'config:' holds should be a group of keys, not a list or a text")
    return {key.text: value for key, value in go_yaml.entries(config)}


def standin_text(node: go_yaml.Node) -> str:
    """Return a value as ``config_text`` does, with a made-up text in the place of each part that is encrypted.

    It changes when the ciphertext does, and tells nothing of it.
    """
    value = go_yaml.value_of(node)
    return _json(_with_standins(value)) if _is_encrypted(value) else config_text(node)


def config_text(node: go_yaml.Node) -> str:
    """Return a value of the configuration as the Pulumi CLI hands it to programs.

    A plain value has the characters that it has in the file; a group or a list is JSON, as Go writes it.
    """
    node = go_yaml.resolved(node)
    if isinstance(node, go_yaml.ScalarNode):
        return "" if go_yaml.scalar_of(node) is None else node.text
    return _json(go_yaml.value_of(node))


def stack_config(
    project: Project, stack: str, *, without: Collection[str] = (), standins: bool = False
) -> dict[str, str]:
    """Return the stack's configuration with the project's defaults, but for the keys in ``without``.

    With ``standins`` what is encrypted has a made-up text in its place.

    Every key has its namespace. Raises ``ProjectError``, for a value that is encrypted too.
    """
    path = project.root / f"Pulumi.{stack}.yaml"
    nodes = _named(project, path)
    declared = {key: value for key, value in project_config(project).items() if key not in nodes}
    missing = [key for key, value in declared.items() if value is None]
    config = {key: value for key, value in declared.items() if value is not None}
    if missing:
        keys = ", ".join(map(repr, missing))
        raise ProjectError(
            f"stack '{stack}' is missing the configuration {keys}, which Pulumi.yaml declares: add it to {path}"
        )
    for key, node in nodes.items():
        if key not in without:
            if not standins:
                _refuse_encrypted(key, node, path)
            config[key] = standin_text(node) if standins else config_text(node)
    return config


def project_config(project: Project) -> dict[str, str | None]:
    """Return what Pulumi.yaml says of the configuration of all stacks, each key with its namespace.

    The value is the one that a stack without the key has; None for a key that each stack has to have.
    """
    declared = cast("dict[str, Any]", project.settings.get("config") or {})
    config: dict[str, str | None] = {}
    for key, declaration in declared.items():
        value = declaration
        if isinstance(declaration, dict):
            fields = cast("dict[str, Any]", declaration)
            value = fields.get("value", fields.get("default"))
        config[full_key(project.name, key)] = value if value is None or isinstance(value, str) else _json(value)
    return config


def encrypted_keys(project: Project, stack: str) -> list[str]:
    """Return the full keys of the stack whose values are encrypted, or hold something that is. Raises as above."""
    nodes = _named(project, project.root / f"Pulumi.{stack}.yaml")
    return [key for key, node in nodes.items() if _is_encrypted(go_yaml.value_of(node))]


def config_texts(name: str, text: str, project: str) -> dict[str, str]:
    """Return the configuration in the text of the file ``name``, full key → value in the form that programs get.

    Raises ``ProjectError``.
    """
    return {full_key(project, key): config_text(node) for key, node in config_nodes(name, text).items()}


def full_key(project: str, key: str) -> str:
    """Return a key with its namespace, which is the project's where none is written."""
    return key if ":" in key else f"{project}:{key}"


def _named(project: Project, path: Path) -> dict[str, go_yaml.Node]:
    nodes = config_nodes(path.name, read_text(path)) if path.exists() else {}
    return {full_key(project.name, key): node for key, node in nodes.items()}


def read_text(path: Path) -> str:
    """Return the text of a file; raises ``ProjectError``."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ProjectError(f"{path.name} does not exist") from None
    except UnicodeDecodeError as error:
        raise ProjectError(f"{path.name} is no UTF-8 text (byte {error.start}): save it as UTF-8") from None


@lru_cache(maxsize=8)
def _keys(name: str, text: str) -> go_yaml.MappingNode | None:
    try:
        node = go_yaml.compose(text)
        if node is None or go_yaml.value_of(node) is None:
            return None
    except go_yaml.YamlError as error:
        place = f":{error.line}:{error.column or 1}" if error.line else ""
        if error.reason is go_yaml.Reason.SYNTAX:
            raise ProjectError(f"{name}{place} is no valid YAML: {error.problem}. Correct that line") from None
        raise ProjectError(f"{name}{place}: {error.problem}") from None
    if not isinstance(node, go_yaml.MappingNode):
        raise ProjectError(f"{name} should be a group of keys, such as 'config:'")
    return node


def _json(value: Any) -> str:
    return json.dumps(_as_go_writes(value), separators=(",", ":"), sort_keys=True, ensure_ascii=False)


def _as_go_writes(value: Any) -> Any:
    match value:
        case float() if value.is_integer() and abs(value) < _EXPONENT_FROM:
            return int(value)
        case dict():
            return {key: _as_go_writes(item) for key, item in cast("dict[str, Any]", value).items()}
        case list():
            return [_as_go_writes(item) for item in cast("list[Any]", value)]
        case _:
            return value


def _refuse_encrypted(key: str, node: go_yaml.Node, path: Path) -> None:
    if _is_encrypted(go_yaml.value_of(node)):
        raise ProjectError(
            f"{key!r} in {path} is an encrypted configuration value, which needs the Pulumi CLI; "
            f"secrets of this project belong into its SOPS files"
        )


def _with_standins(value: Any) -> Any:
    match value:
        case {"secure": str(sealed)} if len(value) == 1:  # pyright: ignore[reportUnknownArgumentType]
            return f"encrypted-{hashlib.sha256(sealed.encode()).hexdigest()[:8]}"
        case dict():
            return {key: _with_standins(item) for key, item in cast("dict[str, Any]", value).items()}
        case list():
            return [_with_standins(item) for item in cast("list[Any]", value)]
        case _:
            return value


def _is_encrypted(value: Any) -> bool:
    match value:
        case {"secure": str()} if len(value) == 1:  # pyright: ignore[reportUnknownArgumentType]
            return True
        case dict():
            return any(_is_encrypted(item) for item in cast("dict[str, Any]", value).values())
        case list():
            return any(_is_encrypted(item) for item in cast("list[Any]", value))
        case _:
            return False
