"""Channels of a notification rule: JSON objects of a form that Railway does not publish, written as texts.

Owns their checks and the comparison of what was given with what Railway shows. Texts of checks never quote a channel:
its address may be a secret.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pulumi_provider.declaration import Unknown
from pulumiverse_railway.provider.resources.shared import checks

if TYPE_CHECKING:
    from railway_api.scalars import Json


def objects(value: Sequence[str | Unknown]) -> str | None:
    """Demand at least one text, each a JSON object."""
    if not value:
        return "must name at least one channel"
    texts = [(str(number), text) for number, text in enumerate(value, 1) if not isinstance(text, Unknown)]
    problems = [number for number, text in texts if not _is_object(text)]
    return f"must be JSON objects as text, which number {', '.join(problems)} is not" if problems else None


def some_without_repetition(value: Sequence[object]) -> str | None:
    """Demand at least one, each only once."""
    return checks.no_repetition(value) if value else "must name at least one"


def as_given(written: Sequence[str], current: Sequence[Json]) -> list[str]:
    """Return the channels that are there, as texts: those that agree with what was given as given, in that order.

    Railway may add to a channel; what was given must be in it.
    """
    remaining = list(current)
    texts: list[str] = []
    for text in written:
        match = next((config for config in remaining if _contains(config, json.loads(text))), None)
        if match is not None:
            remaining.remove(match)
            texts.append(text)
    return texts + [json.dumps(config, sort_keys=True) for config in remaining]


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _contains(current: Json, written: Json) -> bool:
    if isinstance(current, dict) and isinstance(written, dict):
        return all(key in current and _contains(current[key], value) for key, value in written.items())
    return current == written
