"""The order in which the services of a system that is settings alone are made, and what each of them waits for.

A service waits for what its key ``uses`` names and for the databases of its variables. It also waits for services whose
address its variables hold, unless that would close a circle: an address exists before its service runs, so that two
services may know each other's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from components.templates import Reference
from components.templates import expressions as references
from stacks.own.expressions import expressions
from stacks.own.settings import OwnServiceSettings, OwnSettings


def dependencies_in_order(settings: OwnSettings) -> dict[str, list[str]]:
    """Return the services in the order in which they are made, each with the services and databases it waits for.

    Raises ``CycleError`` unless ``circle`` is empty.
    """
    after = {
        name: [*args.uses, *_owners_in_expressions(args, settings.databases)]
        for name, args in settings.services.items()
    }
    # What Railway fills in is an order, too: components/references.py sees to it.
    needed = {name: [*after[name], *_filled_in(name, settings)] for name in after}
    for name, args in settings.services.items():
        for other in _owners_in_expressions(args, settings.services):
            if other != name and other not in after[name] and not _leads(needed, other, name):
                after[name].append(other)
                needed[name].append(other)
    order = [name for name in TopologicalSorter(after).static_order() if name in after]
    return {name: list(dict.fromkeys(after[name])) for name in order}


def circle(settings: OwnSettings) -> Sequence[str]:
    """Return services that are to wait for each other, the first one also as the last; empty where there are none."""
    try:
        TopologicalSorter({name: args.uses for name, args in settings.services.items()}).prepare()
    except CycleError as error:
        return tuple(reversed(error.args[1]))
    return ()


def _owners_in_expressions(args: OwnServiceSettings, names: Mapping[str, object]) -> list[str]:
    return [each.owner for value in args.variables.values() for each in expressions(value) if each.owner in names]


def _filled_in(name: str, settings: OwnSettings) -> list[str]:
    texts = settings.services[name].variables.values()
    named = [each for text in texts for each in references(text) if isinstance(each, Reference)]
    others = {each.owner: settings.services[each.owner] for each in named if each.owner in settings.services}
    return [
        each.owner
        for each in named
        if each.owner in others and each.owner != name
        if each.variable in (*others[each.owner].variables, *others[each.owner].secrets)
    ]


def _leads(after: Mapping[str, Sequence[str]], start: str, goal: str) -> bool:
    pending = [start]
    for name in pending:
        pending += [each for each in after.get(name, ()) if each not in pending]
    return goal in pending
