"""The typed confirmation before live data are touched.

Owns the rule: who goes on has typed the whole name of what is lost, with its stack, so that neither a habit nor a line
from the shell's history does it by mistake.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from railyard.shared.console import CallError

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
