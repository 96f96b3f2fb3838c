"""The document of what a command did with a review environment, and how a pull request's comment tells it.

Owns both. A job without the right to comment leaves the document, and another one with the code of the default branch
shows it: every text in it is data, and is in code that it cannot end.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field

from railway_api.counting import count
from railyard.review.comment_text import block, code
from railyard.review.resource_changes import Model
from railyard.shared.files import read_document

FORMAT: Final = 1
_LARGEST: Final = 1_000_000
"""Bytes of a document."""
LONGEST_TEXT: Final = 4_000
"""Characters of one text."""
Text = Annotated[str, Field(max_length=LONGEST_TEXT)]


class Check(Model):
    """One check of `railyard verify`."""

    where: Text
    check: Text
    passed: bool
    found: Text


class Address(Model):
    """The address at which a service answers."""

    where: Text
    """``seance/backend``."""
    url: Text


class Environment(Model):
    """An environment after a command."""

    format: Literal[1] = FORMAT
    number: int
    state: Literal["up", "failed", "refused", "removed"]
    stack: Text
    commit: Text = ""
    expires: datetime | None = None
    cost: float = 0.0
    """US dollars a month, as used."""
    addresses: tuple[Address, ...] = ()
    checks: tuple[Check, ...] = ()
    notes: tuple[Text, ...] = ()
    problems: tuple[Text, ...] = ()

    def section(self) -> str:
        """Return what the comment says of it."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        failed = [each for each in self.checks if not each.passed]
        verdict = {
            "up": ":white_check_mark: it is up",
            "failed": ":no_entry: **it is not as it should be**",
            "refused": ":no_entry: **refused**",
            "removed": ":heavy_minus_sign: it was removed",
        }[self.state]
        yield "## Review environment"
        yield ""
        parts = [verdict, *([f"at {code(self.commit[:7])}"] if self.commit else [])]
        if self.checks:
            every = count(len(self.checks), "check")
            parts.append(f"{len(failed)} of {every} failed" if failed else f"{every} passed")
        if self.cost and self.expires:
            parts.append(f"about ${self.cost:,.2f} a month while it lives, until {moment(self.expires)}")
        yield " · ".join(parts)
        if self.problems:
            yield from ("", *block("text", list(self.problems)))
        if self.addresses:
            yield from ("", "| service | address |", "| --- | --- |")
            yield from (f"| {_cell(each.where)} | {_cell(each.url)} |" for each in self.addresses)
        if self.checks:
            yield from ("", f"<details{' open' if failed else ''}><summary>verify</summary>", "")
            yield from block(
                "text",
                [
                    f"{'pass' if each.passed else 'FAIL'} {each.where} {each.check}: {each.found}"
                    for each in self.checks
                ],
            )
            yield from ("", "</details>")
        yield from (line for note in self.notes for line in ("", f"> **Note:** {code(note)}"))


def _cell(text: str) -> str:
    return code(text).replace("|", "/")


def moment(time: datetime) -> str:
    """Return a moment for people, to the minute."""
    return f"{time:%Y-%m-%d %H:%M} UTC"


def read(file: Path) -> Environment:
    """Return the document in a file; raises ``OperationError`` for anything else."""
    return read_document(file, Environment, command="railyard review", option="up --out", limit=_LARGEST)
