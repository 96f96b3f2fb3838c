"""The secrets of the systems as the program uses them: checked, then Pulumi secrets from the moment they are read.

Owns the way from a SOPS file to the variables of services, and what a preview without the key shows. The rules are in
``secret_rules``, and ``sops`` reads the file.

Names are clear in a SOPS file, so what is missing is found without the key. What has changed is found without it too:
the program exports a fingerprint of each value's *ciphertext*, which ``sops`` leaves as it was unless the value is
written anew. Values are unknown then, and an unknown value would show every service as changed. So variables made of
unopened secrets keep what the state holds, except those of secrets whose fingerprint is not the one in the state.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

import pulumi
from typing_extensions import override

import sops
from railway_api.counting import count
from railway_api.loopback import is_loopback
from stacks import resource_types, secret_rules
from stacks.previous_outputs import previous_output
from stacks.secret_rules import Declared, Finding, Generated, Secret, as_text

__all__ = ["Generated", "Secret", "SecretsError", "StackSecrets", "SystemSecrets", "read"]

FILE_VARIABLE: Final = "RAILYARD_SECRETS"
"""Environment variable that replaces the file of the settings: the sandbox has a file of its own."""
STANDINS_VARIABLE: Final = "RAILYARD_SECRETS_STANDINS"
"""Environment variable that puts a made-up value in the place of each value, so that the sandbox needs no key."""
FINGERPRINTS: Final = "secretFingerprints"
"""The stack output that keeps what was deployed last."""
_DIGITS: Final = 12

Fingerprints = Mapping[str, Mapping[str, str]]
"""System → secret → fingerprint of its ciphertext; tells whether a value was written anew, and nothing of it."""


class SecretsError(pulumi.RunError):
    """Secrets are missing or wrong; the text says which, where, and how to add them."""


@dataclass(frozen=True, kw_only=True)
class SystemSecrets:
    """The secrets of one system."""

    values: Mapping[str, pulumi.Output[str]] = field(repr=False)
    unknown_variables: frozenset[str] = frozenset()
    """Variables whose values are unknown in a preview without the key, and stay as the state has them."""

    def __getitem__(self, name: str) -> pulumi.Output[str]:
        """Return the value of a required secret."""
        return self.values[name]

    def __contains__(self, name: str) -> bool:
        """Tell whether the file holds ``name``."""
        return name in self.values

    def variables(self, *names: str) -> dict[str, pulumi.Input[str]]:
        """Return those of ``names`` that the file holds, as environment variables of the same names."""
        return {name: self.values[name] for name in names if name in self.values}


@dataclass(frozen=True, kw_only=True)
class StackSecrets:
    """The secrets of all systems of a stack."""

    systems: Mapping[str, SystemSecrets]
    fingerprints: Fingerprints


def read_all(
    files: Mapping[str, str], declared: Declared, *, preview: bool, known: Collection[str] = ()
) -> StackSecrets:
    """Return the secrets of each system in ``declared``, from the files that hold them: system → path.

    ``known`` are the systems that may have a group in a file that several share. Raises ``SecretsError`` with all that
    is missing or wrong in any of them.
    """
    replaced = os.environ.get(FILE_VARIABLE)
    of_files: list[StackSecrets] = []
    problems: list[str] = []
    for file in dict.fromkeys(replaced or file for file in files.values()):
        of_file = {system: needed for system, needed in declared.items() if (replaced or files[system]) == file}
        alone = len(of_file) < len(declared)
        try:
            of_files.append(read(file, of_file, preview=preview, known=() if alone else known, alone=alone))
        except SecretsError as error:
            problems.append(str(error))
    if problems:
        raise SecretsError("\n".join(problems))
    return StackSecrets(
        systems={system: each for part in of_files for system, each in part.systems.items()},
        fingerprints={system: each for part in of_files for system, each in part.fingerprints.items()},
    )


def read(
    file: str, declared: Declared, *, preview: bool, known: Collection[str] = (), alone: bool = False
) -> StackSecrets:
    """Return the secrets of each system in ``declared``.

    ``file`` is the path from the settings, which RAILYARD_SECRETS replaces. ``known`` are the systems that may have a
    group in the file. Where it is ``alone``, one of several, a preview does without the key of its own people. Raises
    ``SecretsError`` with all that is missing or wrong; what is unused is a warning.
    """
    path = Path(os.environ.get(FILE_VARIABLE) or file)
    try:
        document = read_file(path, empty=_is_sandbox_file() or not any(declared.values()))
        placeholders = _placeholders(declared, document) if _is_sandbox_file() else {}
        names = secret_rules.present(document) | placeholders
        findings = secret_rules.missing(declared, names)
        if os.environ.get(STANDINS_VARIABLE):
            values = _standins(declared, document)
        else:
            values = opened(document, preview=preview, tolerant=bool(findings), alone=alone)
    except sops.SopsError as error:
        raise SecretsError(str(error)) from None
    values = None if values is None else {**values, **placeholders}
    _refuse(path, declared, [*findings, *secret_rules.malformed(declared, values or {})])
    # The sandbox's file still holds groups of systems that have been removed.
    groups = document.keys() if _is_sandbox_file() else {*known, *declared}
    for finding in secret_rules.unused(declared, document, groups):
        pulumi.log.warn(f"{path}: {finding.text}")
    stored = {
        system: [secret.name for secret in secrets if secret.name in names.get(system, ())]
        for system, secrets in declared.items()
    }
    fingerprints = {
        system: {name: fingerprint(document, system, name) for name in group} for system, group in stored.items()
    }
    unknown_variables = (
        {} if values is not None else _unknown_variables(declared, fingerprints, previous_output(FINGERPRINTS) or {})
    )
    systems: dict[str, SystemSecrets] = {}
    for system, group in stored.items():
        outputs = {name: unknown() if values is None else as_output(values[system][name]) for name in group}
        systems[system] = SystemSecrets(values=outputs, unknown_variables=unknown_variables.get(system, frozenset()))
    return StackSecrets(systems=systems, fingerprints=fingerprints)


def instances_from_now_on() -> Sequence[pulumi.Resource]:
    """Return a list that grows with every service instance that the program makes."""
    instances: list[pulumi.Resource] = []

    def note(args: pulumi.ResourceTransformationArgs) -> None:
        if args.type_ == resource_types.SERVICE_INSTANCE:
            instances.append(args.resource)

    pulumi.runtime.register_stack_transformation(note)
    return instances


def deployed(fingerprints: Fingerprints, instances: Sequence[pulumi.Resource]) -> pulumi.Output[Fingerprints]:
    """Return the fingerprints to export, known once every instance has its secrets: a failed run exports none.

    It is a secret only to be short: one line of what the Pulumi CLI prints.
    """
    all_made = pulumi.Output.all(*(instance.urn for instance in instances))
    return pulumi.Output.secret(all_made.apply(lambda _: fingerprints))


def fingerprint(document: sops.Document, system: str, name: str) -> str:
    """Return what changes when a value is written anew: a digest of the ciphertext, which says nothing of it."""
    written = document.ciphertext((system, name)) or ""
    if not written.startswith("ENC["):
        return "not encrypted"
    return hashlib.sha256(written.encode()).hexdigest()[:_DIGITS]


def _unknown_variables(declared: Declared, now: Fingerprints, before: Fingerprints) -> dict[str, frozenset[str]]:
    """Return the variables of each system that follow from secrets of which none was written anew."""
    unknown_variables: dict[str, frozenset[str]] = {}
    for system, secrets in declared.items():
        same: set[str] = set()
        anew: set[str] = set()
        for secret in secrets:
            is_same = now[system].get(secret.name) == before.get(system, {}).get(secret.name)
            (same if is_same else anew).update((secret.name, *secret.also_sets))
        unknown_variables[system] = frozenset(same - anew)
    return unknown_variables


def _refuse(path: Path, declared: Declared, findings: Sequence[Finding]) -> None:
    if not findings:
        return
    systems = len({finding.system for finding in findings})
    heading = f"{path} has {count(len(findings), 'problem')} in {count(systems, 'system')}:"
    lines = [f"{finding.text}\n  {_way_to_set(declared, finding)}" for finding in findings]
    raise SecretsError("\n".join([heading, *lines]))


def _way_to_set(declared: Declared, finding: Finding) -> str:
    secret = next(secret for secret in declared[finding.system] if secret.name == finding.name)
    return secret_rules.way_to_set(finding.key, secret, pulumi.get_stack(), sandbox=_is_sandbox_file())


def opened(
    document: sops.Document, *, preview: bool, tolerant: bool, alone: bool = False
) -> Mapping[str, Mapping[str, Any]] | None:
    """Return the values; None without a key, in a preview or when (``tolerant``) there is something to report."""
    keyless = (sops.KeyMissingError, sops.WrongKeyError) if alone else sops.KeyMissingError
    try:
        return cast("Mapping[str, Mapping[str, Any]]", document.decrypt())
    except sops.SopsError as error:
        # A pull request from a fork has no key: names are enough to show what changes.
        if not tolerant and not (preview and isinstance(error, keyless)):
            raise
        pulumi.log.info(f"values of secrets are unknown here, and only names and what was written anew show: {error}")
        return None


def _standins(declared: Declared, document: sops.Document) -> Mapping[str, Mapping[str, Any]]:
    """Make up values that keep the rules, and differ exactly where the ciphertexts do."""
    if not is_loopback(os.environ.get("RAILWAY_API_URL", "")):
        raise SecretsError(f"{STANDINS_VARIABLE} is set, and made-up values are for the sandbox alone: unset it")
    return {
        system: {secret.name: secret.standin(document.ciphertext((system, secret.name)) or "") for secret in secrets}
        for system, secrets in declared.items()
    }


class _NoFile(sops.Document):
    """A file of secrets that is not there, and need not be."""

    @override
    def decrypt(self) -> dict[str, Any]:
        return {}


def read_file(path: Path, environment: Mapping[str, str] | None = None, *, empty: bool) -> sops.Document:
    """Return a file of secrets; with ``empty`` one without any group where it does not exist.

    It need not exist for systems without secrets, nor in the sandbox, where values are made up. ``environment`` says
    where keys are; default: that of the process. Raises ``sops.SopsError``.
    """
    if path.exists() or not empty:
        return sops.read(path, environment)
    return _NoFile(path=path, tree={}, metadata=cast("Any", None), environment={})


def _is_sandbox_file() -> bool:
    """Tell whether this is the sandbox's own file, and the simulated Railway is all that gets to see it."""
    return bool(os.environ.get(FILE_VARIABLE)) and is_loopback(os.environ.get("RAILWAY_API_URL", ""))


def _placeholders(declared: Declared, document: sops.Document) -> dict[str, dict[str, str]]:
    """Make up values for the systems of which the sandbox's file knows nothing: who adds one needs no sops."""
    groups = document.keys()
    return {
        system: {secret.name: secret.standin(f"{system}.{secret.name}") for secret in secrets if secret.required}
        for system, secrets in declared.items()
        if system not in groups
    }


class _Hidden(str):
    """A value that does not show itself in the text of an exception, which quotes what it is about."""

    __slots__ = ()

    @override
    def __repr__(self) -> str:
        return "[secret]"


def as_output(value: Any) -> pulumi.Output[str]:
    """Return a value as a secret from now on."""
    return pulumi.Output.secret(_Hidden(as_text(value)))


def unknown() -> pulumi.Output[str]:
    """Return an unknown value, for a secret that cannot be opened here."""

    def settled(value: Any) -> asyncio.Future[Any]:
        future: asyncio.Future[Any] = asyncio.get_event_loop().create_future()
        future.set_result(value)
        return future

    return pulumi.Output(settled(set()), settled(None), settled(False), settled(True))
