"""``railyard review down`` and ``sweep``: environments end, with all that they have anywhere.

Owns why one ends, and the order: what exists, then the state, then what is written down. A removal that is cut off goes
on where it was with the next one, since it asks the clouds what there is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from railyard.accounts.github import GitHub, Pull
from railyard.environments.bring_up import LABEL, expired
from railyard.environments.context import ReviewContext
from railyard.environments.document import moment
from railyard.environments.leftovers import Leftover, SearchScope, existing, remove
from railyard.environments.names import stack_name
from railyard.environments.record import Record
from railyard.shared.console import OperationError

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Removal:
    """The outcome of ending one environment."""

    number: int
    reason: str
    removed: Sequence[Leftover] = ()
    problems: Sequence[str] = ()


def take_down(context: ReviewContext, number: int, say: Say) -> Removal:
    """Remove everything of one environment, and forget it; what is not there is fine."""
    return _end(context, number, "somebody said so", context.records.all().get(number), say)


def clean_up(context: ReviewContext, api: GitHub | None, say: Say, *, preview: bool) -> list[Removal]:
    """Remove what has expired, is closed, was cut off, or is of nobody; what cannot be removed keeps no other one."""
    # What exists first, what is written down after it: of what is made meanwhile the record is there before.
    leftovers = _existing(context, list(context.records.all().values()))
    records = context.records.all()
    ended: list[Removal] = []
    for number in sorted({*records, *(each.number for each in leftovers)}):
        of_number = [each for each in leftovers if each.number == number]
        try:
            reason = _reason(context, number, records.get(number), api)
            if reason is None:
                continue
            if preview:
                ended.append(Removal(number=number, reason=reason, removed=of_number))
                continue
            say(f"{stack_name(number)} ends: {reason}")
            ended.append(_end(context, number, reason, records.get(number), say))
        except OperationError as error:
            ended.append(Removal(number=number, reason="", problems=[f"{stack_name(number)}: {error}"]))
    return ended


def _existing(context: ReviewContext, records: Sequence[Record | None]) -> list[Leftover]:
    return existing(context.railway, SearchScope.of(context.base, context.program, records))


def _end(context: ReviewContext, number: int, reason: str, record: Record | None, say: Say) -> Removal:
    with context.records.held(number, alone=True):
        # Once no command works on it any more: what an engine made at its end is there now.
        leftovers = [each for each in _existing(context, [record]) if each.number == number]
        problems = remove(leftovers, say)
        if not problems:
            context.records.remove(number)
    return Removal(number=number, reason=reason, removed=leftovers, problems=problems)


def _reason(context: ReviewContext, number: int, record: Record | None, api: GitHub | None) -> str | None:
    """Return why an environment ends now; None while it lives."""
    if record is None:
        return "it is of nobody: nothing is written down of it"
    now = context.now()
    # Of another stack that has environments, too, the settings of that one decide.
    if record.stack != context.base.name or context.records.is_alive(record, now):
        return None
    if not record.ended:
        return "what made it was cut off"
    if expired(record, now):
        return f"its time was over at {moment(record.expires)}"
    if api is not None and api.repository == record.repository:
        return _said_at_github(api.pull(number), record)
    return None


def _said_at_github(pull: Pull, record: Record) -> str | None:
    if not pull.open:
        return f"pull request {pull.number} is closed"
    if record.labelled and LABEL not in pull.labels:
        return f"pull request {pull.number} has the label {LABEL} no more"
    return None
