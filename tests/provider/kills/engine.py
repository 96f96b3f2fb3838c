"""One resource as an engine brings it up, with a state that is written after each call: what a killed run leaves of it.

Owns the order of calls of a create, an update, a replacement and a delete, as the embedded engine has it
(``pulumi_embedded.executor``), and what its journal keeps.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.provider.driver import Driver, Made, Refused


@dataclass
class Kept:
    """What an engine knows of one resource."""

    kind: str
    made: Made | None = None
    condemned: list[Made] = field(default_factory=list[Made])
    """What was replaced and waits for its deletion."""
    pending: bool = False
    """A create was begun, and nobody heard how it ended."""
    forced: bool = False
    """``--replace`` is still to be done."""

    def copy(self) -> Kept:
        return Kept(self.kind, self.made, [*self.condemned], self.pending, self.forced)


async def up(
    driver: Driver, kept: Kept, wanted: Mapping[str, Any] | None, *, deletes_first: bool, noted: bool = True
) -> None:
    """Bring the resource to ``wanted``, or delete it. ``noted``: the engine tells a create that it was interrupted."""
    old = kept.made
    if wanted is None:
        if old is not None:
            await _delete(driver, old)
            kept.made = None
    elif old is None:
        kept.made = await _create(driver, kept, wanted, noted=noted)
    else:
        difference = await driver.diff(old, **{**dict.fromkeys(old.inputs), **wanted})
        if kept.forced or any(how.endswith("REPLACE") for how in difference.values()):
            await _replace(driver, kept, old, wanted, deletes_first=deletes_first, noted=noted)
        elif difference:
            kept.made = await driver.update(old, **{**dict.fromkeys(old.inputs), **wanted})
    for condemned in [*kept.condemned]:
        await _delete(driver, condemned)
        kept.condemned.remove(condemned)


async def _replace(
    driver: Driver, kept: Kept, old: Made, wanted: Mapping[str, Any], *, deletes_first: bool, noted: bool
) -> None:
    if deletes_first:
        await _delete(driver, old)
        kept.made, kept.forced = None, False
        kept.made = await _create(driver, kept, wanted, noted=noted)
        return
    interrupted = kept.pending and noted
    new = await _create(driver, kept, wanted, noted=noted)
    if interrupted and new.id == old.id:
        new = await driver.create(kept.kind, **wanted)
    kept.made, kept.forced = new, False
    kept.condemned.append(old)


async def _create(driver: Driver, kept: Kept, wanted: Mapping[str, Any], *, noted: bool) -> Made:
    interrupted, kept.pending = kept.pending and noted, True
    made = await driver.create(kept.kind, interrupted=interrupted, **wanted)
    kept.pending = False
    return made


async def _delete(driver: Driver, made: Made) -> None:
    """Delete; done, too, when the provider fails since it is gone."""
    try:
        await driver.delete(made, same_run=True)
    except Refused:
        with contextlib.suppress(Refused):
            if await driver.refresh(made) is None:
                return
        raise
