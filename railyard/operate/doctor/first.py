"""``railyard doctor --first``: walks the steps to the first ``up``, and ticks off what is done.

Owns how the walk is told. The steps stand in ``first_steps``.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from typing import Any, Final

from rich.text import Text

from railway_api.counting import count
from railway_api.loopback import is_loopback
from railyard.accounts.railway_client import connected
from railyard.operate.doctor.findings import Level
from railyard.operate.doctor.first_looks import StepContext
from railyard.operate.doctor.first_steps import Outcome, State, walk
from railyard.operate.doctor.machine import railway_token
from railyard.shared.console import table_console
from railyard.shared.stack import read_stack
from stacks.project_folder import page

_MARKS: Final = {State.DONE: "[x]", State.TO_DO: "[ ]", State.BY_HAND: "[?]", State.NOT_NEEDED: " - "}
_COLORS: Final = {State.DONE: "green", State.TO_DO: "bold red", State.BY_HAND: "yellow", State.NOT_NEEDED: "dim"}


def walked(name: str, *, sandbox: bool) -> list[Outcome]:
    """Look at every step, where the environment points or with ``sandbox`` in the sandbox."""
    real = not sandbox and not is_loopback(os.environ.get("RAILWAY_API_URL", ""))
    stack = read_stack(name, sandbox=not real)
    # Without a token nobody can be asked: the step of the token says so.
    if not sandbox and railway_token(stack).level is Level.PROBLEM:
        return asyncio.run(walk(StepContext(stack=stack, real=real, railway=None)))
    with connected(stack, sandbox=sandbox) as railway:
        return railway.run(walk(StepContext(stack=stack, real=real, railway=railway)))


def remain(outcomes: Sequence[Outcome]) -> bool:
    """Tell whether something is to do."""
    return any(each.state is State.TO_DO for each in outcomes)


def show(outcomes: Sequence[Outcome]) -> None:
    """Print the list, no line of it broken: commands and addresses are there to be copied."""
    console = table_console()
    for number, each in enumerate(outcomes, 1):
        mark = (_MARKS[each.state], _COLORS[each.state])
        title = f"{number:2}. {each.step.title}: {each.state}"
        console.print(Text.assemble(mark, " ", (title, "bold")), soft_wrap=True)
        console.print(Text(f"       {each.text}"), soft_wrap=True)
        if each.next:
            console.print(Text(f"       next: {each.next}"), soft_wrap=True)
        if each.state in (State.TO_DO, State.BY_HAND) and each.step.link not in each.next:
            console.print(Text(f"       {_link(each)}"), soft_wrap=True)
    waiting = sum(each.state is State.TO_DO for each in outcomes)
    console.print(f"\n{count(waiting, 'step')} to do: {page('first-steps.md')}" if waiting else "\neverything is done")


def document(name: str, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return the walk for programs."""
    return {
        "stack": name,
        "done": not remain(outcomes),
        "steps": [
            {
                "name": each.step.name,
                "title": each.step.title,
                "state": each.state.value,
                "text": each.text,
                **({"next": each.next} if each.next else {}),
                "link": _link(each),
            }
            for each in outcomes
        ],
    }


def _link(outcome: Outcome) -> str:
    link = outcome.step.link
    return link if link.startswith("https://") else f"docs/{link}"
