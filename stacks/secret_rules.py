"""The rules for a stack's secrets: what a system may ask for, and what is wrong with a SOPS file that should hold it.

Owns the declaration of one secret and every finding about a file: missing, not whole, malformed, unused. Works on
names and values alone: knows neither Pulumi nor who asks. No finding ever holds a value.
"""

from __future__ import annotations

import hashlib
import secrets
import string
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, Self, cast

from pydantic import Field, model_validator

import sops
from components.arguments import Arguments, Many, Text
from stacks.project_folder import RAILYARD

Alphabet = Literal["lettersAndDigits", "hexadecimal"]
"""The characters of which a generated value is made. Letters and digits need no quoting in an address or a shell."""
CHARACTERS: Final[Mapping[Alphabet, str]] = {
    "lettersAndDigits": string.ascii_letters + string.digits,
    "hexadecimal": "0123456789abcdef",
}
"""Alphabet → its characters."""


class Generated(Arguments):
    """The form in which a value is generated that no provider issues."""

    length: Annotated[int, Field(ge=16, le=4_096)] = 32
    """Number of characters after the prefix; 32 letters and digits are 190 bits."""
    alphabet: Alphabet = "lettersAndDigits"
    """The characters of which it is made."""


class SecretRules(Arguments):
    """The rules of a secret beside its name: what it is, how a right value looks, and how one is made."""

    meaning: Text
    """Meaning of the secret, for the person who has to find a value for it."""
    required: bool = True
    """True if a stack needs it. A variable that is made of an optional one exists only where the file holds it."""
    prefix: str = ""
    """Characters with which the value starts."""
    min_bytes: Annotated[int, Field(ge=1, le=65_536)] = 1
    """Shortest value that is accepted, in bytes."""
    one_of: Many[Text] = ()
    """The only values that are accepted. Default: any."""
    together_with: str = ""
    """Another secret: both are there or neither."""
    generated: Generated | None = None
    """Form of a generated value: ``{}`` for 32 letters and digits. Default: none is generated, its issuer
    gives it."""
    one_per_stack: str = ""
    """Consequence of the same value in two stacks. Default: none that shows at once."""
    rotation: str = ""
    """Instructions for a person after the value changes, where new deployments alone are not enough."""

    @model_validator(mode="after")
    def _a_generated_value_is_accepted(self) -> Self:
        length = self.generated and len(self.prefix) + self.generated.length
        if length is not None and length < self.min_bytes:
            raise ValueError(
                f"minBytes of at most {length}, since that is what generated makes, and not {self.min_bytes}: raise "
                "generated.length"
            )
        if self.generated and self.one_of:
            raise ValueError("either oneOf or generated, which makes none of these values: remove one of them")
        return self


class Secret(SecretRules):
    """One secret that a system needs."""

    name: str
    """Its key in the SOPS file and the variable that the service reads."""
    also_sets: tuple[str, ...] = ()
    """Other variables that follow from it: they hold the value, as an address does, or are only set beside it."""

    def problem(self, value: Any) -> str | None:
        """Return why ``value`` is refused, in words that do not give it away."""
        if isinstance(value, dict | list):
            return "is a group or a list and needs to be a text"
        text = as_text(value)
        if not text.strip():
            return "is blank"
        size = len(text.encode())
        if size < self.min_bytes:
            return f"has {size} bytes and needs at least {self.min_bytes}"
        if not text.startswith(self.prefix):
            return f"does not start with {self.prefix!r}"
        if self.one_of and text not in self.one_of:
            return f"is none of {', '.join(self.one_of)}"
        return None

    def generate(self) -> str:
        """Make a new random value. Raises ``ValueError`` for a secret that is not generated."""
        if self.generated is None:
            raise ValueError(f"{self.name} is not generated: its issuer gives it")
        alphabet = CHARACTERS[self.generated.alphabet]
        return self.prefix + "".join(secrets.choice(alphabet) for _ in range(self.generated.length))

    def standin(self, ciphertext: str) -> str:
        """Make up a value that keeps the rules; another one for another ``ciphertext``, where the rules allow it."""
        digest = hashlib.sha256(ciphertext.encode()).hexdigest()
        if self.one_of:
            return self.one_of[int(digest, 16) % len(self.one_of)]
        return self.prefix + digest * (1 + self.min_bytes // len(digest))


Declared = Mapping[str, Sequence[Secret]]
"""System → the secrets that it needs."""
Present = Mapping[str, Collection[str]]
"""Group of the file → the keys in it that hold something."""


class Kind(StrEnum):
    """The kinds of problems of a secret."""

    MISSING = "missing"
    MALFORMED = "malformed"
    UNUSED = "unused"
    SHARED = "shared"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong with a file of secrets."""

    kind: Kind
    system: str
    name: str
    """Empty when it is about the whole group."""
    text: str
    """Problem, on one line."""

    @property
    def key(self) -> str:
        """Return its full name, ``seance.STRIPE_SECRET_KEY``."""
        return f"{self.system}.{self.name}" if self.name else self.system


def way_to_set(key: str, secret: Secret, stack: str, *, sandbox: bool) -> str:
    """Return the command that gives a secret its value, which is no part of it: command lines are seen."""
    command = f"{RAILYARD} secrets {'generate' if secret.generated else 'set'} -s {stack} {key}"
    return ("make one: " if secret.generated else "set it: ") + command + (" --sandbox" if sandbox else "")


def as_text(value: Any) -> str:
    """Return a value as a service gets it in a variable; YAML's ``true`` is not Python's ``True``."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def present(document: sops.Document) -> dict[str, list[str]]:
    """Return the groups of a file with the keys that hold something, which needs no key. Empty is absent."""
    return {
        group: [name for name in keys if document.ciphertext((group, name)) not in (None, "")]
        for group, keys in document.keys().items()
        if keys is not None
    }


def missing(declared: Declared, names: Present) -> list[Finding]:
    """Return required secrets that are not there, and pairs that are not whole."""
    return list(_missing(declared, names))


def _missing(declared: Declared, names: Present) -> Iterator[Finding]:
    for system, needed in declared.items():
        present = names.get(system, ())
        # One of two that belong together may say so alone.
        partners = {each.together_with: each.name for each in needed if each.together_with and each.name in present}
        for secret in needed:
            if secret.name in present:
                continue
            text, other = "", secret.together_with if secret.together_with in present else partners.get(secret.name)
            if secret.required:
                text = f"Missing required secret: {system}.{secret.name} ({secret.meaning})"
            elif other:
                pair = f"{system}.{secret.name}, which belongs to {system}.{other}"
                text = f"Missing secret: {pair}: give both or neither"
            if text:
                yield Finding(kind=Kind.MISSING, system=system, name=secret.name, text=text)


def malformed(declared: Declared, values: Mapping[str, Any]) -> list[Finding]:
    """Return secrets whose value breaks a rule; empty ones are a matter of ``missing``."""
    findings: list[Finding] = []
    for system, needed in declared.items():
        group: Any = values.get(system)
        given: Mapping[str, Any] = cast("Any", group) if isinstance(group, Mapping) else {}
        for secret in needed:
            value = given.get(secret.name)
            reason = None if value in (None, "") else secret.problem(value)
            if reason:
                text = f"Wrong secret: {system}.{secret.name} {reason} ({secret.meaning})"
                findings.append(Finding(kind=Kind.MALFORMED, system=system, name=secret.name, text=text))
    return findings


def shared(
    declared: Declared, values: Mapping[str, Any], *, stack: str, others: Mapping[str, Any], refused: bool
) -> list[Finding]:
    """Return secrets that have the same value in another ``stack``, whose file holds ``others``.

    With ``refused`` those whose owners fail then, or that are made for one stack; else those that it is better to
    have twice.
    """
    findings: list[Finding] = []
    for system, needed in declared.items():
        for secret in needed:
            value, other = (_value(file, system, secret.name) for file in (values, others))
            if value in (None, "") or value != other or secret.one_of or refused != _is_for_one_stack(secret):
                continue
            why = secret.one_per_stack or "who has the one stack's has the other's"
            text = f"Same secret in two stacks: {system}.{secret.name} is that of {stack}, too: {why}"
            findings.append(Finding(kind=Kind.SHARED, system=system, name=secret.name, text=text))
    return findings


def _is_for_one_stack(secret: Secret) -> bool:
    return bool(secret.one_per_stack or secret.generated)


def _value(values: Mapping[str, Any], system: str, name: str) -> Any:
    group: Any = values.get(system)
    return cast("Any", group).get(name) if isinstance(group, Mapping) else None


def unused(declared: Declared, document: sops.Document, known: Collection[str]) -> list[Finding]:
    """Return what no system reads: keys of those in ``declared``, and groups that are no system in ``known``."""
    findings: list[Finding] = []
    for group, keys in document.keys().items():
        if group in declared:
            needed = [secret.name for secret in declared[group]]
            for name in keys or ():
                if name not in needed:
                    text = f"Unused secret: {group}.{name}, which {group} does not read: remove it, or correct its name"
                    findings.append(Finding(kind=Kind.UNUSED, system=group, name=name, text=sops.printable(text)))
        elif group not in known:
            text = f"Unused group of secrets: {group}, which is no system: remove it, or correct its name"
            findings.append(Finding(kind=Kind.UNUSED, system=group, name="", text=sops.printable(text)))
    return findings
