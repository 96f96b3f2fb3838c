"""The secrets of a review environment: placeholders, but for those that the settings of its stack hand over.

Owns how they are made up. Each follows from the token of the Railway account, so that the next ``up`` finds the
password that a database was made with, none can be guessed without the token, and none is stored.
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
"""Variables of which the first that is set is what placeholders follow from."""
PLACEHOLDER: Final = "made up"
"""The fingerprint of a placeholder; states have it."""


def read(review: Review, files: Mapping[str, str], declared: Declared, *, preview: bool) -> StackSecrets:
    """Return the secrets of each system in ``declared``: all that are required, and what is handed over.

    ``files`` are those of the stack from which the environment is made, by system; one is opened only for what is
    handed over. Raises ``SecretsError`` for what is handed over and missing, and for an ``up`` without a token.
    """
    token = next((os.environ[name] for name in TOKENS if os.environ.get(name)), "")
    if not (token or preview):
        raise SecretsError(f"made-up secrets follow from the token of the Railway account: set {TOKENS[0]}")
    systems: dict[str, SystemSecrets] = {}
    fingerprints: dict[str, dict[str, str]] = {}
    for system, needed in declared.items():
        handed_over = [each for each in needed if f"{system}.{each.name}" in review.secrets]
        generated = [each for each in needed if each.required and each not in handed_over]
        document, values = _opened(files[system], system, handed_over, preview=preview)
        outputs = {
            each.name: as_output(placeholder(each, token, review, system)) if token else unknown() for each in generated
        }
        outputs |= {each.name: unknown() if values is None else as_output(values[each.name]) for each in handed_over}
        fingerprints[system] = {each.name: PLACEHOLDER for each in generated}
        if document:
            fingerprints[system] |= {each.name: fingerprint(document, system, each.name) for each in handed_over}
        unopened = [*(generated if not token else ()), *(handed_over if values is None else ())]
        unknown_variables = frozenset(variable for each in unopened for variable in (each.name, *each.also_sets))
        systems[system] = SystemSecrets(values=outputs, unknown_variables=unknown_variables)
    return StackSecrets(systems=systems, fingerprints=fingerprints)


def placeholder(secret: Secret, token: str, review: Review, system: str) -> str:
    """Return a value that keeps the rules of ``secret``, another one for each pull request."""
    where = f"railyard review {review.stack} {review.pull_request} {system}.{secret.name}"
    return secret.standin(hmac.new(token.encode(), where.encode(), hashlib.sha256).hexdigest())


def _opened(
    file: str, system: str, handed: Sequence[Secret], *, preview: bool
) -> tuple[sops.Document | None, Mapping[str, Any] | None]:
    """Return the file and a system's values in it, None without a key; neither is needed where nothing is handed."""
    if not handed:
        return None, {}
    path = Path(os.environ.get(FILE_VARIABLE) or file)
    try:
        document = sops.read(path)
        absent = [each.name for each in handed if document.ciphertext((system, each.name)) in (None, "")]
        if absent:
            raise SecretsError(
                f"railyard:reviews hands over {', '.join(f'{system}.{name}' for name in absent)}, which {path} does "
                "not hold: store it there, or remove it from railyard:reviews"
            )
        values = opened(document, preview=preview, tolerant=False)
    except sops.SopsError as error:
        raise SecretsError(str(error)) from None
    return document, None if values is None else values[system]
