"""Reads, writes and remembers one Railway environment.

Owns the memory of the last read (shared by all who ask until something is written, and kept up to date by what creates
of this process answer), the lock that lets one writer in at a time (Railway answers "please try again" to the second),
and the clock of the API. Knows neither the resources in the environment nor what callers wait for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from railway_api.batch import Batch
from railway_api.documents.environment import SNAPSHOT
from railway_api.documents.project import PROJECT
from railway_api.errors import NotAuthorized, NotFound, RailwayError
from railway_api.operation import Answer, Operation
from railway_api.relay import nodes
from railway_api.snapshot import Snapshot
from railway_api.snapshot_updates import updated_snapshot

if TYPE_CHECKING:
    # Loads the HTTP library, which a preview does not need.
    from railway_api.transport import Transport

READ_WINDOW_S: Final = 0.02
"""Time for which a read waits for other callers to join it, in real time."""


class EnvironmentAccess:
    """Hold what this process knows of one environment of one project. One object per environment and process."""

    def __init__(self, transport: Transport, project_id: str, environment_id: str) -> None:
        self.transport = transport
        self.project_id = project_id
        self.environment_id = environment_id
        self.clock = transport.clock
        self.lock = asyncio.Lock()
        """Held during a write."""
        self._reads = Batch(transport.call_all)
        self._writes = Batch(self._write)
        self._generation = 0
        self._memory: tuple[int, Snapshot] | None = None
        self._reading: tuple[int, asyncio.Task[Snapshot]] | None = None
        self._status_wanted = False
        self._quiet = asyncio.Event()
        self._quiet.set()

    def remembered(self) -> Snapshot | None:
        """Return what is known of the environment without asking; None when nothing is."""
        if self._memory is None or self._memory[0] != self._generation:
            return None
        return self._memory[1]

    @property
    def was_seen(self) -> bool:
        """Tell whether the token could see the environment at some time in this process."""
        return self._memory is not None

    def remember(self, snapshot: Snapshot) -> None:
        """Take this for what is in the environment, until something is written."""
        self._memory = (self._generation, snapshot)

    def forget(self) -> None:
        """Forget what was read: the next snapshot asks Railway."""
        self._generation += 1

    async def snapshot(self, *, domain_status: bool = False) -> Snapshot:
        """Return everything in the environment, as it is since the last write of this process. Raises ``NotFound``.

        With ``domain_status`` a read that begins now also shows the DNS status of custom domains; what is remembered
        may lack it.
        """
        while (remembered := self.remembered()) is None and not self._quiet.is_set():
            # A read during a write could not be remembered, and most writes tell all that is needed.
            await self._quiet.wait()
        if remembered is not None:
            return remembered
        self._status_wanted |= domain_status
        reading = self._reading
        if reading is None or reading[0] != self._generation or reading[1].done():
            reading = self._reading = (self._generation, asyncio.create_task(self._read()))
        return await asyncio.shield(reading[1])

    async def snapshot_or_none(self, *, domain_status: bool = False) -> Snapshot | None:
        """Return everything in the environment; None when the environment or its project is really gone."""
        try:
            return await self.snapshot(domain_status=domain_status)
        except NotFound:
            return None

    async def ask(self, operation: Operation[Answer], **arguments: object) -> Answer:
        """Read what the snapshot does not hold, in one request with others that are asked at the same time."""
        return await self._reads.call(operation, arguments)

    async def write(self, operation: Operation[Answer], **arguments: object) -> Answer:
        """Write what the configuration does not cover, in one request with others of its kind."""
        return await self._writes.call(operation, arguments)

    @contextmanager
    def writing(self) -> Generator[None]:
        """Keep reads that begin before or during a write from being remembered after it."""
        self.forget()
        self._quiet.clear()
        try:
            yield
        finally:
            self._quiet.set()
            self.forget()

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
        """Raise ``NotFound`` if the environment was deleted: in a deleted project all answers are "Not Authorized"."""
        try:
            project = await self.transport.call(PROJECT, id=self.project_id)
        except NotFound:
            raise
        except RailwayError:
            return  # then the first refusal says more
        deleted_at = {environment["id"]: environment["deletedAt"] for environment in nodes(project["environments"])}
        # A project token is shown its own environment alone: for it, what is not listed may well exist.
        lists_all = self.transport.token.kind == "account" and not project["environments"]["pageInfo"]["hasNextPage"]
        unlisted = lists_all and self.environment_id not in deleted_at
        if project["deletedAt"] or unlisted or deleted_at.get(self.environment_id):
            raise NotFound(f"environment {self.environment_id} was deleted")

    async def _write(
        self, operation: Operation[Answer], calls: Sequence[Mapping[str, object]]
    ) -> Sequence[Answer | RailwayError]:
        async with self.lock:
            before = self.remembered()
            with self.writing():
                generation = self._generation
                answers = await self.transport.call_all(operation, calls)
            undisturbed = self._generation == generation + 1
            after = updated_snapshot(before, operation.field, calls, answers) if before and undisturbed else None
            if after is not None:
                self.remember(after)
            return answers
