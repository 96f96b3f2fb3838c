"""The Pulumi project: Pulumi.yaml and the configuration of one stack, as the program gets to see them.

Owns reading and the form of configuration values, which is the Pulumi CLI's. Encrypted values are named and never
opened: the key of a stack's ``encryptionsalt`` is the CLI's business.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, cast

import go_yaml

_ESCAPES: Final = str.maketrans({each: f"\\u{ord(each):04x}" for each in "<>&\u2028\u2029"})
"""The characters that Go escapes in JSON and Python does not."""


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
        raise ProjectError(f"{path.name} has no name: a Pulumi project needs one")
    if isinstance(name, dict | list):
        raise ProjectError(f"{path.name}: name should be a string, such as 'railyard'")
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
    """Return the entries of ``config:`` in the ``text`` of a stack's settings file, key → value.

    ``name`` is the file's, for errors. Raises ``ProjectError``.
    """
    config = go_yaml.find(_keys(name, text), ("config",))
    if config is None or go_yaml.value_of(config) is None:
        return {}
    config = go_yaml.resolved(config)
    if not isinstance(config, go_yaml.MappingNode):
        raise ProjectError(f"{name}: what 'config:' holds should be a group of keys, not a list or a string")
    return {key.text: value for key, value in go_yaml.entries(config)}


def standin_text(node: go_yaml.Node) -> str:
    """Return a value as ``config_text`` does, with a placeholder for each part that is encrypted.

    A placeholder changes when its ciphertext does, and reveals nothing of it.
    """
    value = go_yaml.value_of(node)
    return _json(_with_standins(value)) if _is_encrypted(value) else config_text(node)


def config_text(node: go_yaml.Node) -> str:
    """Return a value of the configuration as the Pulumi CLI passes it to programs.

    A scalar is returned as it is written in the file, a group or a list as the JSON that Go writes for it.
    """
    node = go_yaml.resolved(node)
    if isinstance(node, go_yaml.ScalarNode):
        return "" if go_yaml.scalar_of(node) is None else node.text
    return _json(go_yaml.value_of(node))


def stack_config(
    project: Project, stack: str, *, without: Collection[str] = (), standins: bool = False
) -> dict[str, str]:
    """Return the stack's configuration with the project's defaults, without the stack's keys in ``without``.

    Every key has its namespace. Raises ``ProjectError`` for unusable files, for a missing key, and for an encrypted
    value; with ``standins`` an encrypted part is replaced by a placeholder instead.
    """
    path = project.root / f"Pulumi.{stack}.yaml"
    nodes = _named(project, path)
    declared = {key: value for key, value in project_config(project).items() if key not in nodes}
    missing = [key for key, value in declared.items() if value is None]
    config = {key: value for key, value in declared.items() if value is not None}
    if missing:
        keys = ", ".join(map(repr, missing))
        raise ProjectError(
            f"stack '{stack}' is missing the configuration {keys}, which Pulumi.yaml declares: add it to {path.name}"
        )
    for key, node in nodes.items():
        if key not in without:
            if not standins:
                _refuse_encrypted(key, node, path)
            config[key] = standin_text(node) if standins else config_text(node)
    return config


def project_config(project: Project) -> dict[str, str | None]:
    """Return the configuration that Pulumi.yaml declares, full key → default; None for a key without one."""
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
    """Return the full keys of the stack whose values are encrypted, in whole or in part. Raises ``ProjectError``."""
    nodes = _named(project, project.root / f"Pulumi.{stack}.yaml")
    return [key for key, node in nodes.items() if _is_encrypted(go_yaml.value_of(node))]


def config_texts(name: str, text: str, project: str) -> dict[str, str]:
    """Return the configuration in the ``text`` of the file ``name``, full key → ``config_text`` of the value.

    Raises ``ProjectError``.
    """
    return {full_key(project, key): config_text(node) for key, node in config_nodes(name, text).items()}


def full_key(project: str, key: str) -> str:
    """Return a key with its namespace; the default is the project's."""
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
        raise ProjectError(f"{path.name} is not valid UTF-8 (byte {error.start}): save it as UTF-8") from None
    except OSError as error:
        raise ProjectError(f"{path.name} cannot be read: {error.strerror}") from None


@lru_cache(maxsize=8)
def _keys(name: str, text: str) -> go_yaml.MappingNode | None:
    try:
        node = go_yaml.compose(text)
        if node is None or go_yaml.value_of(node) is None:
            return None
    except go_yaml.YamlError as error:
        place = f":{error.line}:{error.column or 1}" if error.line else ""
        if error.reason is go_yaml.Reason.SYNTAX:
            raise ProjectError(f"{name}{place} is not valid YAML: {error.problem}. Correct that line") from None
        raise ProjectError(f"{name}{place}: {error.problem}") from None
    if not isinstance(node, go_yaml.MappingNode):
        raise ProjectError(f"{name} should be a group of keys, such as 'config:'")
    return node


def _json(value: Any) -> str:
    """Return a value as Go's ``json.Marshal`` writes it."""
    match value:
        case dict():
            items = sorted(cast("dict[str, Any]", value).items())
            return "{" + ",".join(f"{_json(key)}:{_json(item)}" for key, item in items) + "}"
        case list():
            return "[" + ",".join(map(_json, cast("list[Any]", value))) + "]"
        case float() if 1e-6 <= abs(value) < 1e21:
            return format(Decimal(repr(value)), "f").removesuffix(".0")
        case float():  # zero, or with an exponent, which has no leading zero
            return json.dumps(value).removesuffix(".0").replace("e-0", "e-")
        case _:
            return json.dumps(value, ensure_ascii=False).translate(_ESCAPES)


def _refuse_encrypted(key: str, node: go_yaml.Node, path: Path) -> None:
    if _is_encrypted(go_yaml.value_of(node)):
        raise ProjectError(
            f"{key!r} in {path.name} is an encrypted configuration value, which needs the Pulumi CLI; "
            f"secrets of this project belong in its SOPS files"
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
