"""The throwaway project as the points use it: the operations that several of them need.

Owns waiting for patches, deployments and cool-downs, each a bounded number of times, so that a point costs no more than
it declares. Gives no verdict.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, TypeVar

from railway_api.client import Client
from railway_api.documents.deployment import DEPLOYMENTS
from railway_api.documents.domain import SERVICE_DOMAIN_CREATE
from railway_api.documents.environment import (
    ENVIRONMENT_CREATE,
    ENVIRONMENT_DELETE,
    ENVIRONMENT_PATCH_COMMIT,
    SNAPSHOT,
    WORKFLOW_STATUS,
)
from railway_api.documents.service import SERVICE_CREATE
from railway_api.documents.storage import VOLUME_CREATE, VOLUME_DELETE
from railway_api.errors import Busy, NotFound, Race, RailwayError, Throttled, Validation, classify
from railway_api.failure import Failure
from railway_api.json_objects import table
from railway_api.operation import Answer, Operation
from railway_api.relay import nodes
from railway_api.snapshot import Snapshot
from railyard.contract.graphql_documents import CONFIG, PATCHES

T = TypeVar("T")
Json = Mapping[str, Any]

IMAGES: Final = ("traefik/whoami:v1.10.3", "traefik/whoami:v1.11.0")
"""Two versions of a public image of 7 MB that serves HTTP and does nothing else."""
VCPUS, MEMORY_BYTES = 1, 500_000_000
LIMITS: Final = {"containers": {"cpu": VCPUS, "memoryBytes": MEMORY_BYTES}}
"""Limits of each container, which the smallest plan allows."""
ATTEMPTS: Final = 6
RETRY_S: Final = 3.0
PATCH_POLLS, PATCH_POLL_S = 12, 3.0
UNLISTED_POLLS: Final = 5
"""Number of polls after which a patch that is not listed counts as one without effect."""
DEPLOYMENT_POLLS, DEPLOYMENT_POLL_S = 18, 10.0
LOOKS, LOOK_S = 4, 5.0
"""Number of looks, and seconds between them, for what Railway may show late."""
_ENDED_BADLY: Final = frozenset({"FAILED", "CRASHED", "SKIPPED", "REMOVED"})


class Undecided(Failure):
    """A point cannot be told; the text says why."""


class ProjectUnderTest:
    """A project with one environment, and a second one once a point asks for it."""

    def __init__(self, client: Client, project: Json, workspace_id: str | None) -> None:
        self.client = client
        self.project_id: str = project["id"]
        self.environment_id: str = nodes(project["environments"])[0]["id"]
        self.name: str = project["name"]
        self.workspace_id = workspace_id
        self._second: str | None = None
        self._services = 0

    @property
    def ids(self) -> dict[str, str]:
        """Return project and environment, as arguments."""
        return {"projectId": self.project_id, "environmentId": self.environment_id}

    async def call(self, operation: Operation[Answer], **arguments: Any) -> Answer:
        """Send one operation through the provider's transport."""
        return await self.client.call(operation, **arguments)

    async def sleep(self, seconds: float) -> None:
        """Wait, in the time of the API."""
        await self.client.clock.sleep(seconds)

    async def retried(self, send: Callable[[], Awaitable[T]]) -> T:
        """Return the result of ``send``, which is repeated while Railway is busy or asks to wait."""
        for _ in range(ATTEMPTS - 1):
            try:
                return await send()
            except Throttled as refused:
                await self.sleep(refused.retry_after_s)
            except (Busy, Race, NotFound):
                await self.sleep(RETRY_S)
        return await send()

    async def appears(self, look: Callable[[], Awaitable[bool]]) -> bool:
        """Return True as soon as ``look`` does, False when it never does within the number of looks."""
        for attempt in range(LOOKS):
            if attempt:
                await self.sleep(LOOK_S)
            if await look():
                return True
        return False

    # Making things

    async def service(self, name: str | None = None, **more: Any) -> str:
        """Return the id of a new empty service, which runs nothing and costs nothing."""
        self._services += 1
        service_input = {**self.ids, "name": name or f"service-{self._services}", **more}
        return (await self.retried(lambda: self.call(SERVICE_CREATE, input=service_input)))["id"]

    async def second_environment(self) -> str:
        """Return the id of an empty environment beside the first; made when it is first asked for."""
        if self._second is None:
            environment_input = {"projectId": self.project_id, "name": "second"}
            self._second = str(
                (await self.retried(lambda: self.call(ENVIRONMENT_CREATE, input=environment_input)))["id"]
            )
        return self._second

    async def delete_second_environment(self) -> str:
        """Delete the second environment; return its id."""
        second = await self.second_environment()
        await self.call(ENVIRONMENT_DELETE, id=second)
        self._second = None
        return second

    @asynccontextmanager
    async def volume(self, service_id: str | None = None, *, place: Json | None = None) -> AsyncGenerator[Json]:
        """Yield a new volume with its instances, deleted at the end; ``place`` replaces the first environment."""
        volume_input: dict[str, Any] = {"projectId": self.project_id, "mountPath": "/data"}
        volume_input |= {"environmentId": self.environment_id} if place is None else place
        volume_input |= {"serviceId": service_id} if service_id else {}
        volume = await self.retried(lambda: self.call(VOLUME_CREATE, input=volume_input))
        try:
            yield volume
        finally:
            # It may be deleted already; what is left is deleted with the project.
            with suppress(RailwayError):
                await self.call(VOLUME_DELETE, volumeId=volume["id"])

    async def service_domain(self, service_id: str) -> Json:
        """Return a new domain of Railway's for a service."""
        domain_input = {"environmentId": self.environment_id, "serviceId": service_id, "targetPort": 80}
        return await self.retried(lambda: self.call(SERVICE_DOMAIN_CREATE, input=domain_input))

    # Configuration

    async def config(self, environment_id: str | None = None) -> dict[str, Any]:
        """Return the configuration of an environment, by default of the first."""
        variables = {"id": environment_id or self.environment_id, "projectId": self.project_id}
        return table((await self.call(CONFIG, **variables))["config"])

    async def service_config(self, service_id: str) -> dict[str, Any]:
        """Return the settings of a service in the first environment."""
        return table(table((await self.config()).get("services")).get(service_id))

    async def snapshot(self, environment_id: str | None = None) -> Snapshot:
        """Return the whole environment as the provider reads it."""
        ids = {**self.ids, "environmentId": environment_id or self.environment_id}
        return Snapshot(await self.client.transport.read(SNAPSHOT, **ids, domainStatus=False))

    async def patches(self, environment_id: str | None = None) -> list[Json]:
        """Return the newest committed patches."""
        return list(nodes(await self.call(PATCHES, environmentId=environment_id or self.environment_id, first=10)))

    async def commit(self, patch: Json, *, message: str | None = None, environment_id: str | None = None) -> str:
        """Commit a patch and wait until it is in effect; return Railway's answer to it.

        Raises ``RailwayError``, also for what Railway refuses when it applies the patch.
        """
        environment = environment_id or self.environment_id
        patch_ids = {each["id"] for each in await self.patches(environment)}
        sent = {"environmentId": environment, "patch": patch, "commitMessage": message}
        text = str(await self.retried(lambda: self.call(ENVIRONMENT_PATCH_COMMIT, **sent)))
        await self.settled(patch_ids, environment)
        workflow = await self.call(WORKFLOW_STATUS, workflowId=text)
        if workflow["status"] == "Error":
            raise classify("environmentPatchCommit", {"message": workflow["error"] or ""})
        return text

    async def settled(self, patch_ids: set[str], environment_id: str | None = None) -> None:
        """Wait until no patch is being applied and one that is not ``patch_ids`` is listed, or has no effect."""
        for look in range(PATCH_POLLS):
            await self.sleep(PATCH_POLL_S)
            patches = await self.patches(environment_id)
            new = [each for each in patches if each["id"] not in patch_ids]
            if any(each["status"] == "APPLYING" for each in patches) or not (new or look >= UNLISTED_POLLS):
                continue
            if error := next((each["lastAppliedError"] for each in new if each["lastAppliedError"]), None):
                raise Validation(f"Railway could not apply the patch: {error}", reason=str(error))
            return
        raise Undecided(f"a patch was not in effect after {PATCH_POLLS * PATCH_POLL_S:.0f} s")

    async def commit_service(self, service_id: str, settings: Json) -> str:
        """Commit settings of one service."""
        return await self.commit({"services": {service_id: settings}})

    # Deployments

    async def deployments(self, service_id: str) -> list[Json]:
        """Return the deployments of a service, newest first."""
        ids = {**self.ids, "serviceId": service_id}
        return list(nodes(await self.call(DEPLOYMENTS, input=ids, first=10)))

    async def deployed(self, service_id: str, start: Callable[[], Awaitable[Any]]) -> Json:
        """Return the deployment that ``start`` leads to, once it is healthy."""
        former_ids = {each["id"] for each in await self.deployments(service_id)}
        await start()
        for _ in range(DEPLOYMENT_POLLS):
            await self.sleep(DEPLOYMENT_POLL_S)
            new = [each for each in await self.deployments(service_id) if each["id"] not in former_ids]
            if new and new[0]["status"] == "SUCCESS":
                return new[0]
            if new and new[0]["status"] in _ENDED_BADLY:
                raise Undecided(f"a deployment of {IMAGES[0]} ended as {new[0]['status']}")
        raise Undecided(f"a deployment was not healthy after {DEPLOYMENT_POLLS * DEPLOYMENT_POLL_S:.0f} s")
