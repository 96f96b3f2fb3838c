"""The error of a text that is not valid YAML, or not YAML that is read here."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """The reason why a text is refused, for callers that write their own message."""

    SYNTAX = "syntax"
    CHARACTER = "character"
    """A character that does not exist, or that YAML does not allow."""
    LIMIT = "limit"
    """It is longer or deeper than anything that is read."""
    DOCUMENTS = "documents"
    """It holds more than one document."""
    KEY_TWICE = "key twice"
    KEY = "key"
    """A key that is not a string."""
    TAG = "tag"
    ALIAS = "alias"
    """An alias or a merge of something that is not there, or not of the kind."""


def printable(text: str) -> str:
    """Return ``text`` on one line: each character that is not printable is escaped as Python escapes it."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def shortened(text: str, longest: int = 60) -> str:
    """Return ``text`` for a message, cut behind ``longest`` characters."""
    return text if len(text) <= longest else f"{text[:longest]}…"


class YamlError(Exception):
    """Report why a text is refused, and where."""

    def __init__(
        self,
        problem: str,
        line: int | None = None,
        column: int | None = None,
        *,
        reason: Reason = Reason.SYNTAX,
        key: str = "",
    ) -> None:
        self.problem = printable(problem)
        """The mistake and its remedy; it may quote the text."""
        self.line = line
        """Line on which it is wrong, counted from 1; None where it is about the whole text."""
        self.column = column
        self.reason = reason
        self.key = key
        """The key that occurs twice."""
        super().__init__(self.problem)
