"""Talks to Railway's API for one process.

Owns the connection, one ``Environment`` object per environment, and what belongs to no environment (projects, the
token itself). Does not know Pulumi.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from railway_api.documents.project import ACCOUNT, API_TOKEN, PROJECTS
from railway_api.environment import Environment
from railway_api.errors import RailwayError, Unreachable
from railway_api.failure import Failure
from railway_api.operation import Answer, Operation
from railway_api.pace import CreateCooldowns
from railway_api.relay import Node, Page, nodes
from railway_api.snapshot import Snapshot

if TYPE_CHECKING:
    from railway_api.answers import ApiTokenWorkspace, Project

    # Loads the HTTP library, which a preview does not need.
    from railway_api.transport import Transport

PAGE = 500


class Client:
    """Talk to Railway for one process. Closed at the end of ``async with``."""

    def __init__(self, transport: Transport, *, workspace_id: str | None = None) -> None:
        self.transport = transport
        self.clock = transport.clock
        self.create_cooldowns = CreateCooldowns(transport.clock)
        self._workspace_id = workspace_id
        self._temporary = False
        self._listing = asyncio.Lock()
        self._projects: dict[str | None, list[Project]] = {}
        self._deleted: set[str] = set()
        self._environments: dict[tuple[str, str], Environment] = {}

    @property
    def requests(self) -> int:
        """Count the HTTP requests that went out."""
        return self.transport.requests

    async def close(self) -> None:
        """Close all connections."""
        await self.transport.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def call(self, operation: Operation[Answer], **arguments: object) -> Answer:
        """Send one operation that belongs to no environment."""
        return await self.transport.call(operation, **arguments)

    async def list_all(self, operation: Operation[Page[Node]], **arguments: object) -> list[Node]:
        """Return all nodes of a connection, page by page."""
        every: list[Node] = []
        after: str | None = None
        while True:
            page = await self.call(operation, first=PAGE, after=after, **arguments)
            every += nodes(page)
            if not page["pageInfo"]["hasNextPage"]:
                return every
            after = page["pageInfo"]["endCursor"]

    def environment(self, project_id: str, environment_id: str) -> Environment:
        """Return the one object through which this process uses an environment."""
        key = (project_id, environment_id)
        if key not in self._environments:
            self._environments[key] = Environment(self.transport, project_id, environment_id)
        return self._environments[key]

    def forget_project(self, project_id: str) -> None:
        """Forget what was read of the environments of a project, and what it is called."""
        self._projects.clear()
        for (owner, _), environment in self._environments.items():
            if owner == project_id:
                environment.forget()

    async def snapshot(self, project_id: str, environment_id: str, *, domain_status: bool = False) -> Snapshot:
        """Return everything in an environment; see ``Environment.snapshot``."""
        return await self.environment(project_id, environment_id).snapshot(domain_status=domain_status)

    async def workspace(self, workspace_id: str | None = None) -> str | None:
        """Return the workspace of a new project: the one named, the configured one, or the only one of the token."""
        if workspace_id is None and self._needs_workspace():
            self._settle_workspace((await self.call(API_TOKEN))["workspaces"])
        return workspace_id or self._workspace_id

    async def projects(self, workspace_id: str | None, *, anew: bool = False) -> tuple[str | None, Sequence[Project]]:
        """Return the workspace of a new project, as ``workspace`` says, and the living projects there.

        All projects of a process are looked for in one answer, to which those that it makes are added; ``anew`` asks
        again, after an answer that was lost.
        """
        async with self._listing:
            workspace = workspace_id or self._workspace_id
            if anew or workspace not in self._projects:
                workspace, projects = await self._list(workspace_id)
                self._projects[workspace] = projects
            return workspace, self._projects[workspace]

    def add_project(self, workspace_id: str | None, project: Project) -> None:
        """Add a project that was just made to those that are known."""
        if workspace_id in self._projects:
            self._projects[workspace_id].append(project)

    async def _list(self, workspace_id: str | None) -> tuple[str | None, list[Project]]:
        if workspace_id is None and self._needs_workspace():
            answer = await self.transport.read(ACCOUNT, first=PAGE)
            self._settle_workspace(answer["apiToken"]["workspaces"])
            workspace = self._workspace_id
            if not answer["projects"]["pageInfo"]["hasNextPage"]:
                return workspace, _living(nodes(answer["projects"]), workspace)
        workspace = workspace_id or self._workspace_id
        return workspace, _living(await self.list_all(PROJECTS, workspaceId=workspace), workspace)

    def _needs_workspace(self) -> bool:
        return self._workspace_id is None and not self._temporary and self.transport.token.kind == "account"

    def _settle_workspace(self, workspaces: Sequence[ApiTokenWorkspace]) -> None:
        if len(workspaces) > 1:
            names = ", ".join(f"{each['name']} ({each['id']})" for each in workspaces)
            raise Failure(
                f"the token reaches several workspaces, {names}: write the id of one of them as workspaceId of the "
                "project (project.workspaceId in the settings of a system), or, if this is the token of the whole "
                "stack, 'pulumi config set railway:workspaceId <id>'"
            )
        # Without a workspace Railway makes a temporary project that expires after a day.
        self._workspace_id = workspaces[0]["id"] if workspaces else None
        self._temporary = not workspaces

    async def is_deleted(self, project_id: str) -> bool:
        """Tell whether a project that answers "Not Authorized" is proven to be deleted.

        It is proven when Railway lists it as deleted, or when the token is valid and has seen it in this process: a
        project that the token never could see may be in another account. Raises ``Unreachable`` alone.
        """
        if project_id not in self._deleted:
            try:
                listed = {each["id"]: each["deletedAt"] for each in await self.list_all(PROJECTS, includeDeleted=True)}
            except Unreachable:
                raise
            except RailwayError:
                return False
            if not listed.get(project_id, self._has_seen(project_id)):
                return False
            self._deleted.add(project_id)
        return True

    def _has_seen(self, project_id: str) -> bool:
        return any(
            environment.was_seen for (owner, _), environment in self._environments.items() if owner == project_id
        )


def _living(every: Sequence[Project], workspace_id: str | None) -> list[Project]:
    """Return the living projects that are in the workspace, or all of them where there is none."""
    living = [project for project in every if not project["deletedAt"]]
    return [project for project in living if workspace_id in (None, project["workspaceId"])]
