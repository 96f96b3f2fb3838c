"""One stack as the commands see it: its settings, the secrets that its systems need, and the file that holds them.

Owns finding and reading; asks neither an engine nor an API. Of ``Pulumi.<stack>.yaml`` only the keys of Railyard and
of its provider are read, so that another provider's encrypted token beside them is nobody's business here.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pulumi_operations.project import ProjectError, config_nodes, config_text, full_key, read_text
from railyard.shared.console import CallError, OperationError
from railyard.shared.project import project_directory
from stacks import SYSTEMS, declared_secrets
from stacks.problems import SettingsError
from stacks.secret_rules import Secret
from stacks.secrets import FILE_VARIABLE
from stacks.settings import NAMESPACE, StackSettings, is_own, parse


@dataclass(frozen=True, kw_only=True)
class Stack:
    """One stack."""

    name: str
    settings: StackSettings
    secrets_file: Path
    environment: Mapping[str, str]
    """Where keys are looked for."""
    sandbox: bool = False
    """Whether the sandbox's own secrets are meant."""

    @property
    def declared(self) -> Mapping[str, Sequence[Secret]]:
        """System → the secrets that it needs in this stack."""
        return declared_secrets(self.settings)

    @property
    def known(self) -> list[str]:
        """Return every system there is, in this stack or not."""
        return list(dict.fromkeys([*(system.NAME for system in SYSTEMS), *self.settings.systems]))

    def secret(self, key: str) -> tuple[str, Secret]:
        """Return the system and the secret that ``key`` (``seance.BUILDER_KEY``) names; raises ``CallError``."""
        secrets = {
            f"{system}.{each.name}": (system, each) for system, needed in self.declared.items() for each in needed
        }
        if key in secrets:
            return secrets[key]
        near = difflib.get_close_matches(key, secrets, n=1, cutoff=0.4)
        hint = f"did you mean {near[0]}?" if near else f"its systems are {', '.join(self.declared)}"
        raise CallError(f"no system of {self.name} reads a secret {key}: {hint}")


def names() -> list[str]:
    """Return the stacks that have a settings file."""
    return sorted(path.name.split(".")[1] for path in project_directory().glob("Pulumi.*.yaml"))


def read_stack(name: str, *, sandbox: bool = False) -> Stack:
    """Return the stack ``name``; raises ``CallError`` when there is none, ``OperationError`` for wrong settings."""
    root = project_directory()
    file = root / f"Pulumi.{name}.yaml"
    if not file.exists():
        raise CallError(f"there is no stack {name!r}: name one of {', '.join(names())}")
    try:
        text = read_text(file)
        settings = parse(own_keys(file.name, text), SYSTEMS, file=file.name, text=text)
    except (ProjectError, SettingsError) as error:
        raise OperationError(str(error)) from None
    environment = dict(os.environ)
    if sandbox:
        environment |= {"SOPS_AGE_KEY_FILE": str(root / "secrets" / "sandbox.agekey")}
        environment.pop("SOPS_AGE_KEY", None)
    named = "secrets/sandbox.yaml" if sandbox else environment.get(FILE_VARIABLE) or settings.stack.secrets
    return Stack(name=name, settings=settings, secrets_file=root / named, environment=environment, sandbox=sandbox)


def own_keys(name: str, text: str) -> dict[str, str]:
    """Return the keys of Railyard and its provider in the text of a settings file, as Pulumi hands them to programs.

    Raises ``ProjectError`` for a text that is none, ``OperationError`` for one without configuration.
    """
    nodes = config_nodes(name, text)
    if not nodes:
        raise OperationError(f"{name} has no group 'config:' of keys such as {NAMESPACE}:omega: add it at the top")
    named = {full_key(NAMESPACE, key): node for key, node in nodes.items()}
    return {key: config_text(node) for key, node in named.items() if is_own(key)}
