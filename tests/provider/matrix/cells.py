"""One cell of the fault matrix: a run that meets a fault, the next run, and the comparison with an undisturbed run.

Owns the verdict. Each cell has a copy of the prepared account. All of it is in virtual time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final

from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.server import Sandbox
from tests import virtual_time
from tests.provider.driver import Driver, Records, driving
from tests.provider.in_process import Connection, pointed_here
from tests.provider.kills.death import Mortal
from tests.provider.matrix.accounts import an_account, content, shown
from tests.provider.matrix.rows import Row
from tests.provider.matrix.runs import Outcome, Step, attempt, differences, together, update
from tests.provider.matrix.trouble import FAULTS, THROTTLE, Disturbed, Fault, Trouble

ALL_OVER_S: Final = 60.0
"""After this time, simulated, nothing changes any more by itself."""
AT_ONCE, NEXT_RUN, IMPORTED, WARNED, NOT_THERE = "at once", "next run", "import", "warning", "none"
VERDICTS: Final = {
    AT_ONCE: "the run itself ended as an undisturbed one",
    NEXT_RUN: "it failed, and the next run ended so",
    IMPORTED: "the next run found something that it may not take, and said which command imports it; then it is so",
    WARNED: "the next run ended so, but something is left that only a person can tell apart, and a warning names it",
    NOT_THERE: "Railway has no such fault, or it makes no difference here",
}
_IMPORT: Final = re.compile(r"'pulumi import railway:index:(\w+) <resource name> (\S+)'")
WITH_A_WORKFLOW: Final = "environmentPatchCommit"
"""The mutation of the provider that Railway answers before it has done anything."""


@dataclass(frozen=True)
class Cell:
    """How a run with one fault ended."""

    fault: str
    verdict: str
    """One of ``VERDICTS``, or what is wrong."""

    @property
    def good(self) -> bool:
        """Whether nothing was lost, doubled or orphaned."""
        return self.verdict in VERDICTS


@dataclass(frozen=True)
class _Prepared:
    """An account before the run, and the run."""

    row: Row
    stored: str
    now: float
    records: Records
    steps: Sequence[Step]

    def a_copy(self) -> AbstractContextManager[Sandbox]:
        return an_account(self.records, self.stored, self.now)


@dataclass(frozen=True)
class _Ended:
    """What there is after a run, in the account and in the engine's state."""

    account: dict[str, list[str]]
    state: list[str]


def cells(row: Row, faults: Sequence[Fault] = FAULTS) -> list[Cell]:
    """All cells of a row."""
    with pointed_here():
        return virtual_time.run(_cells(row, faults))


async def _cells(row: Row, faults: Sequence[Fault]) -> list[Cell]:
    prepared = await _prepare(row)
    undisturbed = await _undisturbed(prepared)
    return [await _cell(prepared, undisturbed, fault) for fault in faults]


async def _prepare(row: Row) -> _Prepared:
    records = Records()
    with an_account(records) as sandbox:
        cloud = sandbox.railway
        async with driving(cloud, Connection(sandbox)) as driver:
            steps = await row.prepare(driver, records)
        return _Prepared(row, cloud.state.to_json(), cloud.now(), records, steps)


async def _undisturbed(prepared: _Prepared) -> _Ended:
    with prepared.a_copy() as sandbox:
        async with driving(sandbox.railway, Connection(sandbox)) as driver:
            outcomes = await together(driver, prepared.steps, Mortal())
            failures = [outcome.failure for outcome in outcomes if outcome.failure]
            assert not failures, failures
            await driver.settle(ALL_OVER_S)
        return _ended(sandbox.railway, outcomes)


def _ended(cloud: RailwayCloud, outcomes: Sequence[Outcome]) -> _Ended:
    account = content(cloud)
    if any(outcome.failed_duly for outcome in outcomes):
        # The next run tries again, which leaves one more deployment of the past.
        account["deployments"] = sorted(set(account["deployments"]))
    return _Ended(account, [shown(cloud, outcome.made) for outcome in outcomes])


async def _cell(prepared: _Prepared, undisturbed: _Ended, fault: Fault) -> Cell:
    row = prepared.row
    missing = (
        (fault.name == THROTTLE and row.refusal is None)
        or (fault.creations_only and not row.creates)
        or (fault.later is not None and row.mutation != WITH_A_WORKFLOW)
    )
    if missing:
        return Cell(fault.name, NOT_THERE)
    trouble = Trouble(fault, row.mutation, row.refusal)
    with prepared.a_copy() as sandbox:
        cloud = sandbox.railway
        async with driving(cloud, Disturbed(sandbox, trouble)) as driver:
            outcomes = await together(driver, prepared.steps, trouble.provider)
            said = _said(driver)
        if not trouble.struck:
            return Cell(fault.name, "the mutation was not sent")
        wrong = [*_wrongly_told(fault, outcomes, said)]
        if fault.later is not None:
            async with driving(cloud, Disturbed(sandbox, trouble)) as driver:
                wrong += await _wrongly_stored(driver, outcomes)
        trouble.relent(cloud.now())
        async with driving(cloud, Disturbed(sandbox, trouble)) as driver:
            verdict = await _next_run(driver, fault, outcomes)
            wrong += _wrongly_told(fault, (), _said(driver))
            await driver.settle(ALL_OVER_S)
        async with driving(cloud, Disturbed(sandbox, trouble)) as driver:
            problems = await _problems(driver, outcomes)
        ended = _ended(cloud, outcomes)
    unlike = _compared(undisturbed, ended)
    if verdict == WARNED and len(unlike) == 1 and unlike[0].startswith(("orphaned", "doubled")):
        unlike = []
    return Cell(fault.name, "; ".join([*wrong, *problems, *unlike]) or verdict)


async def _next_run(driver: Driver, fault: Fault, outcomes: list[Outcome]) -> str:
    """Do what the first run left undone; in which run, and how, all was done."""
    verdict = AT_ONCE
    for index, outcome in enumerate(outcomes):
        if outcome.next is None:
            continue
        then = await attempt(driver, outcome.next, interrupted=fault.kills and fault.noted)
        verdict = NEXT_RUN
        if then.failure and (advice := _IMPORT.search(then.failure)):
            then, verdict = await _imported(driver, outcome.next, advice[1], advice[2]), IMPORTED
        outcomes[index] = then
    told = any(severity == "WARNING" and "interrupted run" in text for severity, text in driver.engine.said)
    return WARNED if told else verdict


async def _imported(driver: Driver, step: Step, type: str, id: str) -> Outcome:
    """What a person does who reads that: import it, and run the program again."""
    imported = await driver.import_(type, id)
    assert imported is not None
    return await attempt(driver, update(imported, **{**dict.fromkeys(imported.inputs), **step.inputs}))


async def _problems(driver: Driver, outcomes: Sequence[Outcome]) -> list[str]:
    problems = [f"failed again: {outcome.failure}" for outcome in outcomes if outcome.failure]
    for outcome in outcomes:
        if outcome.made is None or problems:
            continue
        if found := await differences(driver, outcome.made, failed_duly=outcome.failed_duly):
            problems.append(f"a refresh finds differences: {dict(found)}")
    return problems


def _said(driver: Driver) -> list[str]:
    """What the user was warned of."""
    return [text for severity, text in driver.engine.said if severity == "WARNING"]


def _wrongly_told(fault: Fault, outcomes: Sequence[Outcome], said: Sequence[str]) -> Iterator[str]:
    """Texts that are not so: another reason than Railway's, and what nobody did, since nobody else is there."""
    for outcome in outcomes:
        if fault.later is not None and outcome.failure and fault.later not in outcome.failure:
            yield f"wrongly told: {outcome.failure}"
    for text in said:
        if "somebody" in text:
            yield f"wrongly told: {text}"


async def _wrongly_stored(driver: Driver, outcomes: Sequence[Outcome]) -> list[str]:
    """Return what the state says of resources that failed and Railway does not."""
    wrong: list[str] = []
    for made in [outcome.made for outcome in outcomes if outcome.failure and outcome.made is not None]:
        read = await driver.refresh(made)
        if read is not None and read.outputs != made.outputs:
            wrong.append(f"wrongly told: the state says {made.outputs}, Railway {read.outputs}")
    return wrong


def _compared(undisturbed: _Ended, ended: _Ended) -> list[str]:
    problems: list[str] = []
    for table in sorted({*undisturbed.account, *ended.account}):
        wanted_lines, there = undisturbed.account.get(table, []), list(ended.account.get(table, []))
        for line in wanted_lines:
            if line in there:
                there.remove(line)
            else:
                problems.append(f"lost in {table}: {line}")
        problems += [f"{'doubled' if line in wanted_lines else 'orphaned'} in {table}: {line}" for line in there]
    for wanted, found in zip(undisturbed.state, ended.state, strict=True):
        if wanted != found:
            problems.append(f"in the state is {found} instead of {wanted}")
    return problems
