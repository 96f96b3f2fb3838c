"""Names of properties: snake_case in Python, camelCase for everyone else.

Only for names in a declaration: a key that a user chooses, such as the name of a variable, is never converted.
"""

from __future__ import annotations

import re


def camel_case(name: str) -> str:
    """Return ``service_id`` → ``serviceId``."""
    return re.sub(r"_(.)", lambda match: match[1].upper(), name)


def snake_case(name: str) -> str:
    """Return ``serviceId`` → ``service_id``; the inverse of ``camel_case`` for every name that ``is_convertible``."""
    return re.sub(r"[A-Z]", lambda match: f"_{match[0].lower()}", name)


def is_convertible(name: str) -> bool:
    """Tell whether the name survives the way there and back: ``a__b``, ``_x`` and ``size_2x`` do not."""
    return re.fullmatch(r"[a-z][a-z0-9]*(_[a-z][a-z0-9]*)*", name) is not None
