"""Keeps secret values out of texts that people see.

Railway quotes a refused value in its error, and applications print their settings into their logs. Which variable is
a secret is not known here, so every value of some length counts as one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, cast
from urllib.parse import unquote, urlsplit

from railway_api.json_objects import is_object

SHORTEST: Final = 8
"""Values shorter than this stay: they are words like "true", and removing them would make texts unreadable."""
SECRET_KEYS: Final = frozenset({"variables", "sharedVariables", "registryCredentials", "channelConfigs"})
"""Fields of requests whose strings may all be secret."""


def secrets_in(value: object) -> dict[str, str]:
    """Return all strings of a request that may be secret, numbered: those below one of ``SECRET_KEYS``."""
    return {f"secret {index}": text for index, text in enumerate(_secret_strings(value, inside=False))}


def _secret_strings(value: object, *, inside: bool) -> Iterator[str]:
    """Yield the strings of a JSON value that are below one of the secret keys."""
    if isinstance(value, str):
        if inside:
            yield value
    elif is_object(value):
        for key, item in value.items():
            yield from _secret_strings(item, inside=inside or key in SECRET_KEYS)
    elif isinstance(value, list | tuple):
        for item in cast("Sequence[object]", value):
            yield from _secret_strings(item, inside=inside)


def forms_of(secret: str) -> Iterator[str]:
    """Yield the ways in which a value may be written: logs show each line of a private key on its own."""
    yield secret
    yield from map(str.strip, secret.splitlines())
    yield json.dumps(secret)[1:-1]
    try:
        password = urlsplit(secret).password
    except ValueError:
        return
    if password:
        yield password
        yield unquote(password)


def redact(text: str, secrets: Mapping[str, str]) -> str:
    """Return ``text`` with each value of ``secrets`` replaced by its name in angle brackets."""
    forms = [(form, name) for name, secret in secrets.items() for form in forms_of(secret) if len(form) >= SHORTEST]
    for form, name in sorted(forms, key=lambda pair: -len(pair[0])):
        text = text.replace(form, f"<{name}>")
    return text
