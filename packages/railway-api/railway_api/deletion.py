"""Deletes resources, and decides what counts as gone.

Railway answers "Not Authorized" both for what is gone and for what is forbidden. Here that never counts as gone when
reading; when deleting, only if the whole project is proven to be deleted. Knows no resource.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from railway_api.caller import Caller
from railway_api.client import Client
from railway_api.documents.project import PROJECT
from railway_api.environment import Environment
from railway_api.errors import Busy, NotAuthorized, NotFound, Opaque, Race, RailwayError
from railway_api.retries import retry_on
from railway_api.snapshot import Snapshot

T = TypeVar("T")


async def delete_in_environment(
    caller: Caller,
    client: Client,
    environment: Environment,
    action: Callable[[], Awaitable[object]],
    still_there: Callable[[Snapshot], bool],
) -> None:
    """Run a delete; succeeds also when the resource was gone before, or is gone although Railway answered an error."""
    try:
        await retry_on(caller, action, on=(Busy, Race))
    except (Opaque, NotFound, NotAuthorized) as refusal:
        try:
            if await _is_gone(client, environment, refusal):
                return
            snapshot = await environment.snapshot_or_none()
        except RailwayError:
            raise refusal from None  # what the look-up says would hide why the delete was refused
        if snapshot is not None and still_there(snapshot):
            raise


async def _is_gone(client: Client, environment: Environment, refusal: RailwayError) -> bool:
    """Tell whether a refused delete means that there is nothing left to delete."""
    if isinstance(refusal, NotFound):
        return True
    if not isinstance(refusal, NotAuthorized):
        return False
    try:
        return await environment.snapshot_or_none() is None
    except NotAuthorized:
        return await client.is_deleted(environment.project_id)


async def delete_listed(action: Callable[[], Awaitable[object]], still_there: Callable[[], Awaitable[bool]]) -> None:
    """Run a delete of what no snapshot shows; done also when it was gone, or is gone although Railway complained."""
    try:
        await action()
    except NotFound:
        return
    except (NotAuthorized, Opaque) as refusal:
        try:
            listed = await still_there()
        except RailwayError:
            raise refusal from None
        if listed:
            raise


async def list_in_project(
    client: Client,
    project_id: str,
    listing: Callable[[], Awaitable[list[T]]],
    *,
    deleting: bool = False,
) -> list[T]:
    """Return what a project lists; nothing when the project itself is gone, which is "Not Authorized" as well."""
    try:
        return await listing()
    except NotFound:
        return []
    except NotAuthorized:
        if await project_exists(client, project_id, deleting=deleting):
            raise
        return []


async def project_exists(client: Client, project_id: str, *, deleting: bool) -> bool:
    """Tell whether a project exists. One that cannot be seen is gone only for a delete, and when that is proven."""
    try:
        project = await client.call(PROJECT, id=project_id)
    except NotFound:
        return False
    except NotAuthorized:
        return not (deleting and await client.is_deleted(project_id))
    return not project["deletedAt"]
