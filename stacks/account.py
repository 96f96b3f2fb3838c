"""A Railway account that one system uses and the rest of its stack does not: a token and a plan of its own.

Owns the provider that the system's resources have then. A system that is up gets it without being touched: both engines
ask the new provider whether its configuration demands a replacement, and it never does.
"""

from __future__ import annotations

import os
from typing import Self

import pulumi
from pydantic import model_validator

import pulumiverse_railway as railway
from components.arguments import Arguments, VariableName
from railway_api.loopback import is_loopback
from railway_api.plans import Plan


class AccountSettings(Arguments):
    """The Railway account that a system uses."""

    token_variable: VariableName | None = None
    """Environment variable that holds its token, which no other system is given. Default: the token of the stack."""
    plan: Plan | None = None
    """Railway plan of its workspace. Default: that of the stack."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.token_variable is None and self.plan is None:
            raise ValueError("tokenVariable, plan, or both: write one of them, or remove railway")
        return self


class AccountError(pulumi.RunError):
    """The account of a system cannot be used; the text says why and what to do."""


def provider_of(system: str, account: AccountSettings, *, workspace_id: str | None = None) -> pulumi.ProviderResource:
    """Make the provider of a system, whose project names the workspace ``workspace_id``.

    Raises ``AccountError`` when an ``up`` has no token for it.
    """
    # The sandbox has one account, which a token of a real one does not open.
    sandbox = is_loopback(os.environ.get("RAILWAY_API_URL", ""))
    token = os.environ.get(account.token_variable) if account.token_variable and not sandbox else None
    known = sandbox or bool(token) or account.token_variable is None
    if not known and not pulumi.runtime.is_dry_run():
        raise AccountError(f"{account.token_variable} is not set: it holds the Railway token of {system}")
    config, of_stack = pulumi.Config("railway"), account.token_variable is None
    return railway.Provider(
        f"{system}-railway",
        token=config.get_secret("token") if of_stack else token,
        project_token=config.get_secret("projectToken") if of_stack else None,
        api_url=config.get("apiUrl"),
        plan=account.plan or config.get("plan"),
        # Another account has other workspaces. Alerts and limits of the system are of the one of its project.
        workspace_id=config.get("workspaceId") if of_stack else workspace_id,
        # A preview without the token leaves the one of the state as it is.
        opts=None if known else pulumi.ResourceOptions(ignore_changes=["token"]),
    )
