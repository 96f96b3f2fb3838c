"""Secrets of a running system, from Railway straight into the stack's SOPS file.

Owns where a secret's value is looked for. Values pass from Railway's answer to the ``sops`` program, and stand nowhere
else: no message, no file in clear.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import sops
from railyard.adopt.live import LiveProject
from railyard.secrets import secrets_file
from railyard.shared.console import CallError, OperationError, shown
from railyard.shared.stack import Stack
from sops.age import Recipient, identities
from stacks import secret_rules
from stacks.secret_rules import Secret


@dataclass
class SecretValues:
    """The secrets that a system declares."""

    values: dict[str, str] = field(default_factory=dict[str, str], repr=False)
    sealed: list[str] = field(default_factory=list[str])
    """Names of secrets that Railway holds sealed: no API returns their values."""
    missing: list[str] = field(default_factory=list[str])
    """Names of required secrets that no service has."""


def look(declared: Sequence[Secret], live: LiveProject, places: Mapping[str, tuple[str, str]]) -> SecretValues:
    """Find each secret among the variables of the services, by its name, or where ``places`` say: service, variable."""
    secrets = SecretValues()
    services = live.services()
    every = [live.variables(service_id) for service_id in services.values()]
    for secret in declared:
        if secret.name in places:
            service, variable = places[secret.name]
            matching = [live.variables(services[service]).get(variable)]
        else:
            matching = [variables[secret.name] for variables in every if secret.name in variables]
        values = [value for value in matching if value is not None]
        if values:
            secrets.values[secret.name] = values[0]
        elif matching:
            secrets.sealed.append(secret.name)
        elif secret.required:
            secrets.missing.append(secret.name)
    return secrets


def check(stack: Stack, system: str, secrets: SecretValues, age: Sequence[str]) -> None:
    """Raise ``CallError`` or ``OperationError`` where ``store`` could not end: no program, recipient or key."""
    if not secrets.values:
        return
    stack = stack.holding(system)
    secrets_file.path(stack)
    if stack.secrets_file.exists():
        if secrets.values.keys() - _stored(stack, system, secrets):
            try:
                sops.read(stack.secrets_file, stack.environment).decrypt()
            except sops.SopsError as error:
                raise OperationError(str(error)) from None
        return
    if not (openers := secrets_file.age_keys(stack)):
        if secrets_file.has_rule(stack):
            return  # the sops program knows whether keys of other kinds are at hand
        _refuse_nobody(stack, age)
        secrets_file.refuse_recipients(age)
        openers = list(age)
    # The values go one by one into a file that is encrypted already, so that a key has to open it.
    native = all(Recipient(public_key=each, encrypted_data_key="").native for each in openers)
    if native and not set(openers) & set(identities(stack.environment, openers[0]).public_keys):
        raise OperationError(
            f"{shown(stack.secrets_file)} is made for {', '.join(openers)}, whose secret key is not here, and without "
            "it no value can be set: set SOPS_AGE_KEY_FILE to its file. Nothing was written"
        )


def store(stack: Stack, system: str, secrets: SecretValues, age: Sequence[str]) -> list[str]:
    """Put the values into the stack's file, which is made where there is none; returns the keys that were set.

    What an earlier run has put there stays as it is, unless it can be opened here and is another value.
    """
    if not secrets.values:
        return []
    stack = stack.holding(system)
    if not stack.secrets_file.exists():
        _make(stack, age)
    stored = _stored(stack, system, secrets)
    for name, value in secrets.values.items():
        if name not in stored:
            secrets_file.store(stack, system, name, value)
    return [f"{system}.{name}" for name in secrets.values]


def _stored(stack: Stack, system: str, secrets: SecretValues) -> set[str]:
    """Return the names that the file holds already, with the same values where it can be opened here."""
    try:
        document = sops.read(stack.secrets_file, stack.environment)
        names = set(secret_rules.present(document).get(system, ()))
    except sops.SopsError as error:
        raise OperationError(str(error)) from None
    try:
        values = cast("Mapping[str, Mapping[str, Any]]", document.decrypt()).get(system, {})
    except sops.SopsError:
        return names
    return {name for name in names if secret_rules.as_text(values.get(name)) == secrets.values.get(name)}


def _make(stack: Stack, age: Sequence[str]) -> None:
    if not secrets_file.has_rule(stack):
        _refuse_nobody(stack, age)
        secrets_file.add_rule(stack, age)
    stack.secrets_file.parent.mkdir(parents=True, exist_ok=True)
    skeleton = secrets_file.skeleton_file(stack)
    secrets_file.write_skeleton(stack)
    try:
        secrets_file.encrypt(stack, secrets_file.rules_file(stack), skeleton)
    finally:
        skeleton.unlink()


def _refuse_nobody(stack: Stack, age: Sequence[str]) -> None:
    if not age:
        raise CallError(
            f"{shown(stack.secrets_file)} does not exist, and no rule says who can open it: give --age with a public "
            "age key (age1…)"
        )
