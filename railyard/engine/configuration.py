"""The configuration of one stack of Railyard, and which resources belong to one system.

Owns the names of stacks and systems on the command line. How a file is read is the engine's business, what its values
mean is the program's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import go_yaml
from components.nearest_name import did_you_mean
from pulumi_operations.project import (
    ProjectError,
    config_texts,
    encrypted_keys,
    load_file,
    load_project,
    read_text,
    stack_config,
)
from railyard.shared.console import CallError, OperationError
from railyard.shared.stack import no_configuration, no_stack
from railyard.shared.urns import targets_of
from stacks.defaults_file import defaults_text
from stacks.problems import SettingsError
from stacks.shared_settings import DEFAULTS_FILE, NAMESPACE, file_name, with_shared

ENVIRONMENT: Final = "environment"
"""Key of a stack's settings file that imports the values of Pulumi ESC environments."""


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """The configuration of one stack, with its name; values in the form that programs get."""

    name: str
    config: Mapping[str, str]
    notes: Sequence[str] = ()
    """Sentences about keys of the file that have no effect in the sandbox."""

    def targets(self, system: str) -> tuple[str, ...]:
        """Return URN patterns of all that belongs to ``system``; raises ``CallError`` where it has none such."""
        from stacks import own_system  # noqa: PLC0415 - loads all components, and most calls name no system

        names = [name for name in _systems() if f"{NAMESPACE}:{name}" in self.config]
        names += own_system.names_in(self.config)
        if system not in names:
            fix = did_you_mean(system, names, "name one of these") if names else "add the key of one"
            raise CallError(
                f"Pulumi.{self.name}.yaml holds no system {system!r}; it has: {', '.join(names) or 'none'}: {fix}"
            )
        return tuple(targets_of(system))


def read_configuration(root: Path, name: str) -> Configuration:
    """Return the configuration of the stack ``name`` of the project in ``root``.

    Raises ``CallError`` when there is no such stack, ``OperationError`` when its settings cannot be read.
    """
    if not (root / file_name(name)).exists():
        raise CallError(no_stack(root, name))
    try:
        project = load_project(root)
        own = f"{project.name}:"
        encrypted = encrypted_keys(project, name)
        without = [key for key in encrypted if not key.startswith(own)]
        config = stack_config(project, name, without=without, standins=True)
        replaced = [key for key in encrypted if key not in without]
        notes = _notes(load_file(root / file_name(name)), without, replaced)
        shared, systems = _shared(root), _systems()
    except (ProjectError, SettingsError) as error:
        raise OperationError(str(error)) from None
    if not config:
        raise OperationError(no_configuration(file_name(name), read_text(root / file_name(name))))
    config = with_shared(config, shared, systems)
    return Configuration(name=name, config=config, notes=[f"Pulumi.{name}.yaml: {note}" for note in notes])


def _systems() -> list[str]:
    """Return the names of all systems there are."""
    from stacks import system_names  # noqa: PLC0415 - loads all components, and most calls name no system

    return system_names()


def _shared(root: Path) -> dict[str, str]:
    """Return what all stacks share, full key → value in the form that programs get. Raises ``ProjectError``."""
    return config_texts(DEFAULTS_FILE, defaults_text(root), NAMESPACE)


def _notes(document: Mapping[str, Any], encrypted: Sequence[str], replaced: Sequence[str]) -> Iterator[str]:
    for key in replaced:
        yield f"{go_yaml.printable(key)} holds encrypted values: the sandbox has made-up ones in their place"
    for key in encrypted:
        yield f"{go_yaml.printable(key)} is encrypted and left out here: the sandbox has credentials of its own"
    if ENVIRONMENT in document:
        yield (
            f"{ENVIRONMENT}: (Pulumi ESC) is left out here: the sandbox asks no service for values, so that settings "
            "which come from there are missing"
        )
