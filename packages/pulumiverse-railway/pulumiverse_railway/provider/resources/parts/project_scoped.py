"""What is not inside an environment, so that no snapshot shows it: environments themselves, tokens, members, rules.

Owns what "gone" means for a thing of a project. Does not know any of the nouns.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from railway_api.client import Client
from railway_api.documents.project import PROJECT
from railway_api.errors import NotAuthorized, NotFound, Opaque


async def list_in_project(
    client: Client,
    project_id: str,
    listing: Callable[[], Awaitable[Sequence[Mapping[str, Any]]]],
    *,
    deleting: bool = False,
) -> Sequence[Mapping[str, Any]]:
    """What a project lists; nothing when the project itself is gone, which Railway also calls "Not Authorized"."""
    try:
        return await listing()
    except NotFound:
        return []
    except NotAuthorized:
        if await _project_is_there(client, project_id, deleting=deleting):
            raise
        return []


async def _project_is_there(client: Client, project_id: str, *, deleting: bool) -> bool:
    """Whether a project exists. One that cannot be seen counts as gone only for a delete, and when that is proven."""
    try:
        found = await client.call(PROJECT, id=project_id)
    except NotFound:
        return False
    except NotAuthorized:
        return not (deleting and await client.is_deleted(project_id))
    return not found["deletedAt"]


async def delete_listed(action: Callable[[], Awaitable[object]], still_there: Callable[[], Awaitable[bool]]) -> None:
    """Run a delete; done also when the thing was gone already, or is gone although Railway complained."""
    try:
        await action()
    except NotFound:
        return
    except (NotAuthorized, Opaque):
        if await still_there():
            raise
