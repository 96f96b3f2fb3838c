"""What is not inside an environment, so that no snapshot shows it: environments themselves, tokens, members, rules.

Owns what "gone" means for a thing of a project. Does not know any of the nouns.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from railway_api.client import Client
from railway_api.documents.project import PROJECT
from railway_api.errors import NotAuthorized, NotFound, Opaque

ThingT = TypeVar("ThingT")


async def list_in_project(
    client: Client,
    project_id: str,
    listing: Callable[[], Awaitable[list[ThingT]]],
    *,
    deleting: bool = False,
) -> list[ThingT]:
    """Return what a project lists; nothing when the project is gone, which Railway also calls "Not Authorized"."""
    try:
        return await listing()
    except NotFound:
        return []
    except NotAuthorized:
        if await _project_is_there(client, project_id, deleting=deleting):
            raise
        return []


async def _project_is_there(client: Client, project_id: str, *, deleting: bool) -> bool:
    """Tell whether a project exists. One that cannot be seen is gone only for a delete, and when that is proven."""
    try:
        project = await client.call(PROJECT, id=project_id)
    except NotFound:
        return False
    except NotAuthorized:
        return not (deleting and await client.is_deleted(project_id))
    return not project["deletedAt"]


async def delete_listed(action: Callable[[], Awaitable[object]], still_there: Callable[[], Awaitable[bool]]) -> None:
    """Run a delete; done also when the thing was gone already, or is gone although Railway complained."""
    try:
        await action()
    except NotFound:
        return
    except (NotAuthorized, Opaque):
        if await still_there():
            raise
