"""One stack as the commands see it: its settings, the secrets that its systems need, and the file that holds them.

Owns finding and reading; asks neither an engine nor an API. Of ``Pulumi.<stack>.yaml`` only the keys of Railyard and
of its provider are read, so that another provider's encrypted token beside them does not matter here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from components.nearest_name import did_you_mean
from pulumi_operations.project import (
    ProjectError,
    config_nodes,
    config_text,
    full_key,
    load_project,
    project_config,
    read_text,
    standin_text,
)
from railyard.shared.console import CallError, OperationError
from railyard.shared.project import project_directory
from stacks import declared_secrets, python_systems, system_names
from stacks.defaults_file import defaults_text
from stacks.problems import SettingsError
from stacks.secret_rules import Secret
from stacks.secrets import FILE_VARIABLE
from stacks.settings import StackSettings, is_own, parse
from stacks.shared_settings import NAMESPACE, file_name, stack_names
from stacks.system import System, SystemSettings


@dataclass(frozen=True, kw_only=True)
class Stack:
    """One stack."""

    name: str
    settings: StackSettings
    secrets_file: Path
    environment: Mapping[str, str]
    """Variables in which keys are looked for."""
    sandbox: bool = False
    """True for the sandbox's own secrets."""
    holds: tuple[str, ...] | None = None
    """The systems whose secrets are in ``secrets_file``; None for all."""

    @property
    def environment_name(self) -> str:
        """Return for which environment it stands; by default its own name."""
        return self.settings.environment

    @property
    def promotes_from(self) -> str | None:
        """Return the stack that proves what it runs; None for none."""
        return self.settings.stack.promotes_from

    @property
    def token_variables(self) -> set[str]:
        """Return the variables that hold the Railway tokens of systems with an account of their own."""
        accounts = [each.railway for each in self.settings.systems.values()]
        return {each.token_variable for each in accounts if each and each.token_variable}

    @property
    def systems(self) -> list[str]:
        """Return the systems that it runs."""
        return list(self.settings.systems)

    @property
    def declared(self) -> Mapping[str, Sequence[Secret]]:
        """Return system → the secrets that it needs in this stack, of those that the secrets file holds."""
        every = declared_secrets(self.settings)
        return every if self.holds is None else {name: each for name, each in every.items() if name in self.holds}

    @property
    def needs_no_file(self) -> bool:
        """Tell whether the secrets file may be missing: in the sandbox values are made up, and none may be needed."""
        return self.sandbox or not any(self.declared.values())

    def chosen(self, names: Sequence[str]) -> dict[str, SystemSettings]:
        """Return the systems that are named, or all; raises ``CallError`` for one that the stack does not have."""
        systems = self.settings.systems
        for name in names:
            if name not in systems:
                hint = did_you_mean(name, systems, "")
                listed = ", ".join(systems)
                raise CallError(f"{self.name} has no system {name!r}: name one of {listed}{hint and f'; {hint}'}")
        return {name: settings for name, settings in systems.items() if not names or name in names}

    def by_file(self) -> list[Stack]:
        """Return the stack once for each of its secrets files, with the systems whose secrets are in there."""
        return [self.holding(system) for system in self.systems] if self._has_secrets_by_system else [self]

    def holding(self, system: str) -> Stack:
        """Return the stack with the secrets file of one system."""
        if not self._has_secrets_by_system:
            return self
        return replace(self, secrets_file=project_directory() / self.settings.secrets_of(system), holds=(system,))

    @property
    def _has_secrets_by_system(self) -> bool:
        """Tell whether each system has a secrets file of its own, and no other file stands in their place."""
        return self.settings.has_secrets_by_system and not self.sandbox and FILE_VARIABLE not in self.environment

    @property
    def known(self) -> list[str]:
        """Return every system there is, in this stack or not."""
        return list(dict.fromkeys([*system_names(), *self.settings.systems]))

    def secret(self, key: str) -> tuple[str, Secret]:
        """Return the system and the secret that ``key`` (``seance.BUILDER_KEY``) names; raises ``CallError``."""
        secrets = {
            f"{system}.{each.name}": (system, each) for system, needed in self.declared.items() for each in needed
        }
        if key in secrets:
            return secrets[key]
        hint = did_you_mean(key, secrets, f"its systems are {', '.join(self.declared)}")
        raise CallError(f"no system of {self.name} reads a secret {key}: {hint}")


def names() -> list[str]:
    """Return the stacks that have a settings file."""
    return stack_names(project_directory())


def read_stacks() -> list[Stack]:
    """Return all stacks of the project, each behind the one that it promotes from; raises ``OperationError``.

    Which systems a stack runs, for which environment it stands, and whose plan, tokens and secrets it uses: all of it
    is in its settings, and no name of a stack means anything by itself.
    """
    stacks = {name: read_stack(name) for name in names()}
    return [stacks[name] for name in in_order({name: each.promotes_from for name, each in stacks.items()})]


def in_order(sources: Mapping[str, str | None]) -> list[str]:
    """Return stacks, name → the one that it promotes from, each behind its source; raises ``OperationError``."""
    ordered: list[str] = []
    while len(ordered) < len(sources):
        left = {name: source for name, source in sources.items() if name not in ordered}
        ready = [name for name, source in left.items() if source not in left]
        if not ready:
            circle = ", ".join(sorted(left))
            raise OperationError(f"stacks promote from each other in a circle, {circle}: correct their promotesFrom")
        ordered += sorted(ready)
    return ordered


def first_stack() -> str:
    """Return the stack where a change begins: others promote from it, and it promotes from none; or the only one.

    Raises ``CallError`` where none or several are such.
    """
    sources = _sources()
    return _the_one([name for name in sources.values() if name and not sources.get(name)], "where a change begins")


def last_stack() -> str:
    """Return the stack where a change ends: it promotes from another, and none from it; or the only one.

    Raises ``CallError`` where none or several are such.
    """
    sources = _sources()
    ends = [name for name, source in sources.items() if source and name not in sources.values()]
    return _the_one(ends, "where a change ends")


def _the_one(candidates: Sequence[str], what: str) -> str:
    """Return the only candidate, or the only stack there is."""
    existing = names()
    stacks = sorted({name for name in candidates if name in existing}) or existing
    if len(stacks) == 1:
        return stacks[0]
    why = f"stacks are {', '.join(stacks)}" if stacks else "there is none: a file Pulumi.<stack>.yaml is one"
    raise CallError(f"no stack is named, and which one is {what} does not follow from promotesFrom: {why}")


def _sources() -> dict[str, str | None]:
    """Return each stack with the one that it promotes from, as far as the files can be read."""
    root = project_directory()
    key = f"{NAMESPACE}:promotesFrom"
    sources: dict[str, str | None] = {}
    for name in names():
        try:
            nodes = config_nodes(file_name(name), read_text(root / file_name(name)))
        except ProjectError:
            nodes = {}
        node = nodes.get(key, nodes.get("promotesFrom"))
        sources[name] = config_text(node) or None if node else None
    return sources


def read_stack(name: str, *, sandbox: bool = False) -> Stack:
    """Return the stack ``name``; raises ``CallError`` when there is none, ``OperationError`` for wrong settings."""
    root, text = project_directory(), read_stack_text(name)
    try:
        settings = settings_in(file_name(name), text)
    except (ProjectError, SettingsError) as error:
        raise OperationError(str(error)) from None
    environment = dict(os.environ)
    if sandbox:
        environment |= {"SOPS_AGE_KEY_FILE": str(root / "secrets" / "sandbox.agekey")}
        environment.pop("SOPS_AGE_KEY", None)
    named = "secrets/sandbox.yaml" if sandbox else environment.get(FILE_VARIABLE) or settings.secrets
    return Stack(name=name, settings=settings, secrets_file=root / named, environment=environment, sandbox=sandbox)


def read_stack_text(name: str) -> str:
    """Return the text of the stack's settings file; raises ``CallError`` when there is none."""
    file = project_directory() / file_name(name)
    if not file.exists():
        raise CallError(no_stack(project_directory(), name))
    try:
        return read_text(file)
    except ProjectError as error:
        raise OperationError(str(error)) from None


def no_stack(root: Path, name: str) -> str:
    """Return the message for a stack ``name`` that the project in ``root`` does not have."""
    existing = stack_names(root)
    fix = f"name one of {', '.join(existing)}" if existing else f"write its settings into {file_name(name)}"
    return f"there is no stack {name!r}: {fix}"


def no_configuration(name: str, text: str) -> str:
    """Return the message for the ``text`` of a settings file ``name`` that has nothing in its group ``config``."""
    outside = re.search(r"^rail(?:way|yard):[\w.-]+(?=:)", text, re.MULTILINE)
    fix = f"indent {outside[0]} and all after it below a line 'config:'" if outside else "add it at the top"
    return f"{name} has no group 'config:' with keys of systems: {fix}"


def settings_in(name: str, text: str, root: Path | None = None) -> StackSettings:
    """Return the settings of a stack whose file ``name`` holds ``text``, with what all stacks of the project share.

    ``root`` is the folder of the project; without it the one on which the command works. Raises ``ProjectError`` for a
    text that is none, ``OperationError`` for one without configuration, and ``SettingsError`` for settings that are
    refused.
    """
    shared = defaults_text(root or project_directory())
    return _parse(name, text, shared, tuple(own_keys(name, text, root).items()), python_systems())


@lru_cache(maxsize=8)
def _parse(
    name: str, text: str, shared: str, keys: tuple[tuple[str, str], ...], systems: tuple[type[System[Any]], ...]
) -> StackSettings:
    """Return the settings in a text, which a command parses once however often it reads them. Raises as above."""
    return parse(dict(keys), systems, file=name, text=text, defaults=shared)


def own_keys(name: str, text: str, root: Path | None = None) -> dict[str, str]:
    """Return the keys of Railyard and its provider in the text of a settings file, as Pulumi hands them to programs.

    What ``Pulumi.yaml`` says of all stacks is below them. Raises ``ProjectError`` for a text that is none,
    ``OperationError`` for one without configuration.
    """
    nodes = config_nodes(name, text)
    if not nodes:
        raise OperationError(no_configuration(name, text))
    below = project_config(load_project(root or project_directory()))
    named = {key: value for key, value in below.items() if value is not None}
    named |= {full_key(NAMESPACE, key): standin_text(node) for key, node in nodes.items()}
    return {key: value for key, value in named.items() if is_own(key)}
