"""``railyard verify``: checks after a deploy whether everything answers.

Owns the command and its table. The checks, and what counts as passed, are in ``verify_checks``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.text import Text

from railway_api.counting import count
from railyard.accounts.railway_client import Railway, SandboxOption, connected
from railyard.accounts.running_services import RunningSystem
from railyard.accounts.running_services_query import running_systems
from railyard.operate.verify_checks import Result, verify_volumes
from railyard.operate.verify_checks import verify as check_all
from railyard.shared.console import (
    PROBLEM,
    JsonOption,
    SystemsArgument,
    reported_errors,
    table,
    table_console,
    write_json,
)
from railyard.shared.options import StackOption
from railyard.shared.stack import Stack, read_stack


def verify(
    systems: SystemsArgument = None,
    stack_name: StackOption = "",
    *,
    volumes: Annotated[
        bool,
        typer.Option("--volumes", help="Leave a mark on each volume, and look for the one of a former deployment."),
    ] = False,
    sandbox: SandboxOption = False,
    json: JsonOption = False,
) -> None:
    """Check a stack from outside: deployments, health endpoints over HTTPS, DNS, certificates, CDN, databases.

    Puts a small object into each bucket, gets it over the CDN and deletes it. Changes nothing else, but for --volumes.

    Exit code 1 when a check fails.
    """
    with reported_errors(json=json):
        stack = read_stack(stack_name)
        with connected(stack, sandbox=sandbox) as railway:
            running: list[RunningSystem] = railway.run(running_systems(railway, stack, systems or ()))
            results = railway.run(check_all(railway, stack, running))
            results += verify_volumes(railway, stack, running) if volumes else []
            if json:
                write_json(_document(stack, results))
            else:
                _print(stack, railway, results)
    if not all(result.passed for result in results):
        raise typer.Exit(PROBLEM)


def _print(stack: Stack, railway: Railway, results: Sequence[Result]) -> None:
    console = table_console()
    checks = table("", "service", "check", "time", "found", folded="found")
    checks.columns[3].justify = "right"
    before = ""
    for result in results:
        mark = Text("pass", style="green") if result.passed else Text("FAIL", style="bold red")
        time = f"{result.time_s:.2f} s" if result.time_s else ""
        checks.add_row(mark, "" if result.where == before else result.where, result.check, time, Text(result.found))
        before = result.where
    console.print(checks)
    console.print()
    failed = [result for result in results if not result.passed]
    for result in failed:
        console.print(Text(f"{result.where} {result.check}: {result.found}\n  next: {result.next}"), soft_wrap=True)
    every = count(len(results), "check")
    outcome = f"{len(failed)} of {every} failed" if failed else f"{every} passed"
    console.print(Text(f"{stack.name} in {railway.place}: {outcome}"), soft_wrap=True)


def _document(stack: Stack, results: Sequence[Result]) -> dict[str, Any]:
    return {
        "stack": stack.name,
        "ok": all(result.passed for result in results),
        "checks": [
            {
                "where": result.where,
                "check": result.check,
                "passed": result.passed,
                "found": result.found,
                "timeS": round(result.time_s, 3),
                **({} if result.passed else {"next": result.next}),
            }
            for result in results
        ],
    }
