"""One Railway environment: the single place through which everything in it is read and written.

Owns the memory of the last read (shared by all who ask until something is written, and kept up to date by what creates
of this process answer), the lock that lets one writer in at a time (Railway answers "please try again" to the second),
and the group commit. Does not know any resource.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from railway_api.batch import Batch
from railway_api.clock import Clock
from railway_api.connections import nodes
from railway_api.deployments import Deployments
from railway_api.documents.environment import SNAPSHOT
from railway_api.documents.project import PROJECT
from railway_api.errors import NotAuthorized, NotFound, RailwayError
from railway_api.group_commits import BuildPatch, Committed, GroupCommits
from railway_api.operation import Answer, Operation
from railway_api.progress import Poller
from railway_api.snapshot import Snapshot
from railway_api.snapshot_updates import updated_snapshot

if TYPE_CHECKING:
    # Loads the HTTP library, which a preview does not need.
    from railway_api.transport import Transport

READ_WINDOW_S: Final = 0.02
"""How long a read waits for others who want more of it, in real time."""
PREPARED_S: Final = 30.0
"""How long a commit waits for creates that are under way, in API time."""


class Environment:
    """Reads and writes of one environment of one project. One object per environment and provider process."""

    def __init__(self, transport: Transport, project_id: str, environment_id: str) -> None:
        self.transport = transport
        self.project_id = project_id
        self.environment_id = environment_id
        self.clock: Clock = transport.clock
        self.lock = asyncio.Lock()
        """Held by whoever writes."""
        self.poller = Poller(self)
        self.deployments = Deployments(self)
        self._commits = GroupCommits(self)
        self._reads = Batch(transport.call_all)
        self._writes = Batch(self._write)
        self._claimed: set[str] = set()
        self._generation = 0
        self._memory: tuple[int, Snapshot] | None = None
        self._reading: tuple[int, asyncio.Task[Snapshot]] | None = None
        self._status_wanted = False
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._preparing = 0
        self._prepared = asyncio.Event()
        self._prepared.set()

    def known(self) -> Snapshot | None:
        """What is known of the environment without asking; None when nothing is."""
        if self._memory is None or self._memory[0] != self._generation:
            return None
        return self._memory[1]

    @property
    def was_seen(self) -> bool:
        """Whether the token could see the environment at some time in this process."""
        return self._memory is not None

    def remember(self, snapshot: Snapshot) -> None:
        """Take this for what is in the environment, until something is written."""
        self._memory = (self._generation, snapshot)

    async def snapshot(self, *, domain_status: bool = False) -> Snapshot:
        """Everything in the environment, as it is since the last write of this process. Raises ``NotFound``.

        With ``domain_status`` a read that begins now also shows the DNS status of custom domains; what is known already
        may lack it.
        """
        while (known := self.known()) is None and not self._quiet.is_set():
            # A read during a write could not be remembered, and most writes tell all that is needed.
            await self._quiet.wait()
        if known is not None:
            return known
        self._status_wanted |= domain_status
        reading = self._reading
        if reading is None or reading[0] != self._generation or reading[1].done():
            reading = self._reading = (self._generation, asyncio.create_task(self._read()))
        return await asyncio.shield(reading[1])

    async def ask(self, operation: Operation[Answer], **arguments: object) -> Answer:
        """A read that the snapshot does not hold, in one request with others that are asked at the same time."""
        return await self._reads.call(operation, arguments)

    async def write(self, operation: Operation[Answer], **arguments: object) -> Answer:
        """A write that the configuration does not cover, in one request with others of its kind."""
        return await self._writes.call(operation, arguments)

    async def commit(self, build: BuildPatch) -> Committed:
        """Change the configuration; see ``Commits.submit``."""
        return await self._commits.submit(build)

    def changed(self) -> None:
        """Forget what was read."""
        self._generation += 1

    @contextmanager
    def writing(self) -> Generator[None]:
        """Reads that begin before or during a write are not remembered after it."""
        self.changed()
        self._quiet.clear()
        try:
            yield
        finally:
            self._quiet.set()
            self.changed()

    @contextmanager
    def preparing(self) -> Generator[None]:
        """Something is being made whose settings will follow: commits wait a while, to carry them along."""
        self._preparing += 1
        self._prepared.clear()
        try:
            yield
        finally:
            self._preparing -= 1
            if not self._preparing:
                self._prepared.set()

    async def prepared(self) -> bool:
        """Wait until nothing is being prepared any more, or so long that it is not worth it; whether that took time."""
        if self._prepared.is_set():
            return False
        with suppress(TimeoutError):
            await asyncio.wait_for(self._prepared.wait(), PREPARED_S / self.clock.speed + READ_WINDOW_S)
        return True

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
        generation = self._generation
        await asyncio.sleep(READ_WINDOW_S)
        status, self._status_wanted = self._status_wanted, False
        try:
            data = await self.transport.read(
                SNAPSHOT, projectId=self.project_id, environmentId=self.environment_id, domainStatus=status
            )
        except NotAuthorized:
            await self._raise_if_deleted()
            raise
        snapshot = Snapshot(data)
        if generation == self._generation:
            self.remember(snapshot)
        return snapshot

    async def _raise_if_deleted(self) -> None:
        """What is in a deleted project answers "Not Authorized"; the project itself says whether that is why."""
        project = await self.transport.call(PROJECT, id=self.project_id)
        listed = {each["id"]: each["deletedAt"] for each in nodes(project["environments"])}
        # A project token is shown its own environment alone: for it, what is not listed may well exist.
        missing = self.transport.token.kind == "account" and self.environment_id not in listed
        if project["deletedAt"] or missing or listed.get(self.environment_id):
            raise NotFound(f"environment {self.environment_id} was deleted")

    async def _write(
        self, operation: Operation[Answer], calls: Sequence[Mapping[str, object]]
    ) -> Sequence[Answer | RailwayError]:
        async with self.lock:
            known = self.known()
            with self.writing():
                generation = self._generation
                answers = await self.transport.call_all(operation, calls)
            undisturbed = self._generation == generation + 1
            after = updated_snapshot(known, operation.field, calls, answers) if known and undisturbed else None
            if after is not None:
                self.remember(after)
            return answers
