"""The secrets of a review environment: made up, but for those that the settings of its stack hand over.

Owns how they are made up. Each follows from the token of the Railway account, so that the next ``up`` finds the
password that a database was made with, nobody who lacks the token can guess one, and none is stored anywhere.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import sops
from stacks.reviews import Review
from stacks.secret_rules import Declared, Secret
from stacks.secrets import (
    FILE_VARIABLE,
    SecretsError,
    StackSecrets,
    SystemSecrets,
    as_output,
    fingerprint,
    opened,
    unknown,
)

TOKENS: Final = ("RAILWAY_API_TOKEN", "RAILWAY_TOKEN")
"""Variables of which the first that is set is what made-up values follow from."""
MADE_UP: Final = "made up"
"""The fingerprint of a made-up value."""


def read(review: Review, file: str, declared: Declared, *, preview: bool) -> StackSecrets:
    """Return the secrets of each system in ``declared``: all that are required, and what is handed over.

    ``file`` is that of the stack from which the environment is made; it is opened only for what is handed over. Raises
    ``SecretsError`` for what is handed over and missing, and for an ``up`` without a token.
    """
    token = next((os.environ[name] for name in TOKENS if os.environ.get(name)), "")
    if not (token or preview):
        raise SecretsError(f"made-up secrets follow from the token of the Railway account: set {TOKENS[0]}")
    handed = {
        system: [each for each in needed if f"{system}.{each.name}" in review.secrets]
        for system, needed in declared.items()
    }
    document, values = _opened(file, handed, preview=preview)
    found: dict[str, SystemSecrets] = {}
    fingerprints: dict[str, dict[str, str]] = {}
    for system, needed in declared.items():
        made = {
            each.name: made_up(each, token, review, system)
            for each in needed
            if each.required and each not in handed[system]
        }
        mine = {name: as_output(value) if token else unknown() for name, value in made.items()}
        fingerprints[system] = dict.fromkeys(made, MADE_UP)
        for secret in handed[system]:
            mine[secret.name] = unknown() if values is None else as_output(values[system][secret.name])
            fingerprints[system][secret.name] = fingerprint(document, system, secret.name) if document else MADE_UP
        unopened = frozenset(
            variable
            for secret in needed
            if secret.name in mine and (values is None if secret in handed[system] else not token)
            for variable in (secret.name, *secret.also_sets)
        )
        found[system] = SystemSecrets(values=mine, kept=unopened)
    return StackSecrets(systems=found, fingerprints=fingerprints)


def made_up(secret: Secret, token: str, review: Review, system: str) -> str:
    """Return a value that keeps the rules of ``secret``, another one for each pull request."""
    where = f"railyard review {review.stack} {review.pull_request} {system}.{secret.name}"
    return secret.standin(hmac.new(token.encode(), where.encode(), hashlib.sha256).hexdigest())


def _opened(
    file: str, handed: Mapping[str, Sequence[Secret]], *, preview: bool
) -> tuple[sops.Document | None, Mapping[str, Mapping[str, Any]] | None]:
    """Return the file and what is in it, None for values without a key; neither is needed where nothing is handed."""
    if not any(handed.values()):
        return None, {}
    path = Path(os.environ.get(FILE_VARIABLE) or file)
    try:
        document = sops.read(path)
        absent = [
            f"{system}.{secret.name}"
            for system, secrets in handed.items()
            for secret in secrets
            if document.ciphertext((system, secret.name)) in (None, "")
        ]
        if absent:
            raise SecretsError(
                f"railyard:reviews hands over {', '.join(absent)}, which {path} does not hold: store it there, or "
                "remove it from railyard:reviews"
            )
        return document, opened(document, preview=preview, tolerant=False)
    except sops.SopsError as error:
        raise SecretsError(str(error)) from None
