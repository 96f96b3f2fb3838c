"""The console that all commands share: options, exit codes, questions, and how results and errors reach people and
programs.

Exit codes: 0 all is well, 1 a problem was found, 2 the call was wrong. Before live data are touched, who goes on has
typed the whole name of what is lost, with its stack, so that neither a habit nor a line from the shell's history does
it by mistake. Owns no work.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table

from railway_api.json_text import json_text
from stacks.problems import SettingsError

PROBLEM: Final = 1
WRONG_CALL: Final = 2
WIDE: Final = 140
"""Columns of a table that no terminal limits."""

SystemsArgument = Annotated[
    list[str] | None, typer.Argument(metavar="SYSTEM", help="Systems. Default: all.", show_default=False)
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document for programs, in place of text.")]


class OperationError(Exception):
    """A command cannot go on; the text says what is wrong and what to do next."""


class CallError(OperationError):
    """The command was called with something that it does not take."""


@contextmanager
def reported_errors(*, json: bool, directory: Callable[[], Path] | None = None) -> Generator[None]:
    """End the command on errors that a person can act on, with their text and nothing else.

    ``directory`` returns the folder in which the command writes: the place of a failed write without a file name, as on
    a full disk. Without it such an error is raised: it may be one of a connection.
    """
    try:
        yield
    except (OperationError, SettingsError) as error:
        _tell(str(error), json=json)
        raise typer.Exit(WRONG_CALL if isinstance(error, CallError) else PROBLEM) from None
    except OSError as error:
        place = error.filename or (directory and directory())
        if place is None:
            raise
        _tell(f"{place}: {error.strerror}; make room or correct it, and run the command again", json=json)
        raise typer.Exit(PROBLEM) from None


def _tell(error: str, *, json: bool) -> None:
    if json:
        write_json({"error": error})
    else:
        typer.echo(f"error: {error}", err=True)


def write_json(document: Any) -> None:
    """Write the one document of a command to standard output."""
    typer.echo(json_text(document))


def table_console() -> Console:
    """Return where tables go: as wide as the terminal, and wide enough for all columns where there is none."""
    has_width = sys.stdout.isatty() or "COLUMNS" in os.environ
    return Console(highlight=False, width=None if has_width else WIDE)


def table(*columns: str, folded: str) -> Table:
    """Return an empty table without lines. In a narrow terminal the column ``folded`` alone gives way, uncut."""
    empty = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for column in columns:
        empty.add_column(column, overflow="fold", no_wrap=column != folded)
    return empty


def can_ask() -> bool:
    """Tell whether a person sits at the other end."""
    return sys.stdin is not None and sys.stdin.isatty()  # none where it was closed


def check_can_ask(otherwise: str = "", *, json: bool) -> None:
    """Raise ``CallError`` where nobody can answer; ``otherwise`` is what to give beside ``--yes``, and for what."""
    if json or not can_ask():
        raise CallError(f"nobody can be asked here: give --yes{otherwise and f', or {otherwise}'}")


def shown(path: Path) -> str:
    """Return a path as a person would type it here."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


ConfirmOption = Annotated[
    str | None,
    typer.Option(
        "--confirm", metavar="STACK/SYSTEM/SERVICE", help="Name of what is overwritten, typed out, for scripts."
    ),
]


def confirm(wanted: str, typed: str | None, losses: Sequence[str], *, json: bool) -> None:
    """Raise ``CallError`` unless ``typed``, or what a person types now, is ``wanted``; says first what is lost."""
    if not json:
        for line in losses:
            typer.echo(line)
    if typed is None and not json:
        try:
            typed = str(typer.prompt(f"Type {wanted} to go on", default="", show_default=False))
        except typer.Abort:
            typed = None
    if typed != wanted:
        reason = "nothing was confirmed" if not typed else f"{typed!r} is not {wanted!r}"
        raise CallError(f"{reason}, so nothing was changed: type {wanted}, or give --confirm {wanted}")
