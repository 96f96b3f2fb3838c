"""Made-up values in the place of secrets, of the same shape, wherever the secret stands in a document.

Owns which values are secrets and what takes their place. A value gets the same substitute everywhere, inside of other
values too, so that an address goes on holding the password of its database.
"""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast
from urllib.parse import quote

from railyard.adopt.live import LiveProject
from railyard.adopt.system_settings import hides

SHORTEST: Final = 6
"""Characters from which on a secret is looked for inside of other texts."""
_PASSWORD: Final = re.compile(r"(?<=://)([^\s/:@?#]*):(?P<password>[^\s/@$]+)(?=@)")


def without_secrets(document: Any, live: LiveProject, known: Mapping[str, str]) -> Any:
    """Return a JSON document without the secrets of an environment; ``known``: secret's value → its substitute.

    Every other value that may be one, by its name or its form, becomes a random one of the same shape.
    """
    substitutes = dict(known)
    for name, value in _variables(live):
        if hides(name, value) and value not in substitutes:
            match = _PASSWORD.search(value)
            secret = match["password"] if match else value
            substitutes.setdefault(secret, shaped(secret))
    longest_first = sorted(substitutes, key=len, reverse=True)
    pairs = [(form, substitutes[one]) for one in longest_first for form in dict.fromkeys((one, quote(one, safe="")))]
    return _replaced(document, pairs)


def shaped(value: str) -> str:
    """Return a random text with characters of the same kind in the same places; what is no letter or digit stays."""
    kinds = (string.ascii_lowercase, string.ascii_uppercase, string.digits)
    return "".join(next((secrets.choice(kind) for kind in kinds if each in kind), each) for each in value)


def _variables(live: LiveProject) -> Iterator[tuple[str, str]]:
    shared: Any = live.snapshot.config.get("sharedVariables") or {}
    groups = [shared, *(live.config(key).get("variables") or {} for key in live.snapshot.services)]
    for group in cast("list[dict[str, dict[str, Any] | None]]", groups):
        for name, each in group.items():
            value = (each or {}).get("value")
            if isinstance(value, str) and value:
                yield name, value


def _replaced(part: Any, pairs: list[tuple[str, str]]) -> Any:
    if isinstance(part, dict):
        return {key: _replaced(value, pairs) for key, value in cast("dict[str, Any]", part).items()}
    if isinstance(part, list):
        return [_replaced(each, pairs) for each in cast("list[Any]", part)]
    if not isinstance(part, str):
        return part
    for value, substitute in pairs:
        if part == value:
            return substitute
        if len(value) >= SHORTEST:
            part = part.replace(value, substitute)
    return part
