"""What a comparison of two commits found, as a document: made where the code of a pull request runs, shown elsewhere.

Owns the model and its limits. Whoever shows it must treat every text in it as data of a stranger: a fork makes it with
code of its own.
"""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from railyard.output.money import MoneyDifference
from railyard.review.resource_changes import Change, Model, counted

FORMAT: Final = 1
Text = Annotated[str, Field(max_length=20_000)]


class Side(Model):
    """One of the two that are compared."""

    name: Text
    """Short commit, or ``the working tree``."""
    subject: Text = ""


class Cost(Model):
    """What the ``up`` that follows is going to cost."""

    requests: int
    """To Railway's API, about, without polls."""
    deployments: int


class Difference(Model):
    """What a person should know who compares the sandbox with the real state."""

    only_real: tuple[Change, ...] = ()
    """Changes that the real preview shows beside the pull request's: what runs is not what the base says."""
    only_sandbox: tuple[Change, ...] = ()
    """Changes of the pull request that the real preview does not show: what runs has them already."""
    by_hand: tuple[Change, ...] = ()
    """What was changed outside, in no state yet."""
    error: Text = ""
    """Why there is no real preview."""

    @property
    def drifted(self) -> bool:
        """Whether the real world is not what the base says."""
        return bool(self.only_real or self.only_sandbox or self.by_hand)


class StackDiff(Model):
    """What changes in one stack."""

    stack: Text
    plan: Text = ""
    """Railway plan of the stack."""
    changes: tuple[Change, ...] = ()
    unchanged: int = 0
    cost: Cost | None = None
    money: MoneyDifference | None = None
    """What the changes cost a month."""
    errors: tuple[Text, ...] = ()
    notes: tuple[Text, ...] = ()
    real: Difference | None = None
    """Compared with ``pulumi preview``; None where nobody asked for it."""

    @property
    def summary(self) -> str:
        """``~ 4 to update, 77 unchanged``; unchanged components are counted with unchanged resources."""
        return counted(self.changes) + (f", {self.unchanged} unchanged" if self.unchanged else "")


class Diff(Model):
    """The whole comparison."""

    format: int = FORMAT
    base: Side
    head: Side
    notes: tuple[Text, ...] = ()
    stacks: tuple[StackDiff, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether something could not be compared or would be refused."""
        return any(stack.errors for stack in self.stacks)
