"""The configuration of one stack of Railyard, and which resources belong to one system.

Owns the names of stacks and systems on the command line. How a file is read is the engine's business, what its values
mean is the program's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pulumi_operations.project import ProjectError, load_project, stack_config
from railyard.shared.console import OperationError
from sops import printable

SYSTEM_PREFIX: Final = "railyard:"


class ConfigurationError(OperationError):
    """A stack cannot be used; the text says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class Stack:
    """One stack: its name and its configuration, values in the form that programs get."""

    name: str
    config: Mapping[str, str]

    def targets(self, system: str) -> tuple[str, ...]:
        """URN patterns of all that belongs to ``system``; raises ``ConfigurationError`` when it is not there."""
        if f"{SYSTEM_PREFIX}{system}" not in self.config:
            groups = [
                printable(key.removeprefix(SYSTEM_PREFIX))
                for key, value in self.config.items()
                if key.startswith(SYSTEM_PREFIX) and value.startswith("{")
            ]
            raise ConfigurationError(
                f"Pulumi.{self.name}.yaml holds no system {system!r}; it has: {', '.join(groups)}. Name one of these"
            )
        return (f"**::{system}", f"**::{system}-*")


def read_stack(root: Path, name: str) -> Stack:
    """The stack ``name`` of the project in ``root``; raises ``ConfigurationError``."""
    if not (root / f"Pulumi.{name}.yaml").exists():
        known = sorted(path.name.split(".")[1] for path in root.glob("Pulumi.*.yaml"))
        raise ConfigurationError(f"there is no stack {name!r}: name one of {', '.join(known)}")
    try:
        config = stack_config(load_project(root), name)
    except ProjectError as error:
        raise ConfigurationError(str(error)) from None
    if not config:
        raise ConfigurationError(
            f"Pulumi.{name}.yaml has no group 'config:' of keys such as railyard:omega: add it at the top"
        )
    return Stack(name=name, config=config)
