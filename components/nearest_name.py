"""The known name that resembles a wrong one, as messages about names suggest it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Final

_LIKENESS: Final = 0.65
"""Smallest ratio of equal characters, from 0 to 1: two of three letters are enough, and every second one is not."""


def nearest_name(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is spelled most like ``name``, in whatever case; None where none resembles it."""
    by_lower_case = {other.lower(): other for other in sorted(known)}
    close = difflib.get_close_matches(name.lower(), by_lower_case, n=1, cutoff=_LIKENESS)
    return by_lower_case[close[0]] if close else None


def did_you_mean(name: str, known: Iterable[str], otherwise: str) -> str:
    """Return the next step after a wrong name: ``did you mean X?``, or ``otherwise`` where no known name is near."""
    nearest = nearest_name(name, known)
    return f"did you mean {nearest}?" if nearest else otherwise
