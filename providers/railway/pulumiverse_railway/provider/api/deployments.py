"""Follows deployments until they are healthy and run what was asked for, or says why they are not.

Owns what each status of Railway means and the text for each way to fail. Waiting costs one poll per environment
whatever the number of deployments (see ``progress``). Does not start a deployment that a commit starts by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from pulumiverse_railway.provider.api.documents.deployment import DEPLOYMENT, LOGS, SERVICE_INSTANCE_DEPLOY
from pulumiverse_railway.provider.api.errors import Busy, NotFound, OutcomeUnknown, RailwayError
from pulumiverse_railway.provider.api.redaction import redact
from pulumiverse_railway.provider.api.snapshot import Deployment, table
from pulumiverse_railway.provider.kernel.declaration import Context
from pulumiverse_railway.provider.kernel.errors import Failure

if TYPE_CHECKING:
    from pulumiverse_railway.provider.api.environment import Environment

HEALTHY: Final = frozenset({"SUCCESS", "SLEEPING"})
OVER: Final[Mapping[str, str]] = {
    "FAILED": "it did not build or did not become healthy",
    "CRASHED": "its process ended with an error more often than the restart policy allows",
    "REMOVED": "it was removed, by a person or by a newer deployment that is gone too",
    "REMOVING": "it is being removed",
    "SKIPPED": "Railway skipped it: no file that the watch patterns name has changed",
    "NEEDS_APPROVAL": "it waits for approval, because its commit is by somebody who is not a member of the project",
}
NEXT: Final[Mapping[str, str]] = {
    "SKIPPED": "widen watchPatterns or push a commit that they match, then run the command again",
    "NEEDS_APPROVAL": "approve it in the dashboard, then run the command again",
}
FIX_AND_REPEAT: Final = "fix the cause and run the command again: it starts a new deployment"
NEARLY: Final = frozenset({"BUILDING", "DEPLOYING"})
"""The statuses before the last: here a look at a deployment also asks what it runs, so that the last one tells."""
LOOKS: Final = 3
"""How many looks in a row do that for one status: the answer is large, and some builds take long."""
LOG_LINES: Final = 50
APPEAR_S: Final = 30.0
"""How long after an applied commit its deployment may take to appear, in API time."""
BUSY_S: Final = 10.0


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a deployment has to run, and how to speak of it."""

    service_id: str
    service_name: str
    image: str | None = None
    repo: str | None = None
    commit_sha: str | None = None
    secrets: Mapping[str, str] = field(default_factory=dict[str, str])
    """Values that must not appear in a quoted log, by their names."""

    def differs(self, meta: Mapping[str, Any]) -> str | None:
        """What a deployment runs instead, or None when it runs what was asked for (or Railway does not say)."""
        image, repo = meta.get("image"), meta.get("repo")
        if self.image and image and plain_image(str(image)) != plain_image(self.image):
            return f"image {image}, not {self.image}"
        if self.image and repo and not image:
            return f"repository {repo}, not image {self.image}"
        if self.repo and repo and str(repo).lower() != self.repo.lower():
            return f"repository {repo}, not {self.repo}"
        commit = str(meta.get("commitHash") or meta.get("commitSha") or "")
        if self.commit_sha and commit and not commit.startswith(self.commit_sha):
            return f"commit {commit}, not {self.commit_sha}"
        return None


def plain_image(image: str) -> str:
    """An image reference without what Docker adds by itself."""
    for prefix in ("docker.io/", "index.docker.io/", "library/"):
        image = image.removeprefix(prefix)
    named = image.rsplit("/", 1)[-1]
    return image if ":" in named or "@" in named else f"{image}:latest"


def _older(deployment: Deployment, since: str | None) -> bool:
    """Whether a deployment was created before a moment, both by Railway's clock."""
    if since is None or deployment.created_at is None:
        return False
    return datetime.fromisoformat(deployment.created_at) < datetime.fromisoformat(since)


class NotHealthy(Failure):
    """A deployment ended badly, or did not end in time."""

    def __init__(self, text: str, deployment: Deployment | None) -> None:
        super().__init__(text)
        self.deployment = deployment


class Deployments:
    """The deployments of one environment."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    async def settle(
        self, context: Context, asked: Asked, before: Deployment | None, *, expected: bool, since: str | None = None
    ) -> Deployment:
        """The healthy deployment that runs what was asked for; raises ``NotHealthy``.

        ``before`` is the newest deployment from before the change, ``since`` when Railway took the change: what is
        older is not its doing, even when ``before`` does not know of it. ``expected`` says that the change starts a new
        one; without it, or when none appears, the newest is taken if it is right, else a new one is started.
        """
        environment = self._environment
        until = environment.waiting.now() + (APPEAR_S if expected else 0.0)
        old_id = before.id if before else None
        shown, looks = "", 0
        nearly: str | None = None
        while True:
            progress = await environment.poll.next(deployment=nearly)
            latest = progress.latest.get(asked.service_id)
            if latest is None or latest.id == old_id or _older(latest, since):
                if environment.waiting.now() >= until:
                    if latest is not None and latest.status not in {*HEALTHY, *OVER}:
                        # One from before is still under way, after an interrupted run say: follow it.
                        old_id = since = None
                        continue
                    if latest is not None and await self._is_right(asked, latest):
                        return latest
                    await context.status("starting a deployment...")
                    old_id = await self._start(context, asked, latest)
                    until = environment.waiting.now() + APPEAR_S
            elif latest.status in HEALTHY:
                return await self._proven(asked, latest, progress.metas.get(latest.id))
            elif latest.status in OVER:
                raise NotHealthy(await self._report(asked, latest), latest)
            if latest is not None and latest.status != shown:
                shown, looks = latest.status, 0
                await context.status(f"deployment {shown.lower()}...")
            looks += 1
            nearly = latest.id if latest is not None and shown in NEARLY and looks <= LOOKS else None
            self._check_patience(context, asked, latest)

    def _check_patience(self, context: Context, asked: Asked, latest: Deployment | None) -> None:
        """Raise when the user or the deadline ends the wait."""
        status = latest.status if latest else "not started"
        where = f"{self._address(asked)}\nnext: run the command again, which goes on waiting"
        if context.cancelled():
            raise NotHealthy(f"interrupted while the deployment of {asked.service_name} is {status}: {where}", latest)
        if context.deadline.remaining_s() <= 0:
            text = f"the deployment of {asked.service_name} is still {status} at the end of the time for it: {where}"
            raise NotHealthy(f"{text}, or give it longer with customTimeouts", latest)

    async def _is_right(self, asked: Asked, latest: Deployment) -> bool:
        """Whether the newest deployment, which no change of ours started, is healthy and runs what was asked for."""
        return latest.status in HEALTHY and asked.differs(await self._meta(latest)) is None

    async def _proven(self, asked: Asked, latest: Deployment, meta: object) -> Deployment:
        """The deployment itself, when it really runs what was asked for; ``meta`` is of the same answer, if known."""
        known = meta is not None and not isinstance(meta, BaseException)
        different = asked.differs(table(meta) if known else await self._meta(latest))
        if different is None:
            return latest
        raise NotHealthy(
            f"deployment {latest.id} of {asked.service_name} is {latest.status} but runs {different}: "
            f"{self._address(asked)}\nnext: something else may have deployed at the same time; run the command again",
            latest,
        )

    async def _meta(self, deployment: Deployment) -> Mapping[str, Any]:
        found = await self._environment.ask(DEPLOYMENT, id=deployment.id)
        return table(found.get("meta"))

    async def _start(self, context: Context, asked: Asked, latest: Deployment | None) -> str | None:
        """Start a deployment of the present settings; the id that counts as old from now on."""
        arguments = {"serviceId": asked.service_id, "commitSha": asked.commit_sha}
        while True:
            try:
                await self._environment.write(
                    SERVICE_INSTANCE_DEPLOY, environmentId=self._environment.environment_id, **arguments
                )
            except (Busy, NotFound):
                # A build is under way, or the instance was created a moment ago.
                self._check_patience(context, asked, latest)
                await context.sleep(BUSY_S)
            except OutcomeUnknown:
                # If it was started it shows up as the newest; if not, the next round starts it.
                break
            else:
                break
        self._environment.poll.hurry()
        return latest.id if latest else None

    async def _report(self, asked: Asked, deployment: Deployment) -> str:
        """Everything a person needs about a deployment that ended badly."""
        status = deployment.status
        lines = [f"deployment {deployment.id} of {asked.service_name} is {status}: {OVER[status]}"]
        if status in {"FAILED", "CRASHED"}:
            lines += await self._logs(asked, deployment)
        return "\n".join([*lines, f"see {self._address(asked)}", f"next: {NEXT.get(status, FIX_AND_REPEAT)}"])

    async def _logs(self, asked: Asked, deployment: Deployment) -> Sequence[str]:
        try:
            found = await self._environment.transport.read(LOGS, deploymentId=deployment.id, limit=LOG_LINES)
        except RailwayError as failure:
            return [f"its log could not be read: {failure}"]
        kind = "deployment" if found["deploymentLogs"] else "build"
        # Railway answers with up to one line more than asked for.
        log = list(found["deploymentLogs"] or found["buildLogs"])[-LOG_LINES:]
        if not log:
            return ["its build and deployment logs are empty"]
        lines = [f"    {redact(str(line['message']), asked.secrets)}" for line in log]
        return [f"the last {len(lines)} lines of its {kind} log:", *lines]

    def _address(self, asked: Asked) -> str:
        environment = self._environment
        return (
            f"https://railway.com/project/{environment.project_id}/service/{asked.service_id}"
            f"?environmentId={environment.environment_id}"
        )
