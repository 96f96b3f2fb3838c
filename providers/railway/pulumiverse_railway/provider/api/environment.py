"""One Railway environment: the single place through which everything in it is read and written.

Owns the memory of the last read (shared by all who ask until something is written), the lock that lets one writer in
at a time (Railway answers "please try again" to the second), and the group commit. Does not know any resource.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pulumiverse_railway.provider.api.batch import Batch
from pulumiverse_railway.provider.api.commits import Build, Commits, Committed
from pulumiverse_railway.provider.api.deployments import Deployments
from pulumiverse_railway.provider.api.documents.environment import SNAPSHOT
from pulumiverse_railway.provider.api.documents.project import PROJECT
from pulumiverse_railway.provider.api.errors import NotAuthorized, NotFound
from pulumiverse_railway.provider.api.operation import Operation
from pulumiverse_railway.provider.api.progress import Poll
from pulumiverse_railway.provider.api.snapshot import Snapshot, nodes
from pulumiverse_railway.provider.api.waiting import Waiting

if TYPE_CHECKING:
    # Loads the HTTP library, which a preview does not need.
    from pulumiverse_railway.provider.api.transport import Transport


class Environment:
    """Reads and writes of one environment of one project. One object per environment and provider process."""

    def __init__(self, transport: Transport, project_id: str, environment_id: str) -> None:
        self.transport = transport
        self.project_id = project_id
        self.environment_id = environment_id
        self.waiting: Waiting = transport.waiting
        self.lock = asyncio.Lock()
        """Held by whoever writes."""
        self.poll = Poll(transport, environment_id, self.waiting, transport.limiter.budget.poll_s)
        self.deployments = Deployments(self)
        self._commits = Commits(self)
        self._reads = Batch(transport.call_all)
        self._writes = Batch(self._write)
        self._claimed: set[str] = set()
        self._generation = 0
        self._read_generation = -1
        self._reading: asyncio.Task[Snapshot] | None = None

    async def snapshot(self) -> Snapshot:
        """Everything in the environment, as it is since the last write of this process. Raises ``NotFound``."""
        reading = self._reading
        failed = reading is not None and reading.done() and (reading.cancelled() or reading.exception() is not None)
        if reading is None or failed or self._read_generation != self._generation:
            reading = self._reading = asyncio.create_task(self._read())
            self._read_generation = self._generation
        return await asyncio.shield(reading)

    async def ask(self, operation: Operation, **arguments: Any) -> Any:
        """A read that the snapshot does not hold, in one request with others that are asked at the same time."""
        return await self._reads.call(operation, arguments)

    async def write(self, operation: Operation, **arguments: Any) -> Any:
        """A write that the configuration does not cover, in one request with others of its kind."""
        return await self._writes.call(operation, arguments)

    async def commit(self, build: Build) -> Committed:
        """Change the configuration; see ``Commits.submit``."""
        return await self._commits.submit(build)

    def changed(self) -> None:
        """Forget what was read."""
        self._generation += 1

    @contextmanager
    def writing(self) -> Generator[None]:
        """Reads that begin before or during a write are not remembered after it."""
        self.changed()
        try:
            yield
        finally:
            self.changed()

    def claim(self, thing: str) -> bool:
        """Take a thing that exists for one resource; False when another one of this process has it already."""
        if thing in self._claimed:
            return False
        self._claimed.add(thing)
        return True

    def is_free(self, thing: str) -> bool:
        """Whether no resource of this process has claimed a thing."""
        return thing not in self._claimed

    async def _read(self) -> Snapshot:
        try:
            data = await self.transport.read(SNAPSHOT, projectId=self.project_id, environmentId=self.environment_id)
        except NotAuthorized:
            await self._raise_if_deleted()
            raise
        return Snapshot(data)

    async def _raise_if_deleted(self) -> None:
        """What is in a deleted project answers "Not Authorized"; the project itself says whether that is why."""
        project = await self.transport.call(PROJECT, id=self.project_id)
        living = {found["id"] for found in nodes(project["environments"]) if not found["deletedAt"]}
        if project["deletedAt"] or self.environment_id not in living:
            raise NotFound(f"environment {self.environment_id} was deleted")

    async def _write(self, operation: Operation, calls: Sequence[Mapping[str, Any]]) -> Sequence[Any]:
        async with self.lock:
            with self.writing():
                return await self.transport.call_all(operation, calls)
