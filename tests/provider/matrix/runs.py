"""Runs of a program as an engine does them: one that meets a fault, and the next one.

Owns what an engine keeps of a failed operation and repeats in its next run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from tests.provider.driver import OWN_LIMIT, Driver, Half, Made, Refused
from tests.provider.kills.death import Mortal


@dataclass(frozen=True)
class Step:
    """What the program wants of one resource: make it, change it or give it up."""

    kind: Literal["create", "update", "delete"]
    type: str
    inputs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    made: Made | None = None
    timeout_s: float = OWN_LIMIT
    fails: str | None = None
    """What its failure says, where it fails even when nothing disturbs it."""


def create(type: str, **inputs: Any) -> Step:
    """A new resource."""
    return Step("create", type, inputs)


def update(made: Made, **changes: Any) -> Step:
    """Other inputs."""
    return Step("update", made.kind, changes, made)


def failing(step: Step, says: str, *, timeout_s: float = OWN_LIMIT) -> Step:
    """A step that fails with this, and leaves the resource half made."""
    return replace(step, fails=says, timeout_s=timeout_s)


def delete(made: Made) -> Step:
    """No resource any more."""
    return Step("delete", made.kind, made=made)


@dataclass(frozen=True)
class Outcome:
    """What the engine has after a step: the resource, or why not, and what the next run is to do."""

    made: Made | None
    failure: str | None = None
    next: Step | None = None
    failed_duly: bool = False
    """The step failed as it does when nothing disturbs it."""


async def attempt(driver: Driver, step: Step, *, interrupted: bool = False) -> Outcome:
    """Do one step as the engine does, and keep what it keeps."""
    try:
        made = await _do(driver, step, interrupted=interrupted)
        return Outcome(made, f"it should have failed: {step.fails}" if step.fails else None)
    except Half as half:
        if step.fails and step.fails in str(half):
            return Outcome(half.made, failed_duly=True)
        return Outcome(half.made, str(half), _after_half(step, half.made))
    except Refused as refused:
        return Outcome(step.made, str(refused), step)


async def _do(driver: Driver, step: Step, *, interrupted: bool) -> Made | None:
    if step.kind == "create":
        return await driver.create(step.type, interrupted=interrupted, timeout_s=step.timeout_s, **step.inputs)
    assert step.made is not None
    if step.kind == "update":
        return await driver.update(step.made, timeout_s=step.timeout_s, **step.inputs)
    await driver.delete(step.made)
    return None


def _after_half(step: Step, half: Made) -> Step:
    if step.kind == "create":
        return Step("update", step.type, {}, half)
    assert step.made is not None
    # The engine keeps the old inputs with the new outputs, so that the difference shows again.
    return replace(step, made=replace(step.made, outputs=half.outputs))


async def together(driver: Driver, steps: Sequence[Step], provider: Mortal) -> list[Outcome]:
    """Steps side by side, by a provider that may die."""

    async def alive(step: Step) -> Outcome:
        return await provider.until_dead(attempt(driver, step)) or Outcome(step.made, "killed", step)

    return list(await asyncio.gather(*(alive(step) for step in steps)))


async def differences(driver: Driver, made: Made, *, failed_duly: bool = False) -> Mapping[str, str]:
    """What a refresh and a preview show of a resource that should be as it was made; a refresh knows a failure."""
    try:
        read = await driver.refresh(made)
    except Half as half:
        if not failed_duly:
            raise
        read = half.made
    return {"": "gone"} if read is None else await driver.diff(read, **made.inputs)
