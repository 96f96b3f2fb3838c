"""The option that names a stack, and the stack that is meant without it: the first or the last of the road.

Which one that is follows from the settings (``promotesFrom``), so that no command knows the name of a stack.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final

import typer

from railyard.shared.console import WRONG_CALL, CallError
from railyard.shared.stack import first_stack, last_stack


def _named_or(default: Callable[[], str]) -> Callable[[str], str]:
    def chosen(value: str) -> str:
        try:
            return value or default()
        except CallError as error:
            typer.echo(f"error: {error}", err=True)
            raise typer.Exit(WRONG_CALL) from None

    return chosen


FIRST: Final = _named_or(first_stack)
"""Callback of an option: without a value it is the stack where a change begins."""
LAST: Final = _named_or(last_stack)
"""Callback of an option: without a value it is the stack where a change ends."""
_NAMED: Final = "The stack: its file is Pulumi.<stack>.yaml."

DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show what would be written, and write nothing.")]

StackOption = Annotated[
    str,
    typer.Option(
        "--stack",
        "-s",
        callback=FIRST,
        show_default=False,
        help=f"{_NAMED} Default: the one from which others promote, or the only one.",
    ),
]
LastStackOption = Annotated[
    str,
    typer.Option(
        "--stack",
        "-s",
        callback=LAST,
        show_default=False,
        help=f"{_NAMED} Default: the one at the end of the promotions, or the only one.",
    ),
]
