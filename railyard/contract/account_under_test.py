"""The account under test: the one whose token is set, or the sandbox.

Owns which tokens can be used. Never shows one.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pulumiverse_railway.provider.configuration import (
    DEFAULT_URL,
    PROJECT_TOKEN_VARIABLE,
    TOKEN_VARIABLE,
    URL_VARIABLE,
    Configuration,
    build_client,
)
from railway_api.client import Client
from railway_api.clock import SPEED_VARIABLE
from railway_api.documents.project import API_TOKEN
from railway_api.errors import NotAuthorized
from railway_api.failure import Failure
from railway_api.loopback import is_loopback
from railway_api.plans import Plan
from railyard.engine import sandbox_door

NEEDED: Final = (
    f"set {TOKEN_VARIABLE} to an account or workspace token from https://railway.com/account/tokens, which may create "
    "and delete projects"
)


class CallError(Failure):
    """The suite was called with wrong options or variables."""


@dataclass(frozen=True)
class Account:
    """The address and the token with which Railway is asked."""

    configuration: Configuration
    place: str
    """The account in words, ``a real account``."""
    real: bool
    """True when it costs money."""

    def client(self) -> Client:
        """Return a new client, which the caller closes."""
        return build_client(self.configuration)


@contextmanager
def account(variables: Mapping[str, str], plan: Plan) -> Generator[Account]:
    """Yield the account that the environment variables name, else one in an empty sandbox while the block runs."""
    if variables.get(PROJECT_TOKEN_VARIABLE):
        text = (
            f"{PROJECT_TOKEN_VARIABLE} holds a project token, which reaches one environment and cannot make a project"
        )
        raise CallError(f"{text}: unset it, and {NEEDED}")
    url = variables.get(URL_VARIABLE) or DEFAULT_URL
    if token := variables.get(TOKEN_VARIABLE):
        real = not is_loopback(url)
        place = "a real account" if real else f"the sandbox at {url}"
        yield Account(Configuration(token=token, api_url=url, plan=plan), place, real)
        return
    with tempfile.TemporaryDirectory() as directory, sandbox_door.serving(Path(directory) / "sandbox") as address:
        sandbox_variables = sandbox_door.variables(address)
        with _set(SPEED_VARIABLE, sandbox_variables[SPEED_VARIABLE]):
            configuration = Configuration(
                token=sandbox_variables[TOKEN_VARIABLE], api_url=sandbox_variables[URL_VARIABLE]
            )
            yield Account(configuration, f"the sandbox, since {TOKEN_VARIABLE} is not set", real=False)


@contextmanager
def _set(name: str, value: str) -> Generator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        del os.environ[name]
        if before is not None:
            os.environ[name] = before


async def workspace_of(client: Client, workspace: str | None) -> str | None:
    """Return the id of the workspace for the project: ``workspace``, or the only one; None where the token has none.

    Raises ``CallError`` when the token is refused, does not reach ``workspace``, or reaches several.
    """
    try:
        workspaces: Mapping[str, str] = {
            each["id"]: each["name"] for each in (await client.call(API_TOKEN))["workspaces"]
        }
    except NotAuthorized as refused:
        raise CallError(f"{refused}: {NEEDED}") from None
    if workspace is not None and workspace not in workspaces:
        raise CallError(f"the token does not reach workspace {workspace}: it reaches {_named(workspaces)}")
    if workspace is None and len(workspaces) > 1:
        raise CallError(f"the token reaches several workspaces, {_named(workspaces)}: choose one with --workspace <id>")
    return workspace or next(iter(workspaces), None)


def _named(workspaces: Mapping[str, str]) -> str:
    return ", ".join(f"{name} ({key})" for key, name in workspaces.items()) or "none"
