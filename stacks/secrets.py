"""The secrets of the systems: which each needs, whether they are there, and their values.

Owns the declarations' meaning and the check that all are present and well formed, before anything changes. Values
are Pulumi secrets from the moment they are read. Does not know SOPS's format: ``sops`` reads the file.

Key names are clear in a SOPS file, so what is missing is found without the key; a preview without the key shows the
values as unknown.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pulumi

import sops


class SecretsError(pulumi.RunError):
    """Secrets are missing or wrong; the text says which, where, and how to add them."""


@dataclass(frozen=True, kw_only=True)
class Secret:
    """One secret that a system needs."""

    name: str
    """Its key in the SOPS file and the variable that the service reads."""
    meaning: str
    required: bool = True
    prefix: str = ""
    """What the value starts with."""
    min_bytes: int = 1
    """Shortest value that is accepted, in bytes."""
    together_with: str = ""
    """Another secret: both are there or neither."""

    def problem(self, value: str) -> str | None:
        """Why ``value`` is refused, in words that do not give it away."""
        size = len(value.encode())
        if size < self.min_bytes:
            return f"has {size} bytes and needs at least {self.min_bytes}"
        if not value.startswith(self.prefix):
            return f"does not start with {self.prefix!r}"
        return None


class SystemSecrets:
    """The secrets of one system."""

    def __init__(self, values: Mapping[str, pulumi.Output[str]]) -> None:
        self._values = dict(values)

    def __getitem__(self, name: str) -> pulumi.Output[str]:
        """The value of a required secret."""
        return self._values[name]

    def __contains__(self, name: str) -> bool:
        """Whether the file holds ``name``."""
        return name in self._values

    def variables(self, *names: str) -> dict[str, pulumi.Input[str]]:
        """Those of ``names`` that the file holds, as environment variables of the same names."""
        return {name: self._values[name] for name in names if name in self._values}


def read(file: str, declared: Mapping[str, Sequence[Secret]], *, preview: bool) -> dict[str, SystemSecrets]:
    """The secrets of each system in ``declared``.

    ``file`` is the path from the settings; the environment variable RAILYARD_SECRETS replaces it (the sandbox has a
    file of its own). Raises ``SecretsError`` with all that is missing or wrong.
    """
    path = Path(os.environ.get("RAILYARD_SECRETS") or file)
    try:
        document = sops.read(path)
        present = {system: _section(document.keys(), system) for system in declared}
        _refuse(path, _missing(declared, present))
        values = _values(document, preview=preview)
    except sops.SopsError as error:
        raise SecretsError(str(error)) from None
    if values is None:
        return {system: SystemSecrets({name: _unknown() for name in present[system]}) for system in declared}
    _refuse(path, _malformed(declared, values))
    return {
        system: SystemSecrets(
            {name: pulumi.Output.secret(str(value)) for name, value in values.get(system, {}).items()}
        )
        for system in declared
    }


def _section(keys: Mapping[str, Any], system: str) -> set[str]:
    section = keys.get(system)
    return set(section) if isinstance(section, Mapping) else set()  # pyright: ignore[reportUnknownArgumentType]


def _missing(declared: Mapping[str, Sequence[Secret]], present: Mapping[str, set[str]]) -> list[str]:
    found: list[str] = []
    for system, secrets in declared.items():
        for secret in secrets:
            there = secret.name in present[system]
            if secret.required and not there:
                found.append(
                    f"Missing required secret: {system}.{secret.name} ({secret.meaning})\n{_add(system, secret)}"
                )
            elif not there and secret.together_with and secret.together_with in present[system]:
                found.append(
                    f"Missing secret: {system}.{secret.name}, which belongs to {system}.{secret.together_with}: "
                    f"give both or neither\n{_add(system, secret)}"
                )
    return found


def _malformed(declared: Mapping[str, Sequence[Secret]], values: Mapping[str, Mapping[str, Any]]) -> list[str]:
    found: list[str] = []
    for system, secrets in declared.items():
        for secret in secrets:
            if secret.name in values.get(system, {}):
                reason = secret.problem(str(values[system][secret.name]))
                if reason:
                    found.append(
                        f"Wrong secret: {system}.{secret.name} {reason} ({secret.meaning})\n{_add(system, secret)}"
                    )
    return found


def _add(system: str, secret: Secret) -> str:
    return f"""  set it: sops set {{file}} '["{system}"]["{secret.name}"]' '"<value>"'"""


def _refuse(path: Path, problems: Sequence[str]) -> None:
    if problems:
        count = f"{len(problems)} problem" + ("s" if len(problems) > 1 else "")
        text = "\n".join(problem.replace("{file}", str(path)) for problem in problems)
        raise SecretsError(f"{path} has {count}:\n{text}")


def _values(document: sops.Document, *, preview: bool) -> Mapping[str, Mapping[str, Any]] | None:
    try:
        return cast("Mapping[str, Mapping[str, Any]]", document.decrypt())
    except sops.KeyMissingError:
        # A pull request from a fork has no key: names are enough to show what changes.
        if preview:
            return None
        raise


def _unknown() -> pulumi.Output[str]:
    def settled(value: Any) -> asyncio.Future[Any]:
        future: asyncio.Future[Any] = asyncio.get_event_loop().create_future()
        future.set_result(value)
        return future

    return pulumi.Output(settled(set()), settled(None), settled(False), settled(True))
