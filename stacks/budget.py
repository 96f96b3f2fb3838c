"""The budget of a stack: what it costs as used may not pass ``railyard:budget``.

Owns the comparison and its words. The program refuses: an ``up`` before anything is changed, a preview after everything
else that would change is listed.
"""

from __future__ import annotations

from typing import Final

from components.problems import Problem
from stacks.monthly_cost import Calculation, Line, lines_of, total
from stacks.settings import BUDGET_KEY, StackSettings

WHOLE_PREVIEW: Final = "RAILYARD_WHOLE_PREVIEW"
"""Variable: a preview logs that the stack is over its budget, and goes on to its end."""
LARGEST: Final = 3
"""Number of contributors that are named."""


def lines_of_stack(settings: StackSettings) -> list[Line]:
    """Return all that the stack costs."""
    stack = settings.stack
    calculation = Calculation(settings.plan, stack.prices, stack.usage)
    return lines_of(calculation, settings.systems, zones=len(stack.zones))


def over_budget(settings: StackSettings) -> list[Problem]:
    """Return that the stack costs more than its budget, with the largest contributors; nothing where it does not."""
    budget = settings.stack.budget
    if budget is None:
        return []
    lines = lines_of_stack(settings)
    cost = total(lines).as_used
    if cost <= budget:
        return []
    largest = sorted(lines, key=lambda line: line.cost.as_used, reverse=True)[:LARGEST]
    named = ", ".join(f"{called(line)} ${line.cost.as_used:,.2f}" for line in largest)
    return [
        Problem(
            (BUDGET_KEY,),
            budget,
            f"what the stack costs a month as used, about ${cost:,.2f}; the most cost {named}",
            "raise it, make one of them smaller, or say in railyard:usage what they really use",
            absolute=True,
        )
    ]


def called(line: Line) -> str:
    """Return the name of what costs, ``seance/backend``."""
    return f"{line.system}/{line.name}" if line.system else line.name
