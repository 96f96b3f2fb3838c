"""Channels of a notification rule: JSON objects of a form that Railway does not publish, written as texts.

Owns their checks and the comparison of what was given with what Railway shows. Texts of checks never quote a channel:
its address may be a secret.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pulumi_provider.declaration import Unknown
from pulumiverse_railway.provider.resources.parts import checks

if TYPE_CHECKING:
    from railway_api.scalars import Json


def objects(value: Sequence[str | Unknown]) -> str | None:
    """Demand at least one text, each a JSON object."""
    if not value:
        return "must name at least one channel"
    known = [(str(number), text) for number, text in enumerate(value, 1) if not isinstance(text, Unknown)]
    wrong = [number for number, text in known if not _is_object(text)]
    return f"must be JSON objects as text, which number {', '.join(wrong)} is not" if wrong else None


def some_without_repetition(value: Sequence[object]) -> str | None:
    """Demand at least one, each only once."""
    return checks.no_repetition(value) if value else "must name at least one"


def as_given(given: Sequence[str], there: Sequence[Json]) -> list[str]:
    """Return the channels that are there, as texts: those that agree with what was given as given, in that order.

    Railway may add to a channel; what was given must be in it.
    """
    left = list(there)
    texts: list[str] = []
    for text in given:
        match = next((config for config in left if _contains(config, json.loads(text))), None)
        if match is not None:
            left.remove(match)
            texts.append(text)
    return texts + [json.dumps(config, sort_keys=True) for config in left]


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _contains(there: Json, wanted: Json) -> bool:
    if isinstance(there, dict) and isinstance(wanted, dict):
        return all(key in there and _contains(there[key], value) for key, value in wanted.items())
    return there == wanted
