"""The engine that a command works with: the embedded one, or the Pulumi CLI in the sandbox or on a real account.

Owns which of them is meant. In the sandbox the choice is the one that ``make`` makes (``engine_choice.py``).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import typer

from railway_api.loopback import is_loopback
from railyard.engine import engine_choice, pulumi_cli
from railyard.engine.cli_engine import PulumiCli, PulumiCliInSandbox
from railyard.engine.embedded_engine import Embedded
from railyard.engine.engine import Engine
from railyard.engine.engine_choice import States
from railyard.shared.console import CallError
from railyard.shared.project import sandbox_directory
from railyard.shared.stack import Stack


def engine_for(stack: Stack, *, sandbox: bool) -> Engine:
    """Return the engine for ``stack``: the Pulumi CLI on a real account where the environment points at one.

    In the sandbox it is the one that the stack is up with, as with ``make``; a line on standard error says which and
    why. Raises ``OperationError`` when it is not installed.
    """
    if not sandbox and points_at_real_account(os.environ):
        return PulumiCli(stack, pulumi_cli.find_for_real_account())
    choice = engine_choice.choose(_requested_engine(), States(directory=sandbox_directory(), stack=stack.name))
    typer.echo(choice.sentence, err=True)
    return PulumiCliInSandbox(stack, choice.cli, choice) if choice.cli else Embedded(stack)


def secrets_files(engine: Engine, stack: Stack) -> list[Path]:
    """Return the SOPS files whose secrets ``engine`` deploys: the sandbox's, or those of the stack."""
    own = engine.secrets_file == stack.secrets_file
    return [each.secrets_file for each in stack.by_file()] if own else [engine.secrets_file]


def _requested_engine() -> engine_choice.Engine | None:
    """Return the engine that the variable ``ENGINE`` names, None where it is not set; raises ``CallError``."""
    named = os.environ.get(engine_choice.VARIABLE)
    try:
        return engine_choice.Engine(named) if named else None
    except ValueError:
        choices = " or ".join(engine_choice.Engine)
        raise CallError(f"{engine_choice.VARIABLE} is {named!r}: name {choices}, or leave it out") from None


def points_at_real_account(environment: Mapping[str, str]) -> bool:
    """Tell whether Railway's address or a token says that a real account is meant."""
    address = environment.get("RAILWAY_API_URL")
    if address:
        return not is_loopback(address)
    return bool(environment.get("RAILWAY_API_TOKEN") or environment.get("RAILWAY_TOKEN"))
