"""The configuration of a stack as Pulumi's engine would hand it to the program.

Owns the reading of ``Pulumi.<stack>.yaml`` for the embedded engine. Does not judge the values: the program does.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

SYSTEM_PREFIX = "railyard:"


class ConfigurationError(Exception):
    """A stack's file cannot be read; the text says where and what to do."""


@dataclass(frozen=True, kw_only=True)
class Stack:
    """One stack: its name and its configuration, values in the form that programs get."""

    name: str
    config: Mapping[str, str]

    def targets(self, system: str) -> tuple[str, ...]:
        """URN patterns of all that belongs to ``system``."""
        if f"{SYSTEM_PREFIX}{system}" not in self.config:
            groups = [
                key.removeprefix(SYSTEM_PREFIX)
                for key, value in self.config.items()
                if key.startswith(SYSTEM_PREFIX) and value.startswith("{")
            ]
            raise ConfigurationError(
                f"Pulumi.{self.name}.yaml holds no system {system!r}; it has: {', '.join(groups)}. Name one of these"
            )
        return (f"**::{system}", f"**::{system}-*")


class _Loader(yaml.SafeLoader):
    """Refuses a key that stands twice: YAML would silently take the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        seen: set[Any] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value} stands twice: remove one", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def read_stack(root: Path, name: str) -> Stack:
    """Read ``Pulumi.<name>.yaml`` in ``root``; raises ``ConfigurationError``."""
    file = root / f"Pulumi.{name}.yaml"
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        known = sorted(path.name.split(".")[1] for path in root.glob("Pulumi.*.yaml"))
        raise ConfigurationError(f"there is no stack {name!r}: name one of {', '.join(known)}") from None
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{file.name} is no UTF-8 text (byte {error.start}): save it as UTF-8") from None
    try:
        document = yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise ConfigurationError(f"{file.name}{place} is no valid YAML: {error.problem}. Correct that line") from None
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{file.name} is no valid YAML: {error}. Correct it") from None
    config: Any = document.get("config") if isinstance(document, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    if not isinstance(config, dict):
        raise ConfigurationError(
            f"{file.name} has no group 'config:' of keys such as railyard:omega: add it at the top"
        )
    return Stack(name=name, config=_as_programs_get_it(file.name, config))  # pyright: ignore[reportUnknownArgumentType]


def _as_programs_get_it(file: str, config: Mapping[Any, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in config.items():
        if not isinstance(key, str) or ":" not in key:
            raise ConfigurationError(f"{file}: the key {key!r} has no namespace: write railyard:{key}")
        if isinstance(value, dict) and set(value) == {"secure"}:  # pyright: ignore[reportUnknownArgumentType]
            raise ConfigurationError(
                f"{file}: {key} is an encrypted value, which needs the Pulumi CLI: Railyard's secrets stand in the SOPS file"
            )
        try:
            found[key] = value if isinstance(value, str) else json.dumps(value)
        except TypeError:
            raise ConfigurationError(f"{file}: {key} holds a date: write dates in quotes") from None
    return found
