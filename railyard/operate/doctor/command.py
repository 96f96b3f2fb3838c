"""``railyard doctor``: what is missing or wrong on this machine and in the accounts, and how to fix it.

Owns the command, its list of findings, and the list of ``--first``, whose steps are in ``first_steps``. The checks are
in ``machine``, which needs no network, ``railway`` and ``clouds``.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Annotated, Any, Final

import typer
from rich.text import Text

from railway_api.counting import count
from railway_api.loopback import is_loopback
from railyard.accounts.railway_client import SandboxOption, connected, surroundings
from railyard.accounts.running_services_query import running_systems
from railyard.engine.engines import points_at_real_account
from railyard.operate.doctor import clouds as doctor_clouds
from railyard.operate.doctor import machine as doctor_machine
from railyard.operate.doctor import railway as doctor_railway
from railyard.operate.doctor.findings import Finding, Level, problem
from railyard.operate.doctor.first_step_checks import StepContext
from railyard.operate.doctor.first_steps import Outcome, State, walk
from railyard.operate.doctor.machine import railway_token
from railyard.shared.console import (
    PROBLEM,
    CallError,
    JsonOption,
    OperationError,
    reported_errors,
    table_console,
    write_json,
)
from railyard.shared.options import StackOption
from railyard.shared.stack import Stack, read_stack
from stacks.project_folder import page

_COLORS: Final = {Level.OK: "green", Level.NOTE: "yellow", Level.PROBLEM: "bold red"}


def doctor(
    stack: StackOption = "",
    *,
    offline: Annotated[bool, typer.Option("--offline", help="Ask no API.")] = False,
    first: Annotated[
        bool, typer.Option("--first", help="Walk the steps to a first up on real accounts, and tick off what is done.")
    ] = False,
    sandbox: SandboxOption = False,
    json: JsonOption = False,
) -> None:
    """Look at tools, secrets, tokens and their rights, zones, buckets, the plan, and leftover config-as-code files.

    Changes nothing.

    Exit code 1 when something has to be fixed, or with --first to be done.
    """
    if first:
        _first(stack, offline=offline, sandbox=sandbox, json=json)
        return
    with reported_errors(json=json):
        findings = _offline(stack, sandbox=sandbox) if offline else _all(stack, sandbox=sandbox)
        if json:
            write_json(_document(stack, findings))
        else:
            _print(findings)
    if any(finding.level is Level.PROBLEM for finding in findings):
        raise typer.Exit(PROBLEM)


def _first(stack: str, *, offline: bool, sandbox: bool, json: bool) -> None:
    with reported_errors(json=json):
        if offline:
            raise CallError("--first asks the accounts how far each step is: leave --offline out")
        outcomes = _outcomes(stack, sandbox=sandbox)
        if json:
            write_json(_steps_document(stack, outcomes))
        else:
            _print_steps(outcomes)
    if _remain(outcomes):
        raise typer.Exit(PROBLEM)


def _offline(name: str, *, sandbox: bool) -> list[Finding]:
    real = not sandbox and points_at_real_account(os.environ)
    stack = read_stack(name, sandbox=not real)
    findings = [*doctor_machine.tools(real=real), *doctor_machine.settings(stack), *doctor_machine.secrets(stack)]
    return [*findings, *doctor_machine.tokens(stack)] if real else findings


def _all(name: str, *, sandbox: bool) -> list[Finding]:
    """Return all findings; those that need no network come first, and are there when an API fails."""
    findings = _offline(name, sandbox=sandbox)
    stack = read_stack(name)
    with surroundings(sandbox=sandbox):
        up = False
        try:
            with connected(stack) as railway:
                findings += railway.run(doctor_railway.token(railway, stack))
                if not any(finding.level is Level.PROBLEM and finding.area == "railway" for finding in findings):
                    systems = railway.run(running_systems(railway, stack))
                    up = any(service.serving for system in systems for service in system.services)
                    findings += doctor_railway.config_as_code(systems)
        except OperationError as error:
            findings.append(problem("railway", str(error), "fix this first, then run doctor again"))
        return [*findings, *asyncio.run(_findings_of_clouds(stack, up=up))]


async def _findings_of_clouds(stack: Stack, *, up: bool) -> list[Finding]:
    return [*await doctor_clouds.cloudflare(stack, up=up), *await doctor_clouds.digitalocean(stack)]


def _print(findings: Sequence[Finding]) -> None:
    """Print findings by area, without line breaks in them: commands and addresses are there to be copied."""
    console = table_console()
    for area, group in groupby(_by_area(findings), key=lambda finding: finding.area):
        console.print(Text(area, style="bold"))
        for finding in group:
            text = Text.assemble("  ", (f"{finding.level:8}", _COLORS[finding.level]), finding.text)
            console.print(text, soft_wrap=True)
            if finding.fix:
                console.print(Text(f"          {finding.fix}"), soft_wrap=True)
    wrong = sum(finding.level is Level.PROBLEM for finding in findings)
    console.print(f"\n{count(wrong, 'problem')} to fix" if wrong else "\nnothing has to be fixed")


def _by_area(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings sorted by area, areas in the order of their first finding."""
    listed = list(findings)
    areas = list(dict.fromkeys(finding.area for finding in listed))
    return sorted(listed, key=lambda finding: areas.index(finding.area))


def _document(stack: str, findings: Sequence[Finding]) -> dict[str, Any]:
    return {
        "stack": stack,
        "ok": all(finding.level is not Level.PROBLEM for finding in findings),
        "findings": [
            {
                "area": finding.area,
                "level": finding.level.value,
                "text": finding.text,
                **({"fix": finding.fix} if finding.fix else {}),
            }
            for finding in findings
        ],
    }


_MARKS: Final = {State.DONE: "[x]", State.TO_DO: "[ ]", State.BY_HAND: "[?]", State.NOT_NEEDED: " - "}
_STATE_COLORS: Final = {State.DONE: "green", State.TO_DO: "bold red", State.BY_HAND: "yellow", State.NOT_NEEDED: "dim"}


def _outcomes(name: str, *, sandbox: bool) -> list[Outcome]:
    """Return the outcome of each step on the account of the environment, with ``sandbox`` in the sandbox."""
    real = not sandbox and not is_loopback(os.environ.get("RAILWAY_API_URL", ""))
    stack = read_stack(name, sandbox=not real)
    # Without a token Railway cannot be asked: the step of the token says so.
    if not sandbox and railway_token(stack).level is Level.PROBLEM:
        return asyncio.run(walk(StepContext(stack=stack, real=real, railway=None)))
    with connected(stack, sandbox=sandbox) as railway:
        return railway.run(walk(StepContext(stack=stack, real=real, railway=railway)))


def _remain(outcomes: Sequence[Outcome]) -> bool:
    """Return True while a step is to do."""
    return any(each.state is State.TO_DO for each in outcomes)


def _print_steps(outcomes: Sequence[Outcome]) -> None:
    """Print the steps without line breaks in them: commands and addresses are there to be copied."""
    console = table_console()
    for number, each in enumerate(outcomes, 1):
        mark = (_MARKS[each.state], _STATE_COLORS[each.state])
        title = f"{number:2}. {each.step.title}: {each.state}"
        console.print(Text.assemble(mark, " ", (title, "bold")), soft_wrap=True)
        console.print(Text(f"       {each.text}"), soft_wrap=True)
        if each.next:
            console.print(Text(f"       next: {each.next}"), soft_wrap=True)
        if each.state in (State.TO_DO, State.BY_HAND) and each.step.link not in each.next:
            console.print(Text(f"       {_link(each)}"), soft_wrap=True)
    waiting = sum(each.state is State.TO_DO for each in outcomes)
    console.print(f"\n{count(waiting, 'step')} to do: {page('first-steps.md')}" if waiting else "\neverything is done")


def _steps_document(name: str, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return the document for programs."""
    return {
        "stack": name,
        "done": not _remain(outcomes),
        "steps": [
            {
                "name": each.step.name,
                "title": each.step.title,
                "state": each.state.value,
                "text": each.text,
                **({"next": each.next} if each.next else {}),
                "link": _link(each),
            }
            for each in outcomes
        ],
    }


def _link(outcome: Outcome) -> str:
    link = outcome.step.link
    return link if link.startswith("https://") else page(link)
