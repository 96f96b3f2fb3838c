"""A project token: a credential for one environment of one project, for CI and for Railway's command line.

Owns the token from its making to its end. Railway shows the secret once, when it is made, so it lives in the state
alone; and it answers a create with nothing but the secret, so the id is found in the list. A token whose creation was
not confirmed has an unknown secret: it is deleted and another one is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Final

from pulumi_provider.declaration import Context, Property, Resource
from railway_api.client import Client
from railway_api.deletion import delete_listed, list_in_project
from railway_api.documents.project import PROJECT_TOKEN_CREATE, PROJECT_TOKEN_DELETE, PROJECT_TOKENS
from railway_api.errors import NotFound, Opaque, OutcomeUnknown, RailwayError
from railway_api.failure import Failure
from railway_api.retries import retry_on, wait_until_visible

from .shared import checks
from .shared.scopes import EnvironmentScoped, environment_of, join, railway, split

if TYPE_CHECKING:
    from railway_api.answers import ProjectToken as AnsweredToken


ID_PARTS: Final = ("project id", "token id")
ORPHAN_S: Final = 3_600.0
"""Seconds within which an earlier token counts as one of an interrupted run; an older one may be in use."""


@dataclass(frozen=True, kw_only=True)
class ProjectTokenInputs(EnvironmentScoped):
    """Inputs of a project token."""

    name: Annotated[
        str,
        Property(
            "Name of the token. Railway allows several of one name; two resources in one environment need different "
            "ones (API: name).",
            replaces=True,
            check=checks.name,
        ),
    ]


@dataclass(frozen=True, kw_only=True)
class ProjectTokenState(ProjectTokenInputs):
    """A project token as it is."""

    token_id: Annotated[str, Property("Railway's id of the token (API: id).", stable=True)]
    token: Annotated[
        str | None,
        Property(
            "The secret, for the environment variable RAILWAY_TOKEN. Not there after an import: Railway shows it only "
            "once.",
            secret=True,
            stable=True,
            write_only=True,
        ),
    ]
    display_token: Annotated[
        str, Property("Part of the token that the dashboard shows (API: displayToken).", stable=True)
    ]


class ProjectToken(Resource[ProjectTokenInputs, ProjectTokenState]):
    """A credential for one environment. Its id is <project id>/<token id>."""

    token = "railway:index:ProjectToken"
    inputs_type, state_type = ProjectTokenInputs, ProjectTokenState

    async def create(self, context: Context, new: ProjectTokenInputs) -> tuple[str, ProjectTokenState]:
        """Make the token, and remove one that an attempt without an answer left."""
        client = railway(context)
        if not environment_of(context, new.project_id, new.environment_id).claim(f"project token {new.name}"):
            raise Failure(f"two resources are the project token named {new.name!r}: give one of them another name")
        existing = await _same(client, new)
        secret = await _create(context, client, new, {row["id"] for row in existing})
        row = await _row_of(context, client, new, secret, {row["id"] for row in existing})
        older = [each for each in existing if join(new.project_id, each["id"]) != context.replaces]
        if older:
            await _settle_older(context, client, older, row)
        state = ProjectTokenState(**asdict(new), token_id=row["id"], token=secret, display_token=row["displayToken"])
        return join(new.project_id, row["id"]), state

    async def read(self, context: Context, id: str, old: ProjectTokenState | None) -> ProjectTokenState | None:
        """Return the token without its secret, which is kept from the state."""
        project_id, token_id = split(id, *ID_PARTS)
        row = await _listed(railway(context), project_id, token_id)
        if row is None:
            return None
        if old is None:
            await context.warn("Railway does not show the secret of a token again: the output token stays empty")
        return ProjectTokenState(
            project_id=project_id,
            environment_id=row["environmentId"],
            name=row["name"],
            token_id=token_id,
            token=old.token if old else None,
            display_token=row["displayToken"],
        )

    async def delete(self, context: Context, id: str, old: ProjectTokenState) -> None:
        """Revoke the token."""
        client = railway(context)
        project_id, token_id = split(id, *ID_PARTS)

        async def still_there() -> bool:
            return await _listed(client, project_id, token_id, deleting=True) is not None

        await delete_listed(lambda: client.call(PROJECT_TOKEN_DELETE, id=token_id), still_there)


async def _listed(client: Client, project_id: str, token_id: str, *, deleting: bool = False) -> AnsweredToken | None:
    listed = await list_in_project(
        client, project_id, lambda: client.list_all(PROJECT_TOKENS, projectId=project_id), deleting=deleting
    )
    return next((row for row in listed if row["id"] == token_id), None)


async def _same(client: Client, new: ProjectTokenInputs) -> list[AnsweredToken]:
    """Return the tokens of this name in this environment; Railway allows several."""
    listed = await client.list_all(PROJECT_TOKENS, projectId=new.project_id)
    return [row for row in listed if (row["name"], row["environmentId"]) == (new.name, new.environment_id)]


async def _create(context: Context, client: Client, new: ProjectTokenInputs, older: set[str]) -> str:
    """Return the secret of a new token. What appeared without an answer is unusable, and goes."""

    async def look() -> list[AnsweredToken] | None:
        return [row for row in await _same(client, new) if row["id"] not in older] or None

    for last_attempt in (False, True):
        try:
            return str(await client.call(PROJECT_TOKEN_CREATE, input=_input(new)))
        except (OutcomeUnknown, Opaque):
            for row in await wait_until_visible(context, look) or ():
                await client.call(PROJECT_TOKEN_DELETE, id=row["id"])
            if last_attempt:
                raise
    raise AssertionError("the last attempt returns or raises")


def _input(new: ProjectTokenInputs) -> dict[str, str]:
    return {"projectId": new.project_id, "environmentId": new.environment_id, "name": new.name}


async def _row_of(
    context: Context, client: Client, new: ProjectTokenInputs, secret: str, older: set[str]
) -> AnsweredToken:
    """Return the list's row of the token with this secret."""

    async def look() -> AnsweredToken:
        rows = [row for row in await _same(client, new) if row["id"] not in older]
        if not rows:
            raise NotFound(f"Railway made the project token {new.name!r} and does not list it: delete it, and retry")
        matching = [row for row in rows if _shows(row["displayToken"], secret)]
        return max(matching or rows, key=_creation_time)

    return await retry_on(context, look, on=(NotFound,))


def _shows(display_token: str, secret: str) -> bool:
    """Tell whether what the dashboard shows, such as ****-1234, is of this secret."""
    tail = display_token.rpartition("*")[2].lstrip("-")
    return bool(tail) and secret.endswith(tail)


def _creation_time(row: AnsweredToken) -> datetime:
    return datetime.fromisoformat(row["createdAt"])


async def _settle_older(
    context: Context, client: Client, older: Sequence[AnsweredToken], created: AnsweredToken
) -> None:
    """Delete the token that an interrupted run left, when there is no doubt which one that is; else warn of them."""
    recent = [row for row in older if (_creation_time(created) - _creation_time(row)).total_seconds() <= ORPHAN_S]
    if context.interrupted and len(recent) == 1:
        with suppress(RailwayError):  # the new token exists: it must not be lost because of the old one
            await client.call(PROJECT_TOKEN_DELETE, id=recent[0]["id"])
            await context.info(f"deleted token {recent[0]['displayToken']}, which an interrupted run had left")
            return
    tokens = ", ".join(row["displayToken"] for row in older)
    await context.warn(
        f"other tokens of the same name are there, and one may be of an interrupted run: {tokens}; delete those that "
        "nobody uses in the dashboard under Project Settings, Tokens"
    )
