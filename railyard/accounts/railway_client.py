"""Railway for a command: a connected client of the account that the environment points at, or of the sandbox.

Owns which of the two is meant, the event loop of the command, and how the provider's errors reach people. Requests,
retries and the rate limit are the provider's own (``provider/api``).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine, Generator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

import typer

from pulumiverse_railway.provider.configuration import URL_VARIABLE, Configuration, build_client
from railway_api.client import Client
from railway_api.failure import Failure
from railway_api.plans import Plan
from railyard.engine import operate
from railyard.engine.engines import points_at_real_account
from railyard.shared.console import OperationError
from railyard.shared.stack import Stack
from stacks.project_folder import RAILYARD

T = TypeVar("T")

SandboxOption = Annotated[bool, typer.Option("--sandbox", help="In the sandbox, wherever the environment points.")]


@dataclass(frozen=True)
class Railway:
    """A connection for as long as a command runs. The process's variables point at all APIs of the same place."""

    client: Client
    real: bool
    """Whether this is an account, not the sandbox."""
    runner: asyncio.Runner

    @property
    def place(self) -> str:
        """Return where it leads, for people."""
        return "the account that the environment points at" if self.real else "the sandbox"

    def up(self, stack: Stack) -> str:
        """Return the command that brings ``stack`` up there."""
        return f"pulumi up -s {stack.name}" if self.real else f"{RAILYARD} up -s {stack.name}"

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Return the result of ``work`` on the client; raises ``OperationError`` with the text of what went wrong."""
        try:
            return self.runner.run(work)
        except Failure as failure:
            raise OperationError(str(failure)) from None


def connected(stack: Stack, *, sandbox: bool = False) -> AbstractContextManager[Railway]:
    """Yield Railway for ``stack``: a real account where the environment points at one and ``sandbox`` is not set."""
    return account(Plan(stack.settings.plan), sandbox=sandbox)


@contextmanager
def account(plan: Plan = Plan.HOBBY, *, sandbox: bool = False) -> Generator[Railway]:
    """Yield Railway for whoever has no stack yet: with the request rate of ``plan``, see ``connected``.

    The simulated APIs are started for as long as the block needs them, unless ``make sandbox`` runs them already.
    Raises ``OperationError`` when there is no token, or the sandbox cannot be used.
    """
    with ExitStack() as left:
        real = left.enter_context(surroundings(sandbox=sandbox))
        try:
            client = build_client(Configuration(plan=plan))
        except Failure as failure:
            raise OperationError(str(failure)) from None
        runner = left.enter_context(asyncio.Runner())
        left.callback(lambda: runner.run(client.close()))
        yield Railway(client, real, runner)


@contextmanager
def surroundings(*, sandbox: bool = False) -> Generator[bool]:
    """Let this process's variables point at the APIs; gives whether they are those of real accounts.

    Variables that point at a sandbox already are taken as they are, tokens included.
    """
    real = points_at_real_account(os.environ)
    if not sandbox and (real or os.environ.get(URL_VARIABLE)):
        yield real
        return
    with operate.serving() as address, _exported(operate.environment(address)):
        yield False


@contextmanager
def _exported(variables: Mapping[str, str]) -> Generator[None]:
    """Set variables of this process and its children for as long as the block runs."""
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
