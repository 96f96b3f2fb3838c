"""``railyard real``: adds to a comparison what the real state says of the same change.

Owns the comparison of the two. A change that only the real preview shows, or one that only the sandbox shows, is drift:
the real state is not what the base says. What was changed by hand is in no state, so it is looked for by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from railyard.accounts.railway_client import SandboxOption
from railyard.engine.engine import Engine
from railyard.engine.engines import engine_for
from railyard.review import comment
from railyard.review.diff_document import Difference, StackDiff, cut
from railyard.review.resource_changes import Change, changes_of, counted
from railyard.shared.console import CallError, JsonOption, OperationError, reported_errors, shown, write_json
from railyard.shared.files import write_whole
from railyard.shared.stack import read_stack

StacksOption = Annotated[list[str], typer.Option("--stack", "-s", help="The stack; may be given several times.")]


def real(
    document: Annotated[
        Path, typer.Argument(help="Document that `railyard diff --document` wrote; it is written anew.")
    ],
    stack: StacksOption,
    *,
    sandbox: SandboxOption = False,
    json: JsonOption = False,
) -> None:
    """Add to a comparison what a preview against the real state says, and call the difference drift.

    Needs the credentials of the stacks. Changes nothing that runs, and no state.
    """
    with reported_errors(json=json):
        comparison = comment.read(document)
        compared = [each.stack for each in comparison.stacks]
        if unknown := [name for name in stack if name not in compared]:
            raise CallError(f"{shown(document)} compares no stack {unknown[0]!r}: name one of {', '.join(compared)}")
        stacks = tuple(
            each.model_copy(update={"real": _compared(each, sandbox=sandbox)}) if each.stack in stack else each
            for each in comparison.stacks
        )
        comparison = comparison.model_copy(update={"stacks": stacks})
        write_whole(document, comparison.model_dump_json(indent=4) + "\n")
        if json:
            write_json(comparison.model_dump(mode="json"))
            return
        for each in comparison.stacks:
            if each.real:
                typer.echo(f"{each.stack}: {_summary(each.real)}")


def _compared(stack: StackDiff, *, sandbox: bool) -> Difference:
    try:
        engine = engine_for(read_stack(stack.stack), sandbox=sandbox)
        return difference(stack.changes, engine)
    except OperationError as error:
        return Difference(error=cut(str(error)))


def difference(expected: Sequence[Change], engine: Engine) -> Difference:
    """Return what the real state says beside ``expected``; raises ``OperationError``."""
    changes = changes_of(engine.preview()["steps"])
    expected_keys, real_keys = {change.key() for change in expected}, {change.key() for change in changes}
    return Difference(
        only_real=tuple(change for change in changes if change.key() not in expected_keys),
        only_sandbox=tuple(change for change in expected if change.key() not in real_keys),
        by_hand=changes_of(engine.drift()["steps"]),
    )


def _summary(difference: Difference) -> str:
    if difference.error:
        return f"the real preview failed: {difference.error}"
    if not difference.drifted:
        return "the real preview shows the same"
    parts = {
        "changed by hand": difference.by_hand,
        "not part of this change": difference.only_real,
        "so already": difference.only_sandbox,
    }
    return "drift: " + "; ".join(f"{counted(changes)} {words}" for words, changes in parts.items() if changes)
