"""Expressions that nothing reads: in other settings than variables, and in variables those that are written wrong.

Railway would get the text as it is, and nobody would be told.
"""

from __future__ import annotations

from collections.abc import Iterator

from components.problems import Problem
from stacks.arguments_tree import leaves
from stacks.own.expressions import SECRETS, SELF, expressions, unread
from stacks.own.settings import OwnSettings


def unread_expressions(settings: OwnSettings) -> Iterator[Problem]:
    """Yield expressions about parts of the system that stay texts, each with its place below the system's key."""
    owners = {*settings.services, *settings.databases, *settings.buckets, SELF, SECRETS}
    for path, text in leaves(settings.model_dump(by_alias=True, exclude_unset=True)):
        if not isinstance(text, str):
            continue
        if path[:1] == ("services",) and path[2:3] == ("variables",):
            for each in unread(text, owners):
                allowed = "an expression with a name, a dot and a property alone, such as ${postgres.url}"
                yield Problem(path, text, allowed, f"correct {each}, or write ${each} for that text itself")
            continue
        texts = [] if path[:1] == ("secrets",) else [each.text for each in expressions(text) if each.owner in owners]
        if texts:
            allowed = f"a value without {texts[0]}, which is filled in in the variables of services alone"
            yield Problem(path, text, allowed, "let a variable of a service hold it, and read that variable")
