"""The value of an unquoted scalar, as go-yaml version 3 resolves it: neither YAML 1.1 as in PyYAML nor YAML 1.2 alone.

``yes`` and ``n`` are strings, ``010`` and ``0o10`` are eight, ``1_000`` is a number, ``2026-1-2`` is a point in time.
Source: https://github.com/go-yaml/yaml/blob/v3.0.1/resolve.go
"""

from __future__ import annotations

import math
import re
from datetime import datetime
from functools import lru_cache
from typing import Final

Scalar = str | int | float | bool | None


class Timestamp(str):
    """A point in time in its RFC 3339 form, as Go writes it into JSON."""

    __slots__ = ()


_WORDS: Final[dict[str, Scalar]] = {
    **dict.fromkeys(["true", "True", "TRUE"], True),
    **dict.fromkeys(["false", "False", "FALSE"], False),
    **dict.fromkeys(["", "~", "null", "Null", "NULL"], None),
    **dict.fromkeys([".nan", ".NaN", ".NAN"], float("nan")),
    **dict.fromkeys([".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"], float("inf")),
    **dict.fromkeys(["-.inf", "-.Inf", "-.INF"], float("-inf")),
}
_INTEGERS: Final = (
    (re.compile(r"[+-]?0[xX][0-9a-fA-F]+"), 16),
    (re.compile(r"[+-]?0[bB][01]+"), 2),
    (re.compile(r"[+-]?0[oO]?[0-7]+"), 8),
    (re.compile(r"[+-]?(0|[1-9][0-9]*)"), 10),
)
_LONGEST: Final = len("-0b") + 64
"""Digits of an integer that fits into 64 bits, in any base."""
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_MOMENT: Final = re.compile(
    r"(\d{4})-(\d\d?)-(\d\d?)(?:([Tt ])(\d\d?):(\d\d?):(\d\d?)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)?)?", re.ASCII
)


@lru_cache(maxsize=4096)  # files say the same words and numbers again and again, and are read several times
def plain_scalar(text: str) -> Scalar:
    """Return the value of an unquoted scalar; a ``Timestamp`` for a point in time."""
    if text in _WORDS:
        return _WORDS[text]
    moment = _timestamp(text)
    if moment is not None:
        return moment
    digits = text.replace("_", "") if text[:1] in set("+-0123456789") else text
    for form, base in _INTEGERS if len(digits) <= _LONGEST else ():
        if form.fullmatch(digits) and -(2**63) <= int(digits, base) < (2**63 if digits[0] == "+" else 2**64):
            return int(digits, base)
    return float(digits) if _FLOAT.fullmatch(digits) and math.isfinite(float(digits)) else text


def _timestamp(text: str) -> Timestamp | None:
    match = _MOMENT.fullmatch(text)
    if match is None:
        return None
    year, month, day, separator, hour, minute, second, fraction, zone = match.groups()
    if separator and (separator == " ") != (zone is None):
        return None  # with a "T" the zone is required, with a space it is not allowed
    clock = f"{int(hour or 0):02}:{int(minute or 0):02}:{int(second or 0):02}"
    date = f"{year}-{int(month):02}-{int(day):02}"
    try:
        datetime.fromisoformat(f"{date}T{clock}{zone or 'Z'}")
    except ValueError:
        return None
    fraction = (fraction or "").rstrip("0")
    ending = "Z" if zone in (None, "+00:00", "-00:00") else zone
    return Timestamp(f"{date}T{clock}{'.' if fraction else ''}{fraction}{ending}")
