"""Finds out what the token is when Railway answers "Not Authorized", which does not say why.

Owns the texts for a token that is dead, of the wrong kind for its variable, or not allowed to do what was asked. Asks
once per process, and only then. Does not decide what counts as gone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, Protocol

from railway_api.documents.project import API_TOKEN, PROJECT_TOKEN
from railway_api.errors import NotAuthorized, RailwayError
from railway_api.operation import Answer, Operation

if TYPE_CHECKING:
    from railway_api.answers import ApiTokenContext, ProjectTokenInProjectToken

Kind = Literal["account", "project"]

VARIABLES: Final[Mapping[Kind, str]] = {
    "account": "RAILWAY_API_TOKEN (railway:token)",
    "project": "RAILWAY_TOKEN (railway:projectToken)",
}
_CALLED: Final[Mapping[Kind, str]] = {"account": "an account or workspace token", "project": "a project token"}
_PAGE: Final = "https://railway.com/account/tokens"


@dataclass(frozen=True)
class Token:
    """Hold a credential of Railway's API. Its text never shows."""

    kind: Kind
    """``account`` stands for account and workspace tokens; ``project`` reaches one environment of one project."""
    value: str

    def headers(self) -> dict[str, str]:
        """Return the header that carries it."""
        if self.kind == "project":
            return {"Project-Access-Token": self.value}
        return {"Authorization": f"Bearer {self.value}"}

    def __repr__(self) -> str:
        return f"Token({self.kind!r}, <secret>)"


class Ask(Protocol):
    """Send a query without arguments with a token, and return its answer; raises ``RailwayError``."""

    async def __call__(self, operation: Operation[Answer], token: Token, /) -> Answer: ...


class Identity:
    """Ask Railway about one token."""

    def __init__(self, token: Token, ask: Ask) -> None:
        self._token = token
        self._ask = ask
        self._lock = asyncio.Lock()
        self._text: str | None = None

    async def explained(self, refusal: RailwayError) -> RailwayError:
        """Return the same refusal with what the token is and may not do; any other error as it is."""
        if not isinstance(refusal, NotAuthorized):
            return refusal
        if "two factor" in refusal.reason.lower():
            advice = "turn on two-factor authentication for the account, or use a token of the workspace"
            return NotAuthorized(f"{refusal}: {advice}", reason=refusal.reason)
        async with self._lock:
            if self._text is None:
                self._text = await self._find_out()
        return NotAuthorized(f"{refusal}: {self._text}", reason=refusal.reason)

    async def _find_out(self) -> str:
        kind = self._token.kind
        other: Kind = "project" if kind == "account" else "account"
        try:
            if (reach := await self._reach_as(kind)) is not None:
                return reach
            if await self._reach_as(other) is not None:
                return (
                    f"{VARIABLES[kind]} holds {_CALLED[other]} instead of {_CALLED[kind]}: "
                    f"put it into {VARIABLES[other]}, and unset {VARIABLES[kind]}"
                )
        except RailwayError:
            return "the token may lack access to it, may be revoked, or what is named was deleted"
        return (
            f"Railway does not know the token in {VARIABLES[kind]}: it was revoked or mistyped; "
            f"make another one {f'at {_PAGE}' if kind == 'account' else 'in the settings of the project, below Tokens'}"
        )

    async def _reach_as(self, kind: Kind) -> str | None:
        """Return what a token of this kind reaches, for people; None when the token is not of this kind."""
        token = Token(kind, self._token.value)
        try:
            if kind == "project":
                return _reach_of_project_token(await self._ask(PROJECT_TOKEN, token))
            return _reach(await self._ask(API_TOKEN, token))
        except NotAuthorized:
            return None


def _reach(token: ApiTokenContext) -> str:
    names = ", ".join(f"{each['name']} ({each['id']})" for each in token["workspaces"]) or "none"
    return (
        f"the token is alive and reaches these workspaces: {names}. What is named is not there or was deleted, or the "
        "token may not do this to it (deleting needs the ADMIN role). If you know that it was deleted, take it out "
        "of the state with 'pulumi state delete <URN>'"
    )


def _reach_of_project_token(token: ProjectTokenInProjectToken) -> str:
    return (
        f"the token is a project token: it reaches environment {token['environmentId']} of project "
        f"{token['projectId']} alone. It cannot create, list or delete projects and environments, nor act on any "
        f"other. For that set {VARIABLES['account']} to an account or workspace token from {_PAGE}, and unset "
        f"{VARIABLES['project']}"
    )
