"""Review environments as settings: what a stack allows them, and what a stack that is one says of itself.

Owns the two keys, ``railyard:reviews`` of the stack from which they are made and ``railyard:review`` of each of them,
with the rules that a settings file can break. How one is made and removed stands in ``railyard.environments``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated

from pydantic import Field

from components.arguments import Arguments, Many, Name, matching
from components.nearest_name import did_you_mean
from components.problems import Problem
from stacks.prices import Budget
from stacks.secret_rules import Secret

SecretKey = Annotated[
    str, matching(r"[a-z0-9-]+\.[A-Za-z_][A-Za-z0-9_]*", "a secret of a system, such as shop.SESSION_KEY")
]
Column = Annotated[
    str,
    matching(r"([A-Za-z_][A-Za-z0-9_]*\.){1,2}[A-Za-z_][A-Za-z0-9_]*", "a column with its table, such as users.email"),
]


class Reviews(Arguments):
    """The limits of environments for pull requests, which are made from the settings of this stack."""

    hours: Annotated[int, Field(ge=1, le=720)] = 72
    """Hours for which a review environment lives after its last ``up``."""
    most: Annotated[int, Field(ge=1, le=50)] = 5
    """Largest number of review environments at once."""
    budget: Budget | None = None
    """US dollars that all of them together may cost a month, as used. Default: no limit."""
    systems: Many[Name] = ()
    """Systems that they have. Default: those of the stack that can run beside it."""
    secrets: Many[SecretKey] = ()
    """Secrets of the stack that are handed over to them. Default: none; all others are made up."""
    data: Name | None = None
    """The stack whose last rehearsed dumps their databases get. Default: this one."""
    mask: dict[Name, Many[Column]] = Field(default_factory=dict)
    """System → columns whose values are made unrecognizable, schema.table.column or table.column. A system that is
    not named here gets no data; an empty list says that nothing has to be masked."""


class Review(Arguments):
    """The keys of a stack that is a review environment. Written by ``railyard review up``, never by hand."""

    pull_request: Annotated[int, Field(ge=1)]
    """Number of the pull request."""
    stack: Name
    """The stack from whose settings it is made."""
    secrets: Many[SecretKey] = ()
    """Secrets of that stack's file that it gets; all others are made up."""


def wrong_reviews(
    reviews: Reviews | None, systems: Sequence[str], declared: Mapping[str, Sequence[Secret]]
) -> Iterator[Problem]:
    """Yield what is wrong with ``railyard:reviews``, as far as secrets are known.

    ``systems`` are all of the project: one that the stack does not run any more may be named. ``declared`` are the
    secrets of those that it runs.
    """
    if reviews is None:
        return
    for index, system in enumerate(reviews.systems):
        if system not in systems:
            yield _unknown(("reviews", "systems", index), system, systems, "a system of the project")
    for system in reviews.mask:
        if system not in systems:
            yield _unknown(("reviews", "mask", system), None, systems, "a system of the project as key")
    secrets = {f"{system}.{each.name}": each for system, needed in declared.items() for each in needed}
    for index, key in enumerate(reviews.secrets):
        place = ("reviews", "secrets", index)
        if key.partition(".")[0] in set(systems) - declared.keys():
            continue
        if key not in secrets:
            yield _unknown(place, key, list(secrets), "a secret of a system of the project")
        elif secrets[key].one_per_stack:
            allowed = f"no secret of which each stack needs its own: {secrets[key].one_per_stack}"
            yield Problem(place, key, allowed, "remove it; the system is left out of review environments")


def _unknown(place: tuple[str | int, ...], given: str | None, known: Sequence[str], what: str) -> Problem:
    fix = did_you_mean(given or str(place[-1]), known, "remove it")
    return Problem(place, given, f"{what}: {', '.join(known)}", fix)
