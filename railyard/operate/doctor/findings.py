"""The findings of ``doctor``.

Owns their form; the checks are in the modules beside this one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """The severity of a finding."""

    OK = "ok"
    NOTE = "note"
    """Worth knowing; nothing has to be done."""
    PROBLEM = "problem"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """The result of one check."""

    area: str
    level: Level
    text: str
    fix: str = ""
    """The next step of the user; empty where nothing is to be done."""


def ok(area: str, text: str) -> Finding:
    """Return the finding that nothing is wrong."""
    return Finding(area=area, level=Level.OK, text=text)


def note(area: str, text: str, fix: str = "") -> Finding:
    """Return a finding that is worth knowing."""
    return Finding(area=area, level=Level.NOTE, text=text, fix=fix)


def problem(area: str, text: str, fix: str) -> Finding:
    """Return a finding that has to be fixed."""
    return Finding(area=area, level=Level.PROBLEM, text=text, fix=fix)
