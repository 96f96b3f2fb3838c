"""Follows deployments until they are healthy and run what was asked for, or ended otherwise.

Chooses the deployment to follow and decides when to stop waiting; the texts for failures are in
``deployment_failures``, rollbacks in ``rollback``. One poll per environment serves all deployments that are waited for
(see ``progress``). Does not start a deployment that a commit starts by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from railway_api.caller import Caller
from railway_api.deployment_failures import (
    FAILURE_BY_STATUS,
    KNOWN,
    DeploymentFailures,
    interrupted,
    runs_something_else,
    timed_out,
    unknown,
)
from railway_api.deployment_spec import DeploymentSpec
from railway_api.documents.deployment import DEPLOYMENT, SERVICE_INSTANCE_DEPLOY
from railway_api.environment_access import EnvironmentAccess
from railway_api.errors import Busy, NotFound, OutcomeUnknown
from railway_api.progress import Poller, Progress
from railway_api.retries import LAG_S
from railway_api.rollback import HEALTHY, RollBack, RolledBack
from railway_api.snapshot import Deployment

if TYPE_CHECKING:
    from railway_api.scalars import DeploymentMeta

NEARLY: Final = frozenset({"BUILDING", "DEPLOYING"})
"""The statuses before the last: a poll then also asks what the deployment runs, so that the last poll shows it."""
LOOKS: Final = 3
"""Polls in a row that do so for one status: the answer is large, and some builds take long."""
PROOFS: Final = 3
"""Polls of a healthy deployment that wait for its meta, before a request of its own asks for it."""
ONLY_RECORDED: Final = frozenset({"SKIPPED", "NEEDS_APPROVAL"})
"""A push that Railway does not deploy is listed as the newest deployment, and leaves the one under way alone."""
APPEAR_S: Final = 45.0
"""Time until the deployment of an applied commit appears, in API time: reads may lag by half a minute, and
the look that decides may be one that began some seconds before."""
BUSY_S: Final = 10.0


def _older(deployment: Deployment, since: str | None) -> bool:
    """Tell whether a deployment was created before a moment, both by Railway's clock."""
    if since is None or deployment.created_at is None:
        return False
    try:
        return datetime.fromisoformat(deployment.created_at) < datetime.fromisoformat(since)
    except (ValueError, TypeError):
        return False  # no time as Railway writes it, so nothing is known


@dataclass
class _Watch:
    """Hold what is known while one deployment is waited for."""

    caller: Caller
    spec: DeploymentSpec
    old_id: str | None
    """The newest deployment from before."""
    since: str | None
    until: float
    """The moment after which a deployment that does not appear is no longer waited for."""
    own_id: str | None = None
    """The first deployment that appeared: the one that was asked for, whatever comes after it."""
    from_before: bool = False
    """That one was under way before the change, and may run something else."""
    shown: str = ""
    looks: int = 0
    unproven: int = 0
    """Polls of the healthy deployment that did not show its meta."""

    def is_old(self, latest: Deployment | None) -> bool:
        """Tell whether the newest deployment is still one from before the change."""
        return latest is None or latest.id == self.old_id or _older(latest, self.since)

    async def show(self, latest: Deployment | None) -> str | None:
        """Show a new status; return the id of the deployment when the next look should also tell what it runs."""
        if latest is not None and latest.status != self.shown:
            self.shown, self.looks = latest.status, 0
            await self.caller.status(f"deployment {self.shown.lower()}...")
        self.looks += 1
        return latest.id if latest is not None and self.shown in NEARLY and self.looks <= LOOKS else None


class Deployments:
    """Follow and start deployments of one environment."""

    def __init__(self, environment: EnvironmentAccess, poller: Poller) -> None:
        self._environment = environment
        self._poller = poller
        self._failures = DeploymentFailures(environment)

    async def settle(
        self,
        caller: Caller,
        spec: DeploymentSpec,
        before: Deployment | None,
        *,
        expected: bool,
        since: str | None = None,
    ) -> Deployment:
        """Return the healthy deployment that runs what was asked for; raises ``DeploymentFailed``.

        ``before`` is the newest deployment from before the change, ``since`` when Railway took the change: what is
        older is not its doing, even when ``before`` does not know of it. ``expected`` says that the change starts a new
        one; without it, or when none appears, the newest is taken if it is right, else a new one is started.
        """
        environment = self._environment
        deadline = environment.clock.now() + (APPEAR_S if expected else 0.0)
        wait = _Watch(caller, spec, before.id if before else None, since, deadline)
        nearly: str | None = None
        while True:
            progress = await self._poller.next(deployment=nearly)
            latest = await self._followed(wait, progress)
            if wait.is_old(latest):
                if environment.clock.now() >= wait.until and (right := await self._instead(wait, latest)) is not None:
                    return right
            elif latest is not None and latest.status in HEALTHY:
                meta = progress.metas.get(latest.id)
                if meta is None and wait.unproven < PROOFS:
                    # The next poll, which others share, shows what it runs.
                    nearly, wait.unproven = latest.id, wait.unproven + 1
                    self._poller.hurry()
                    continue
                if await self._is_proven(wait, latest, meta):
                    return latest
                await self._start(wait, latest)
            elif latest is not None and latest.status in FAILURE_BY_STATUS:
                raise await self._failures.report(spec, latest, FAILURE_BY_STATUS[latest.status], own_id=wait.own_id)
            nearly = await wait.show(latest)
            if latest is not None and not wait.is_old(latest) and latest.status not in KNOWN and wait.looks > 1:
                raise await self._failures.report(spec, latest, unknown(latest.status), own_id=wait.own_id)
            await self._check_patience(wait, latest)

    async def roll_back(
        self, caller: Caller, spec: DeploymentSpec, failed: Deployment, good_id: str | None
    ) -> RolledBack:
        """Go back to the last good deployment; see ``RollBack.run``."""
        return await RollBack(self._environment, self._poller, self._failures).run(caller, spec, failed, good_id)

    async def _followed(self, wait: _Watch, progress: Progress) -> Deployment | None:
        """Return the deployment that counts: the newest, unless that is only on record while ours is under way."""
        latest = progress.latest.get(wait.spec.service_id)
        if latest is None or wait.is_old(latest):
            return latest
        if wait.own_id is not None and latest.id != wait.own_id and latest.status in ONLY_RECORDED:
            own = await self._environment.ask(DEPLOYMENT, id=wait.own_id)
            return Deployment(own["id"], own["status"], own["createdAt"])
        wait.own_id = wait.own_id or latest.id
        return latest

    async def _check_patience(self, wait: _Watch, latest: Deployment | None) -> None:
        """Raise when the user or the deadline ends the wait."""
        status = latest.status if latest else "not started"
        failure = None
        if wait.caller.cancelled():
            failure = interrupted(status)
        elif wait.caller.deadline.remaining_s() <= 0:
            failure = timed_out(status)
        if failure is not None:
            raise await self._failures.report(wait.spec, latest, failure)

    async def _instead(self, wait: _Watch, latest: Deployment | None) -> Deployment | None:
        """Return the newest deployment, which no change of ours started, if it is healthy and the right one.

        One that is still under way, for example after an interrupted run, is followed from now on; else a new one is
        started.
        """
        if latest is not None and latest.status not in {*HEALTHY, *FAILURE_BY_STATUS}:
            wait.old_id, wait.since, wait.from_before = None, None, True
            return None
        if latest is not None and latest.status in HEALTHY and not wait.spec.differs(await self._meta(latest)):
            return latest
        await self._start(wait, latest)
        return None

    async def _is_proven(self, wait: _Watch, latest: Deployment, meta: DeploymentMeta | BaseException | None) -> bool:
        """Tell whether the deployment runs what was asked for; ``meta`` is of the same answer, if known.

        One from before may run something else, such as a rollback that an interrupted run started. Raises
        ``DeploymentFailed`` for any other that does.
        """
        if meta is None or isinstance(meta, BaseException):
            meta = await self._meta(latest)
        different = wait.spec.differs(meta)
        if different is None or wait.from_before:
            return different is None
        failure = runs_something_else(latest.status, different)
        raise await self._failures.report(wait.spec, latest, failure, own_id=wait.own_id)

    async def _meta(self, deployment: Deployment) -> DeploymentMeta:
        return (await self._environment.ask(DEPLOYMENT, id=deployment.id))["meta"] or {}

    async def _start(self, wait: _Watch, latest: Deployment | None) -> None:
        """Start a deployment of the present settings; what is the newest now counts as old from then on."""
        await wait.caller.status("starting a deployment...")
        arguments = {"serviceId": wait.spec.service_id, "commitSha": wait.spec.commit_sha}
        unknown_until = self._environment.clock.now() + LAG_S
        while True:
            try:
                await self._environment.write(
                    SERVICE_INSTANCE_DEPLOY, environmentId=self._environment.environment_id, **arguments
                )
            except (Busy, NotFound) as early:
                # A build is under way, or the instance was created a moment ago; after a while it was deleted instead.
                if isinstance(early, NotFound) and self._environment.clock.now() > unknown_until:
                    raise
                await self._check_patience(wait, latest)
                await wait.caller.sleep(BUSY_S)
            except OutcomeUnknown:
                # If it was started it shows up as the newest; if not, the next round starts it.
                break
            else:
                break
        self._poller.hurry()
        wait.old_id, wait.own_id, wait.from_before = latest.id if latest else None, None, False
        wait.until = self._environment.clock.now() + APPEAR_S
