"""The API client of the provider: what every resource gets as ``context.client``.

Owns the connection, one ``Environment`` object per environment, and what belongs to no environment (projects, the
token itself). Does not know Pulumi.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from pulumiverse_railway.provider.api.creations import Creations
from pulumiverse_railway.provider.api.documents.project import API_TOKEN, PROJECT_TOKEN, PROJECTS
from pulumiverse_railway.provider.api.environment import Environment
from pulumiverse_railway.provider.api.errors import RailwayError, Unreachable
from pulumiverse_railway.provider.api.operation import Operation
from pulumiverse_railway.provider.api.snapshot import Snapshot, nodes
from pulumiverse_railway.provider.kernel.declaration import Context
from pulumiverse_railway.provider.kernel.errors import Failure

if TYPE_CHECKING:
    # Loads the HTTP library, which a preview does not need.
    from pulumiverse_railway.provider.api.transport import Transport

PAGE = 500


class Client:
    """Railway, as one provider process uses it."""

    def __init__(self, transport: Transport, *, workspace_id: str | None = None) -> None:
        self.transport = transport
        self.waiting = transport.waiting
        self.creations = Creations(transport.waiting)
        self._workspace_id = workspace_id
        self._environments: dict[tuple[str, str], Environment] = {}

    @property
    def requests(self) -> int:
        """How many HTTP requests went out."""
        return self.transport.requests

    async def close(self) -> None:
        """Close all connections."""
        await self.transport.close()

    async def call(self, operation: Operation, **arguments: Any) -> Any:
        """Send one operation that belongs to no environment."""
        return await self.transport.call(operation, **arguments)

    def environment(self, project_id: str, environment_id: str) -> Environment:
        """The one object through which this process uses an environment."""
        key = (project_id, environment_id)
        if key not in self._environments:
            self._environments[key] = Environment(self.transport, project_id, environment_id)
        return self._environments[key]

    def project_changed(self, project_id: str) -> None:
        """Forget what was read of the environments of a project."""
        for (owner, _), environment in self._environments.items():
            if owner == project_id:
                environment.changed()

    async def snapshot(self, project_id: str, environment_id: str) -> Snapshot:
        """Everything in an environment."""
        return await self.environment(project_id, environment_id).snapshot()

    async def projects(self, workspace_id: str | None) -> Sequence[Mapping[str, Any]]:
        """Living projects of a workspace, or of all that the token reaches."""
        found: list[Mapping[str, Any]] = []
        after: str | None = None
        while True:
            page = await self.call(PROJECTS, workspaceId=workspace_id, first=PAGE, after=after)
            found += [project for project in nodes(page) if not project["deletedAt"]]
            if not page["pageInfo"]["hasNextPage"]:
                return found
            after = page["pageInfo"]["endCursor"]

    async def workspace(self) -> str | None:
        """The workspace that new projects go to: the configured one, or the only one of the token."""
        if self._workspace_id is None and self.transport.token.kind == "account":
            context = await self.call(API_TOKEN)
            workspaces = cast("Sequence[Mapping[str, str]]", context["workspaces"])
            if len(workspaces) > 1:
                names = ", ".join(f"{found['name']} ({found['id']})" for found in workspaces)
                raise Failure(
                    f"the token reaches several workspaces, {names}: say which one the project belongs to with "
                    "workspaceId, or 'pulumi config set railway:workspaceId <id>'"
                )
            # Without a workspace Railway makes a temporary project that expires after a day.
            self._workspace_id = workspaces[0]["id"] if workspaces else None
        return self._workspace_id

    async def token_is_alive(self) -> bool:
        """Whether Railway still accepts the token at all; raises only when it cannot be asked."""
        probe = PROJECT_TOKEN if self.transport.token.kind == "project" else API_TOKEN
        try:
            await self.call(probe)
        except Unreachable:
            raise
        except RailwayError:
            return False
        return True


def railway(context: Context) -> Client:
    """The client behind a context, typed."""
    return cast("Client", context.client)
