"""One Railway environment, as a resource or a command uses it.

Combines group commits, the poller and deployments on top of ``EnvironmentAccess``. Remembers which resource of this
process has claimed which id of the environment. Knows no resource.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from railway_api.deployments import Deployments
from railway_api.environment_access import EnvironmentAccess
from railway_api.group_commits import BuildPatch, Committed, GroupCommits
from railway_api.progress import Poller

if TYPE_CHECKING:
    # Loads the HTTP library, which a preview does not need.
    from railway_api.transport import Transport


class Environment(EnvironmentAccess):
    """Read, write, commit to and wait for one environment. One object per environment and process."""

    def __init__(self, transport: Transport, project_id: str, environment_id: str) -> None:
        super().__init__(transport, project_id, environment_id)
        self.poller = Poller(self)
        self.deployments = Deployments(self, self.poller)
        self._commits = GroupCommits(self, self.poller)
        self._claimed: set[str] = set()

    async def commit(self, build: BuildPatch) -> Committed:
        """Change the configuration; see ``GroupCommits.submit``."""
        return await self._commits.submit(build)

    @contextmanager
    def preparing(self) -> Generator[None]:
        """Let commits wait a while: something is being made whose settings will follow."""
        with self._commits.delayed():
            yield

    def claim(self, id: str) -> bool:
        """Claim an existing id for one resource; False when another resource of this process has claimed it."""
        if id in self._claimed:
            return False
        self._claimed.add(id)
        return True

    def is_free(self, id: str) -> bool:
        """Tell whether no resource of this process has claimed the id."""
        return id not in self._claimed
