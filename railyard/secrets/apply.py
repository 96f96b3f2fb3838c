"""Deploys changed secrets alone: exactly the service instances whose secret variables differ.

Owns the choice of those instances, and the refusal when a deployment of one would bring anything else along. Works on
what a preview says, in which secrets are masked; previews and updates are an engine's work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import typer

from railway_api.counting import count
from railyard.engine.engine import Engine
from railyard.engine.engines import engine_for, secrets_files
from railyard.shared.console import OperationError, write_json
from railyard.shared.stack import Stack
from railyard.shared.urns import carries, name_of, type_of
from stacks import resource_types
from stacks.secret_rules import Secret

_VARIABLE: Final = "variables."


@dataclass(frozen=True, kw_only=True)
class Instance:
    """A service instance with changed secrets."""

    urn: str
    secrets: tuple[str, ...]
    """Variables that come from secrets and differ."""
    others: tuple[str, ...]
    """Whatever else would change in it."""

    @property
    def name(self) -> str:
        """Return the last part of its URN, ``seance-backend-instance``."""
        return name_of(self.urn)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The instances that a change of secrets deploys again, and what a person has to do beside it."""

    instances: tuple[Instance, ...]
    notes: tuple[str, ...]
    """Manual steps."""
    elsewhere: int
    """Changes in other resources, which stay undone."""

    @property
    def refused(self) -> list[Instance]:
        """Return instances in which more than secrets would change."""
        return [instance for instance in self.instances if instance.others]

    def document(self) -> dict[str, Any]:
        """Return the plan for programs."""
        return {
            "instances": [
                {"urn": each.urn, "secrets": list(each.secrets), "otherChanges": list(each.others)}
                for each in self.instances
            ],
            "notes": list(self.notes),
            "changesElsewhere": self.elsewhere,
        }


def apply(stack: Stack, *, sandbox: bool, preview: bool, yes: bool, json: bool) -> bool:
    """Preview, refuse or deploy; whether all went well. Raises ``OperationError``."""
    return carry_out(engine_for(stack, sandbox=sandbox), stack, preview=preview, yes=yes, json=json)


def carry_out(engine: Engine, stack: Stack, *, preview: bool, yes: bool, json: bool) -> bool:
    """Apply with a given engine."""
    if not json:
        typer.echo(f"Comparing the secrets of {stack.name} with what runs in {engine.place}")
    planned, shown = _foreseen(engine, stack)
    document: dict[str, Any] = {"stack": stack.name, **planned.document(), "applied": False}
    if not json:
        _show(planned)
    if planned.refused:
        if json:
            write_json(document)
        else:
            typer.echo(
                f"error: more than secrets would change in {count(len(planned.refused), 'service')}, marked with ! "
                "above; nothing was deployed. Deploy all of it with an ordinary up, or undo the other changes first",
                err=True,
            )
        return False
    deploys = bool(planned.instances) and not preview
    if deploys and not yes:
        _ask(planned)
        # Between question and answer there is time for another commit, another secret or another up.
        if _foreseen(engine, stack)[1] != shown:
            raise OperationError("something changed while you were asked; nothing was deployed. Run the command again")
    succeeded = not deploys or engine.up([each.urn for each in planned.instances], quiet=json)
    if json:
        write_json(document | {"applied": deploys and succeeded})
    return succeeded


def _foreseen(engine: Engine, stack: Stack) -> tuple[Plan, Any]:
    """Return the plan, and by what it is known again: operations and differences, and what the secrets are."""
    preview = engine.preview()
    if not (preview.get("changeSummary") or {}).keys() - {"create"}:
        raise OperationError(f"nothing of {stack.name} is up yet: the first up deploys it with its secrets")
    steps = preview.get("steps") or ()
    # Values are masked in a preview, so one that changed twice is known by its ciphertext alone.
    file = b"".join(file.read_bytes() for file in secrets_files(engine, stack) if file.exists())
    differences = {step["urn"]: (step["op"], step.get("detailedDiff")) for step in steps}
    return plan(steps, stack.declared), (differences, file)


def _ask(planned: Plan) -> None:
    if not typer.confirm(f"Deploy {count(len(planned.instances), 'service')} again?"):
        raise OperationError("nothing was deployed")


def plan(steps: Sequence[Mapping[str, Any]], declared: Mapping[str, Sequence[Secret]]) -> Plan:
    """Choose the instances out of the steps of a preview."""
    changed = [step for step in steps if step["op"] not in ("same", "read")]
    updated = [
        step for step in changed if step["op"] == "update" and type_of(step["urn"]) == resource_types.SERVICE_INSTANCE
    ]
    paths: dict[str, list[str]] = {step["urn"]: sorted(step.get("detailedDiff") or {}) for step in updated}
    differing = {
        system: {
            secret.name
            for urn, changes in paths.items()
            if _system(urn, declared) == system
            for secret in needed
            if f"{_VARIABLE}{secret.name}" in changes
        }
        for system, needed in declared.items()
    }
    instances: list[Instance] = []
    for urn, changes in paths.items():
        system = _system(urn, declared)
        own_variables = _variables(declared.get(system, ()), differing.get(system, set()))
        changed_variables = tuple(
            path.removeprefix(_VARIABLE) for path in changes if path.removeprefix(_VARIABLE) in own_variables
        )
        if changed_variables:
            others = tuple(path for path in changes if path.removeprefix(_VARIABLE) not in changed_variables)
            instances.append(Instance(urn=urn, secrets=changed_variables, others=others))
    notes = [
        f"{system}.{secret.name}: {secret.rotation}"
        for system, needed in declared.items()
        for secret in needed
        if secret.rotation and secret.name in differing[system]
    ]
    elsewhere = len([step for step in changed if step["urn"] not in {each.urn for each in instances}])
    return Plan(instances=tuple(instances), notes=tuple(notes), elsewhere=elsewhere)


def _variables(needed: Sequence[Secret], differing: set[str]) -> set[str]:
    """Return the variables that differ because a secret of ``differing`` does: its own, and those it is part of."""
    return {variable for secret in needed if secret.name in differing for variable in (secret.name, *secret.also_sets)}


def _system(urn: str, declared: Mapping[str, Sequence[Secret]]) -> str:
    """Return the system whose name a resource carries; empty where it is none of ``declared``."""
    return next((system for system in declared if carries(urn, system)), "")


def _show(planned: Plan) -> None:
    if not planned.instances:
        typer.echo("no service reads a secret that has changed")
    for instance in planned.instances:
        typer.echo(f"{'!' if instance.others else '~'} {instance.name}: {', '.join(instance.secrets)}")
        for path in instance.others:
            typer.echo(f"    also: {path}")
    for note in planned.notes:
        typer.echo(f"note: {note}")
    if planned.elsewhere:
        typer.echo(
            f"note: {count(planned.elsewhere, 'other change')} in this stack stay as they are, for an ordinary up"
        )
