"""Railway's work in the background, followed to its end, and the changes that wait for somebody to deploy them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from railway_api.client import Client
from railway_api.documents.environment import ENVIRONMENT_STAGED_CHANGES, WORKFLOW_STATUS
from railway_api.json_objects import table
from railyard.shared.console import OperationError

WORKFLOW_S: Final = 1_800.0
"""Time limit of a workflow, in seconds."""
UNKNOWN: Final = 3
"""So many times in a row Railway may know nothing of a workflow that it began."""


async def follow(client: Client, workflow_id: str | None, what: str) -> None:
    """Wait until a workflow is complete; raises ``OperationError``."""
    until = client.clock.now() + WORKFLOW_S
    unknown = 0
    while workflow_id is not None:
        workflow = await client.call(WORKFLOW_STATUS, workflowId=workflow_id)
        unknown = unknown + 1 if workflow["status"] == "NotFound" else 0
        if workflow["status"] == "Complete":
            return
        if workflow["status"] == "Error":
            raise OperationError(f"{what} failed: {workflow['error'] or 'Railway does not say why'}")
        if unknown >= UNKNOWN:
            raise OperationError(f"{what}: Railway knows nothing of it any more; look whether it is done")
        if client.clock.now() > until:
            raise OperationError(f"{what} is not done after {WORKFLOW_S / 60:.0f} minutes; it goes on at Railway")
        await client.clock.sleep(poll_s(client))


def poll_s(client: Client) -> float:
    """Return how long to wait before Railway is asked again, in seconds: what the plan's request limit allows."""
    return client.transport.limiter.budget.poll_s


async def staged(client: Client, environment_id: str | None) -> Sequence[str]:
    """Return what waits to be deployed in an environment: ids of services and volumes."""
    answer = await client.call(ENVIRONMENT_STAGED_CHANGES, environmentId=environment_id)
    return [key for group in answer["patch"].values() for key in table(group)]
