"""The document of a comparison of two commits: made where the code of a pull request runs, shown elsewhere.

Owns the model and its limits. The code that shows it must treat every text in it as data of a stranger: a fork makes
it with code of its own.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from railyard.output.money import MoneyDifference
from railyard.output.up_estimate import UpEstimate
from railyard.review.resource_changes import Change, Kind, Model, counted

FORMAT: Final = 1
_LONGEST: Final = 20_000
"""Characters of one text."""
Text = Annotated[str, Field(max_length=_LONGEST)]


def cut(text: str) -> str:
    """Return as much of the beginning of ``text`` as the document takes: of an engine's errors, for example."""
    return text[:_LONGEST]


class Side(Model):
    """One of the two that are compared."""

    name: Text
    """Short commit, or ``the working tree``."""
    subject: Text = ""


class Rule(Model):
    """A rule that the stack would break."""

    policy: Text
    level: Text
    resources: tuple[Text, ...] = ()
    message: Text = ""
    fix: Text = ""
    reason: Text = ""
    """Why the stack has another level than the rule's own."""

    @property
    def mandatory(self) -> bool:
        """Tell whether the change is refused for it."""
        return self.level == "mandatory"


class Difference(Model):
    """A difference that a person should know who compares the sandbox with the real state."""

    only_real: tuple[Change, ...] = ()
    """Changes that the real preview shows beside the pull request's: what runs is not what the base says."""
    only_sandbox: tuple[Change, ...] = ()
    """Changes of the pull request that the real preview does not show: what runs has them already."""
    by_hand: tuple[Change, ...] = ()
    """Changes made outside of Pulumi that no state has yet."""
    error: Text = ""
    """Why there is no real preview."""

    @property
    def drifted(self) -> bool:
        """Tell whether the real world is not what the base says."""
        return bool(self.only_real or self.only_sandbox or self.by_hand)


class StackDiff(Model):
    """The changes of one stack."""

    stack: Text
    plan: Text = ""
    """Railway plan of the stack."""
    changes: tuple[Change, ...] = ()
    unchanged: int = 0
    cost: UpEstimate | None = None
    money: MoneyDifference | None = None
    """Monthly cost of the changes."""
    rules: tuple[Rule, ...] = ()
    errors: tuple[Text, ...] = ()
    """Refusals, or the errors that prevent the comparison."""
    partial: bool = False
    """True when the program itself ended with an error, so that the changes are incomplete."""
    notes: tuple[Text, ...] = ()
    real: Difference | None = None
    """Compared with ``pulumi preview``; None where it was not requested."""

    @property
    def summary(self) -> str:
        """Return ``refused: ~ 4 to update, 77 unchanged``; unchanged components count as resources."""
        if self.errors and not self.changes:
            return "refused: what would change is not known"
        text = counted(self.changes) + (f", {self.unchanged} unchanged" if self.unchanged else "")
        return f"refused: {text}" if self.refused else text

    @property
    def refused(self) -> bool:
        """Tell whether an up would be refused, or the change cannot be looked at."""
        return bool(self.errors) or any(rule.mandatory for rule in self.rules)

    @property
    def broken_here(self) -> tuple[Rule, ...]:
        """Return the mandatory rules that are broken, and the advisory ones that the change breaks, with that alone."""
        changed = {change.name for change in self.changes if change.kind is not Kind.DELETE}
        broken: list[Rule] = []
        for rule in self.rules:
            changed_resources = tuple(each for each in rule.resources if each in changed)
            if rule.mandatory:
                broken.append(rule)
            elif changed_resources:
                broken.append(
                    rule.model_copy(
                        update={
                            "resources": changed_resources,
                            "message": f"{', '.join(changed_resources)}: {rule.fix}",
                        }
                    )
                )
        return tuple(broken)


class Diff(Model):
    """The whole comparison."""

    format: Literal[1] = FORMAT
    base: Side
    head: Side
    notes: tuple[Text, ...] = ()
    stacks: tuple[StackDiff, ...] = ()

    @property
    def failed(self) -> bool:
        """Tell whether something could not be compared or would be refused."""
        return any(stack.refused for stack in self.stacks)
