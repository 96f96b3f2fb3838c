"""A selection of the lines of a log: by level, by text, by time.

Owns how severe a line is. At Railway a line on standard output has the level ``info`` and one on standard error
``error``, unless the line is JSON. Where Railway says nothing or ``info``, the level in the text ("warn: …") counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from railway_api.answers import Log
from railyard.shared.console import CallError


class Level(StrEnum):
    """The severities of a line, from the lowest to the highest."""

    DEBUG = "debug"
    INFO = "info"
    WARN = "warn"
    ERROR = "error"


_LEVELS: Final = {
    **dict.fromkeys(("trace", "debug", "verbose"), Level.DEBUG),
    **dict.fromkeys(("info", "notice", "information"), Level.INFO),
    **dict.fromkeys(("warn", "warning"), Level.WARN),
    **dict.fromkeys(("err", "error", "critical", "crit", "fatal", "panic", "emergency", "alert"), Level.ERROR),
}
_NAMES: Final = "|".join(sorted(_LEVELS, key=len, reverse=True))
_SAID: Final = (
    # At the beginning, in brackets or after a time.
    re.compile(rf"^[\W\d_TZ]*\b(?P<level>{_NAMES})\b\]?\s*(?:[:\]|-]|\s)", re.IGNORECASE),
    re.compile(rf"\b(?:level|severity|lvl)\W{{1,4}}(?P<level>{_NAMES})\b", re.IGNORECASE),
    # The name of an exception.
    re.compile(r"^\s*(?:\w+\.)*\w*(?P<level>Error|Exception)\b.{0,40}:"),
)
_AGO: Final = re.compile(r"(?P<number>\d{1,6})(?P<unit>[smhd])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def level_of(line: Log) -> Level:
    """Return the level of a line: Railway's, or where that is none or ``info`` the one in its text."""
    level = _LEVELS.get(str(line["severity"] or "").lower())
    return level if level not in (None, Level.INFO) else _level_in(str(line["message"])) or level or Level.INFO


def _level_in(message: str) -> Level | None:
    for pattern in _SAID:
        if match := pattern.search(message):
            return _LEVELS.get(match["level"].lower(), Level.ERROR)
    return None


def moment(since: str, now: datetime) -> str:
    """Return the moment that ``10m``, ``2026-11-29`` or ``2026-11-29T10:00`` means, as Railway writes it (UTC).

    Raises ``CallError`` for anything else.
    """
    try:
        if ago := _AGO.fullmatch(since.strip()):
            time = now - timedelta(**{_UNITS[ago["unit"]]: int(ago["number"])})
        else:
            time = datetime.fromisoformat(since.strip())
        time = time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise CallError(
            f"--since {since!r} is not a valid time: write 30s, 10m, 2h or 1d, or a time in UTC, 2026-11-29T10:00"
        ) from None
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, kw_only=True)
class Selection:
    """The lines of a log that are shown."""

    contains: str = ""
    """Only lines that contain this text, as they are printed, in upper or lower case."""
    level: Level | None = None
    """Only lines of this level, or worse. Default: all."""
    since: str = ""
    """Time of the option, as it was given; empty for all."""

    @property
    def narrow(self) -> bool:
        """Return True when it may leave lines out."""
        return bool(self.contains or self.level or self.since)

    def of(self, lines: Iterable[Log], *, start: str = "") -> list[Log]:
        """Return the selected lines in the order of their time; none is before ``start``."""
        return [line for line in sorted(lines, key=_when) if _when(line) >= _comparable(start) and self._means(line)]

    def _means(self, line: Log) -> bool:
        if self.level and _ORDER[level_of(line)] < _ORDER[self.level]:
            return False
        return self.contains.lower() in printed(line).lower()


_ORDER: Final = {level: number for number, level in enumerate(Level)}


def printed(line: Log) -> str:
    """Return a line as it is shown, after Railway's level unless that is ``info``: ``error: no such table``."""
    severity = str(line["severity"] or "").lower()
    return f"{severity}: {line['message']}" if severity not in ("", "info") else str(line["message"])


def _when(line: Log) -> str:
    return _comparable(str(line["timestamp"]))


def _comparable(timestamp: str) -> str:
    """Return a timestamp with nine digits of a second, as Railway writes them, so that strings compare as times."""
    whole, _, fraction = timestamp.rstrip("Z").partition(".")
    return f"{whole}.{fraction:0<9}" if whole else ""
