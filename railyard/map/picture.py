"""The picture of a stack: its topology from its settings, with costs, and with what a plan or Railway says of it.

Owns what is asked of whom. The topology comes from a preview on an empty state, which needs no account and no key; a
plan from the engine that the stack is up with; the status from Railway.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pulumi_operations.events import Event, Operation, Result, Step
from railyard.accounts.running_services import Health, RunningSystem
from railyard.engine.configuration import read_configuration
from railyard.engine.operate import operate
from railyard.map.svg import Mark, Picture
from railyard.map.topology import Kind, Node, System, topology
from railyard.review.resource_changes import Change
from railyard.review.resource_changes import Kind as ChangeKind
from railyard.shared.console import OperationError
from railyard.shared.project import project_directory
from railyard.shared.stack import Stack
from stacks.budget import lines_of_stack
from stacks.monthly_cost import total
from stacks.project_folder import RAILYARD
from stacks.settings import BUDGET_KEY

_MARKS: Mapping[ChangeKind, Mark] = {
    ChangeKind.CREATE: Mark.NEW,
    ChangeKind.UPDATE: Mark.CHANGED,
    ChangeKind.REPLACE: Mark.REPLACED,
    ChangeKind.DELETE: Mark.DELETED,
}
_GRAVEST = (Mark.REPLACED, Mark.DELETED, Mark.NEW, Mark.CHANGED)


class _Quiet:
    """A report that shows nothing: the result of the operation is what is needed."""

    def on_event(self, event: Event) -> None:
        """Do nothing."""

    def finish(self, result: Result) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


def declared(stack: str) -> Sequence[Step]:
    """Return the resources that a stack declares, as steps of a preview on nothing; raises ``OperationError``."""
    with tempfile.TemporaryDirectory(prefix="railyard-map-") as folder:
        configuration = read_configuration(project_directory(), stack)
        # What costs too much can be looked at all the same.
        config = {key: value for key, value in configuration.config.items() if key != BUDGET_KEY}
        configuration = replace(configuration, config=config)
        result = operate(Operation.PREVIEW, configuration, (), _Quiet(), Path(folder))
    if not result.succeeded:
        errors = dict.fromkeys(item.message.strip() for item in result.diagnostics if item.severity == "error")
        raise OperationError("\n".join(errors) or f"the program of the stack fails: `{RAILYARD} preview` says why")
    return result.steps


def draw(stack: Stack, steps: Iterable[Step], names: Sequence[str] = ()) -> Picture:
    """Return the picture of the systems ``names``, or of all, with what they cost."""
    systems = [system for system in topology(steps) if not names or system.name in names]
    costs = lines_of_stack(stack.settings)
    lines: dict[tuple[str, str], Sequence[str]] = {}
    for system in systems:
        for node in system.nodes:
            of_node = [line for line in costs if line.system == system.name and line.name in _cost_names(node)]
            if of_node:
                lines[system.name, node.id] = (f"${total(of_node).as_used:,.2f} a month",)
    totals = {
        system.name: f"about ${total(line for line in costs if line.system == system.name).as_used:,.2f} a month"
        for system in systems
    }
    return Picture(title=f"Railyard: {stack.name}", systems=systems, lines=lines, totals=totals)


def _cost_names(node: Node) -> tuple[str, ...]:
    match node.kind:
        case Kind.VOLUME:
            return (f"{node.service} volume",)
        case Kind.BUCKET:
            return (node.title,)
        case Kind.SERVICE | Kind.STORE:
            return (node.service,)
        case _:
            return ()


def with_plan(picture: Picture, changes: Sequence[Change], alone: Sequence[str] = ()) -> Picture:
    """Return the picture with what would become of each box.

    What would go and is declared no more gets a box. A system of which nothing is declared comes after the others,
    unless the picture is one of the systems ``alone``.
    """
    drawn = {system.name for system in picture.systems}
    going = {change.system.lower() for change in changes if change.kind is ChangeKind.DELETE and change.system}
    removed = [System(name=name, project="") for name in sorted(going - drawn) if not alone]
    by_urn = {change.urn: _MARKS[change.kind] for change in changes}
    marks: dict[tuple[str, str], Mark] = {}
    systems: list[System] = []
    for system in (*picture.systems, *removed):
        declared_urns = {urn for node in system.nodes for urn in node.urns}
        deleted = [
            change
            for change in changes
            if change.kind is ChangeKind.DELETE
            and change.urn not in declared_urns
            and change.system.lower() == system.name
        ]
        left = tuple(
            Node(
                id=change.urn,
                kind=Kind.OUTSIDE,
                label=change.type.rsplit(":", 1)[-1],
                title=change.name,
                urns=(change.urn,),
            )
            for change in deleted
        )
        now = replace(system, nodes=(*system.nodes, *left))
        systems.append(now)
        for node in now.nodes:
            of_node = {by_urn[urn] for urn in node.urns if urn in by_urn}
            mark = next((each for each in _GRAVEST if each in of_node), None)
            if mark:
                marks[system.name, node.id] = mark
    return replace(picture, title=f"{picture.title}, what would change", systems=systems, marks=marks)


def with_status(picture: Picture, running: Sequence[RunningSystem]) -> Picture:
    """Return the picture with how each service is."""
    words = {
        Health.HEALTHY: Mark.HEALTHY,
        Health.DEPLOYING: Mark.DEPLOYING,
        Health.ROLLED_BACK: Mark.ROLLED_BACK,
        Health.UNHEALTHY: Mark.UNHEALTHY,
        Health.MISSING: Mark.MISSING,
    }
    marks: dict[tuple[str, str], Mark] = {}
    for system in picture.systems:
        state = next((each for each in running if each.name == system.name), None)
        for node in system.nodes:
            service = state.service(node.service) if state and node.kind in (Kind.SERVICE, Kind.STORE) else None
            if service and service.health in words:
                marks[system.name, node.id] = words[service.health]
    return replace(picture, title=f"{picture.title}, as it is", marks=marks)
