"""Goes back from a deployment that failed to the last good one, with Railway's own ``deploymentRollback``.

Chooses the last good deployment, checks whether it still runs anyway, and describes the outcome. A rollback starts the
old image with the old variables as a new deployment; the configuration does not change.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from railway_api.caller import Caller
from railway_api.deployment_failures import FAILURE_BY_STATUS, DeploymentFailures
from railway_api.deployment_spec import DeploymentSpec, source_of
from railway_api.documents.deployment import DEPLOYMENT_CANCEL, DEPLOYMENT_ROLLBACK, DEPLOYMENTS
from railway_api.environment_access import EnvironmentAccess
from railway_api.errors import OutcomeUnknown, RailwayError
from railway_api.operation import Operation
from railway_api.progress import Poller
from railway_api.relay import nodes
from railway_api.snapshot import Deployment

if TYPE_CHECKING:
    from railway_api.answers import Deployment as ListedDeployment

HEALTHY: Final = frozenset({"SUCCESS", "SLEEPING"})
ROLL_BACK_S: Final = 300.0
"""The time for a rollback, on top of that for the deployment: nothing is built, a start takes a minute or so."""
APPEAR_S: Final = 15.0
"""Time until the effect of an unconfirmed write appears, in API time."""
LISTED: Final = 20
"""Number of earlier deployments that are read."""
_ENDED_WELL: Final = (*sorted(HEALTHY), "REMOVING", "REMOVED")


@dataclass(frozen=True)
class RolledBack:
    """The outcome of a rollback."""

    text: str
    """The deployment that runs now, and the reason."""
    failed: Deployment
    """The deployment that failed, with the status that it has by now."""
    running: Deployment | None = None
    """The deployment that the rollback started, if there was one and it is healthy."""


class RollBack:
    """Try once to roll back. Raises nothing that Railway says: all of it goes into the text."""

    def __init__(self, environment: EnvironmentAccess, poller: Poller, failures: DeploymentFailures) -> None:
        self._environment = environment
        self._poller = poller
        self._failures = failures

    async def run(self, caller: Caller, spec: DeploymentSpec, failed: Deployment, good_id: str | None) -> RolledBack:
        """Stop what failed if it is still under way, and start the last good deployment unless it runs anyway.

        ``good_id`` is the last deployment that the state knows to have been healthy.
        """
        caller.deadline.extend(ROLL_BACK_S)
        await caller.status("rolling back...")
        try:
            if failed.status not in {*HEALTHY, *FAILURE_BY_STATUS}:
                await self._stop(spec, failed)
                failed = replace(failed, status="REMOVED")
            return await self._go_back(caller, spec, failed, good_id)
        except RailwayError as refused:
            return RolledBack(f"it could not be rolled back: {refused}", failed)

    async def _go_back(
        self, caller: Caller, spec: DeploymentSpec, failed: Deployment, good_id: str | None
    ) -> RolledBack:
        good = await self._last_good(caller, spec, failed, good_id)
        if good is None:
            return RolledBack(
                f"not rolled back: {spec.service_name} has no earlier deployment that was healthy and whose image "
                "Railway still keeps; nothing of it runs now",
                failed,
            )
        was = f"deployment {good['id']} ({source_of(good['meta'] or {})})"
        if _runs(good):
            return RolledBack(f"{was} went on running, so nothing had to be rolled back", failed)
        await self._start(spec, failed, good["id"])
        return await self._followed(caller, spec, failed, was)

    async def _stop(self, spec: DeploymentSpec, failed: Deployment) -> None:
        """Abort what is under way; Railway refuses to abort it twice."""

        def is_over(latest: Deployment | None) -> bool:
            return latest is None or latest.id != failed.id or latest.status in FAILURE_BY_STATUS

        await self._send(DEPLOYMENT_CANCEL, failed.id, spec, is_over)

    async def _start(self, spec: DeploymentSpec, failed: Deployment, good_id: str) -> None:
        """Start the good deployment again."""

        def has_started(latest: Deployment | None) -> bool:
            return latest is not None and latest.id != failed.id

        await self._send(DEPLOYMENT_ROLLBACK, good_id, spec, has_started)
        self._poller.hurry()

    async def _send(
        self, operation: Operation[bool], id: str, spec: DeploymentSpec, is_done: Callable[[Deployment | None], bool]
    ) -> None:
        """Send a write, and again only when nothing came of a first one whose answer was lost."""
        environment = self._environment
        for last_attempt in (False, True):
            try:
                await environment.write(operation, id=id)
            except OutcomeUnknown:
                if last_attempt:
                    raise
                self._poller.hurry()
                deadline = environment.clock.now() + APPEAR_S
                while environment.clock.now() < deadline:
                    if is_done((await self._poller.next()).latest.get(spec.service_id)):
                        return
            else:
                return

    async def _last_good(
        self, caller: Caller, spec: DeploymentSpec, failed: Deployment, good_id: str | None
    ) -> ListedDeployment | None:
        """Return the deployment to go back to, once it is no longer being removed: Railway accepts it only then."""
        environment = self._environment
        filters = {
            "projectId": environment.project_id,
            "environmentId": environment.environment_id,
            "serviceId": spec.service_id,
            "status": {"in": list(_ENDED_WELL)},
        }
        while True:
            listed = nodes(await environment.ask(DEPLOYMENTS, input=filters, first=LISTED))
            newest_first = sorted(listed, key=lambda each: each["createdAt"], reverse=True)
            candidates = [each for each in newest_first if each["id"] != failed.id]
            good = _best(candidates, good_id)
            if good is not None or not any(each["status"] == "REMOVING" for each in candidates):
                return good
            if caller.cancelled() or caller.deadline.remaining_s() <= 0:
                return None
            await caller.sleep(environment.transport.limiter.budget.poll_s)

    async def _followed(self, caller: Caller, spec: DeploymentSpec, failed: Deployment, was: str) -> RolledBack:
        """Wait for the deployment that the rollback starts."""
        while True:
            latest = (await self._poller.next()).latest.get(spec.service_id)
            started = latest is not None and latest.id != failed.id
            if latest is not None and started and latest.status in HEALTHY:
                return RolledBack(f"rolled back: deployment {latest.id} runs {was} again", failed, latest)
            if latest is not None and started and latest.status in FAILURE_BY_STATUS:
                report = await self._failures.report(spec, latest, FAILURE_BY_STATUS[latest.status])
                return RolledBack(f"rolled back to {was}, which failed as well: {report.text}", failed)
            if caller.cancelled() or caller.deadline.remaining_s() <= 0:
                state = latest.status if latest is not None and started else "not started"
                return RolledBack(f"rolling back to {was} is under way: its deployment is {state}", failed)


def _best(deployments: list[ListedDeployment], good_id: str | None) -> ListedDeployment | None:
    """Return what runs; else what the state knows to have been healthy; else the newest that Railway would take."""
    runs = next(filter(_runs, deployments), None)
    possible = [each for each in deployments if each["canRollback"]]
    recorded = next((each for each in possible if each["id"] == good_id), None)
    return runs or recorded or next(iter(possible), None)


def _runs(deployment: ListedDeployment) -> bool:
    return deployment["status"] in HEALTHY and not deployment["deploymentStopped"]
