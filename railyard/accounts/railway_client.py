"""Railway for a command: a connected client of the account that the environment points at, or of the sandbox.

Owns which of the two is meant, the event loop of the command, how the provider's errors reach people, and what several
commands do with it: find a project by its id or name, follow work in the background to its end, and list which changes
wait to be deployed. Requests, retries and the rate limit belong to ``railway_api``.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, TypeVar

import typer

from pulumiverse_railway.provider.configuration import URL_VARIABLE, Configuration, build_client
from railway_api.answers import Project
from railway_api.client import Client
from railway_api.documents.environment import ENVIRONMENT_STAGED_CHANGES, WORKFLOW_STATUS
from railway_api.documents.project import PROJECT, PROJECT_TOKEN, PROJECTS
from railway_api.failure import Failure
from railway_api.json_objects import table
from railway_api.plans import Plan
from railyard.engine import operate
from railyard.engine.engines import points_at_real_account
from railyard.shared.console import CallError, OperationError
from railyard.shared.stack import Stack
from stacks.project_folder import RAILYARD

T = TypeVar("T")

TOKEN_VARIABLES: Final = ("RAILWAY_API_TOKEN", "RAILWAY_TOKEN")
"""Environment variables of which one holds the token of a stack."""
SandboxOption = Annotated[bool, typer.Option("--sandbox", help="In the sandbox, wherever the environment points.")]


@dataclass(frozen=True)
class Railway:
    """A connection for as long as a command runs. The process's variables point at all APIs of the same place."""

    client: Client
    """The client of the stack's account, or of the one system that the command is about."""
    real: bool
    """True for an account, False for the sandbox."""
    runner: asyncio.Runner
    own: Mapping[str, Client] = field(default_factory=dict[str, Client])
    """The clients of systems that have an account of their own."""
    missing: Mapping[str, str] = field(default_factory=dict[str, str])
    """System → the environment variable that holds the token of its account, and is not set."""

    def of(self, system: str) -> Client:
        """Return the client of the account that a system uses; raises ``OperationError`` where its token is missing."""
        if variable := self.missing.get(system):
            raise OperationError(f"{variable} is not set: it holds the Railway token of {system}")
        return self.own.get(system, self.client)

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


@contextmanager
def connected(stack: Stack, *, sandbox: bool = False, about: str | None = None) -> Generator[Railway]:
    """Yield Railway for ``stack``: a real account where the environment points at one and ``sandbox`` is not set.

    Systems with an account of their own are asked with its token. ``about`` is the system that a command is about, or a
    service of it: ``omega/bot``.
    """
    system = (about or "").partition("/")[0]
    accounts = {name: each.railway for name, each in stack.settings.systems.items() if each.railway}
    # A sandbox of this command's own has one account, which a token of a real one does not open.
    has_accounts = not sandbox and bool(os.environ.get(URL_VARIABLE))
    with surroundings(sandbox=sandbox) as real, ExitStack() as exits:
        runner = exits.enter_context(asyncio.Runner())

        def build(plan: Plan, token: str | None = None) -> Client:
            opened = _client(Configuration(plan=plan, token=token))
            exits.callback(lambda: runner.run(opened.close()))
            return opened

        own: dict[str, Client] = {}
        missing: dict[str, str] = {}
        for name, each in accounts.items():
            variable = each.token_variable
            if variable and (real or has_accounts) and (token := os.environ.get(variable)):
                own[name] = build(each.plan or Plan(stack.settings.plan), token)
            elif variable and real:
                missing[name] = variable
        if system in own:
            client = own[system]
        elif own and not any(map(os.environ.get, TOKEN_VARIABLES)):
            client = next(iter(own.values()))
            missing |= {name: TOKEN_VARIABLES[0] for name in stack.settings.systems if name not in {*own, *missing}}
        else:
            client = build(Plan(stack.settings.plan))
        railway = Railway(client, real, runner, own, missing)
        if system:
            railway.of(system)
        yield railway


@contextmanager
def account(plan: Plan = Plan.HOBBY, *, sandbox: bool = False) -> Generator[Railway]:
    """Yield Railway for a command without a stack: with the request rate of ``plan``, see ``connected``.

    The simulated APIs are started for as long as the block needs them, unless ``make sandbox`` runs them already.
    Raises ``OperationError`` when there is no token, or the sandbox cannot be used.
    """
    with surroundings(sandbox=sandbox) as real, asyncio.Runner() as runner:
        client = _client(Configuration(plan=plan))
        try:
            yield Railway(client, real, runner)
        finally:
            runner.run(client.close())


def _client(configuration: Configuration) -> Client:
    try:
        return build_client(configuration)
    except Failure as failure:
        raise OperationError(str(failure)) from None


@contextmanager
def surroundings(*, sandbox: bool = False) -> Generator[bool]:
    """Let this process's variables point at the APIs; yields True for those of real accounts, False for the sandbox.

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


async def projects_in_reach(client: Client) -> list[Project]:
    """Return the living projects that the token reaches: of a project token its own."""
    if client.transport.token.kind == "project":
        token = await client.call(PROJECT_TOKEN)
        every = [await client.call(PROJECT, id=token["projectId"])]
    else:
        every = await client.list_all(PROJECTS, workspaceId=None)
    return [project for project in every if not project["deletedAt"]]


async def find_project(client: Client, called: str, *, give: str = "the id") -> Project:
    """Return the project with this id or name; ``give`` says what to give in its place.

    Raises ``CallError`` when the token reaches none of it, or several.
    """
    every = await projects_in_reach(client)
    matching = [each for each in every if called in (each["id"], each["name"])]
    if len(matching) == 1:
        return matching[0]
    names = ", ".join(sorted(each["name"] for each in every)) or "none"
    how_many = "several projects" if matching else "no project"
    raise CallError(f"the token reaches {how_many} called {called!r}: give {give}, or one of {names}")


WORKFLOW_S: Final = 1_800.0
"""Time limit of a workflow, in seconds."""
UNKNOWN: Final = 3
"""Times in a row that Railway may not know a workflow that it began."""


async def follow(client: Client, workflow_id: str | None, what: str) -> None:
    """Wait until a workflow is complete; raises ``OperationError``."""
    until = client.clock.now() + WORKFLOW_S
    unknown = 0
    while workflow_id is not None:
        workflow = await client.call(WORKFLOW_STATUS, workflowId=workflow_id)
        unknown = unknown + 1 if workflow["status"] == "NotFound" else 0
        if workflow["status"] == "Complete":
            return
        if workflow["status"] == "Error":
            raise OperationError(f"{what} failed: {workflow['error'] or 'Railway does not say why'}")
        if unknown >= UNKNOWN:
            raise OperationError(f"{what}: Railway knows nothing of it any more; look whether it is done")
        if client.clock.now() > until:
            raise OperationError(f"{what} is not done after {WORKFLOW_S / 60:.0f} minutes; it goes on at Railway")
        await client.clock.sleep(poll_s(client))


def poll_s(client: Client) -> float:
    """Return how long to wait before Railway is asked again, in seconds: what the plan's request limit allows."""
    return client.transport.limiter.budget.poll_s


async def staged(client: Client, environment_id: str | None) -> Sequence[str]:
    """Return what waits to be deployed in an environment: ids of services and volumes, names of shared variables."""
    answer = await client.call(ENVIRONMENT_STAGED_CHANGES, environmentId=environment_id)
    return [key for group in answer["patch"].values() for key in table(group)]
