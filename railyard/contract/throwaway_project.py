"""The one project in which everything is tried: made, deleted, and found again when a run was killed.

Owns the marks of a throwaway project, its name and its description: only a project with both is deleted.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final

from railway_api.client import Client
from railway_api.documents.account import NOTIFICATION_RULE_DELETE, NOTIFICATION_RULES
from railway_api.documents.project import API_TOKEN, PROJECT, PROJECT_CREATE, PROJECT_DELETE
from railway_api.errors import NotAuthorized, NotFound, OutcomeUnknown, RailwayError, Throttled
from railway_api.failure import Failure

PREFIX: Final = "railyard-live-"
DESCRIPTION: Final = "Made by Railyard's live suite and deleted at its end. Nobody needs it."
_NAME: Final = re.compile(rf"{PREFIX}[0-9a-f]{{8}}")
ATTEMPTS: Final = 6
RETRY_S: Final = 10.0
LOOKS, LOOK_S = 3, 5.0

Project = Mapping[str, Any]


class Throwaway:
    """A project that exists from ``create`` to ``delete``."""

    def __init__(self, client: Client, workspace_id: str | None) -> None:
        self.name = f"{PREFIX}{secrets.token_hex(4)}"
        self._client = client
        self._workspace_id = workspace_id
        self._asked_for = False
        self._id: str | None = None

    async def create(self) -> Project:
        """Create the project, and return it; wait while Railway says that projects are made too quickly."""
        project_input = {"name": self.name, "description": DESCRIPTION, "workspaceId": self._workspace_id}
        self._asked_for = True
        for _ in range(ATTEMPTS):
            try:
                project = await self._create_project(project_input)
            except Throttled as refused:
                await self._client.clock.sleep(refused.retry_after_s)
            else:
                self._id = project["id"]
                return project
        raise Failure("Railway keeps saying that projects are made too quickly: try again in a few minutes")

    async def _create_project(self, project_input: Mapping[str, Any]) -> Project:
        try:
            return await self._client.call(PROJECT_CREATE, input=project_input)
        except OutcomeUnknown:
            if (project := await self._find()) is None:
                raise
            return project

    async def delete(self) -> None:
        """Delete the project if there is one; raises ``Failure`` with its name when it cannot be deleted."""
        if not self._asked_for:
            return
        try:
            project = {"id": self._id} if self._id else await self._find()
            if project is not None:
                await delete(self._client, project, self._workspace_id)
        except RailwayError as refused:
            text = f"the project {self.name} could not be deleted and may still cost money: {refused}. "
            raise Failure(f"{text}Delete it in the dashboard, or with 'make live CLEAN=1'") from refused

    async def _find(self) -> Project | None:
        """Return the project by its name, which Railway's list may show a little late."""
        for look in range(LOOKS):
            if look:
                await self._client.clock.sleep(LOOK_S)
            living = await left_over(self._client, self._workspace_id)
            if project := next((each for each in living if each["name"] == self.name), None):
                return project
        return None


async def left_over(client: Client, workspace_id: str | None) -> Sequence[Project]:
    """Return throwaway projects that exist: those of runs that were killed, or are under way."""
    _, living = await client.projects(workspace_id, anew=True)
    return [each for each in living if _NAME.fullmatch(each["name"]) and each["description"] == DESCRIPTION]


async def delete(client: Client, project: Project, workspace_id: str | None) -> None:
    """Delete a project, and the notification rules of the workspace that are about it.

    Raises ``RailwayError`` when the project is still there, ``Failure`` when it is deleted and a rule is not.
    """
    rules_failure: RailwayError | None = None
    try:
        await _delete_rules(client, project, workspace_id)
    except RailwayError as failure:
        rules_failure = failure  # rules cost nothing, so the project is deleted all the same
    await _delete_until_gone(client, project["id"])
    if rules_failure:
        raise Failure(f"its project is deleted, and a notification rule may be left in the workspace: {rules_failure}")


async def _delete_until_gone(client: Client, project_id: str) -> None:
    """Delete a project until it is gone; raises ``RailwayError`` with the last failure."""
    failure: RailwayError | None = None
    for attempt in range(ATTEMPTS):
        if attempt:
            await client.clock.sleep(RETRY_S)
        failure = None
        try:
            await client.call(PROJECT_DELETE, id=project_id)
        except RailwayError as refused:
            failure = refused
        try:
            if await is_gone(client, project_id):
                return
        except RailwayError as unread:
            failure = failure or unread
    raise failure or RailwayError("Railway confirmed its deletion and shows it all the same")


async def _delete_rules(client: Client, project: Project, workspace_id: str | None) -> None:
    if workspace_id is None:
        return
    try:
        rules = await client.call(NOTIFICATION_RULES, workspaceId=workspace_id, projectId=project["id"])
    except (NotAuthorized, NotFound):
        return  # there is no such project any more, or no right to rules, so none was made
    for rule in rules:
        if rule["projectId"] == project["id"]:
            await client.call(NOTIFICATION_RULE_DELETE, id=rule["id"])


async def is_gone(client: Client, project_id: str) -> bool:
    """Return True when a project does not exist any more; one whose deletion is only scheduled does."""
    try:
        return (await client.call(PROJECT, id=project_id))["deletedAt"] is not None
    except NotFound:
        return True
    except NotAuthorized:
        # The token has made the project, so one that lives and cannot see it any more is proof enough.
        await client.call(API_TOKEN)
        return True
