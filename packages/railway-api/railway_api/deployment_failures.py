"""Says how a deployment failed, and what to do about it.

Owns the texts: what happened, the end of the log, the address in the dashboard, the next step. Asks Railway only for
what it quotes. Does not decide when a deployment has ended.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from railway_api.deployment_spec import DeploymentSpec
from railway_api.documents.deployment import LOGS
from railway_api.environment_access import EnvironmentAccess
from railway_api.errors import RailwayError
from railway_api.failure import Failure
from railway_api.redaction import redact
from railway_api.relay import nodes
from railway_api.snapshot import Deployment

if TYPE_CHECKING:
    from railway_api.answers import DeploymentLogTails

LOG_LINES: Final = 50


@dataclass(frozen=True, kw_only=True)
class DeploymentFailure:
    """Say what happened to a deployment, and what to do about it."""

    what: str
    """Follows "deployment … of …"."""
    next: str
    rolls_back: bool = False
    """True when the new version itself is at fault, so that going back to the one before helps."""
    next_after: str = ""
    """Advice after a rollback, where it differs."""


_REPEAT: Final = "fix the cause and run the command again: it starts a new deployment"

FAILED: Final = DeploymentFailure(
    what="is FAILED: Railway does not say at which step", next=f"read the log, {_REPEAT}", rolls_back=True
)
_FAILED_AT: Final[Mapping[str, DeploymentFailure]] = {
    "SNAPSHOT_CODE": DeploymentFailure(
        what="is FAILED: Railway could not fetch its source",
        next=f"check that Railway's GitHub app may read the repository; {_REPEAT}",
        rolls_back=True,
    ),
    "BUILD_IMAGE": DeploymentFailure(
        what="is FAILED: it could not be built, or its image could not be pulled",
        next=f"check the build, or name and login of the image; {_REPEAT}",
        rolls_back=True,
    ),
    "PRE_DEPLOY_COMMAND": DeploymentFailure(
        what="is FAILED: its preDeployCommand ended with an error",
        next=f"check what the command did already, such as half a migration; {_REPEAT}",
        rolls_back=True,
    ),
    "HEALTHCHECK": DeploymentFailure(
        what="is FAILED: it did not become healthy",
        next="check that it listens on PORT and answers healthcheckPath with 2xx within healthcheckTimeout; " + _REPEAT,
        rolls_back=True,
    ),
    "CONFIGURE_NETWORK": DeploymentFailure(
        what="is FAILED: Railway could not connect it to the network",
        next="run the command again: it starts a new deployment; look at https://status.railway.com if it stays",
        rolls_back=True,
    ),
}
_STEPS: Final[Mapping[str, str]] = {"PUBLISH_IMAGE": "BUILD_IMAGE"}
"""Steps that mean the same to a person."""

FAILURE_BY_STATUS: Final[Mapping[str, DeploymentFailure]] = {
    "FAILED": FAILED,
    "CRASHED": DeploymentFailure(
        what="is CRASHED: its process ended with an error more often than the restart policy allows",
        next=_REPEAT,
        rolls_back=True,
    ),
    "REMOVED": DeploymentFailure(
        what="is REMOVED: somebody removed or aborted it before it was healthy",
        next="ask who did it and why, then run the command again: it starts a new deployment",
    ),
    "REMOVING": DeploymentFailure(
        what="is REMOVING: somebody removes it",
        next="ask who does it and why, then run the command again: it starts a new deployment",
    ),
    "SKIPPED": DeploymentFailure(
        what="is SKIPPED: no file that watchPatterns name has changed, or GitHub's checks failed",
        next="widen watchPatterns, repair the checks or push a commit that passes, then run the command again",
    ),
    "NEEDS_APPROVAL": DeploymentFailure(
        what="is NEEDS_APPROVAL: its commit is by somebody who is not a member of the project",
        next="approve it in the dashboard, then run the command again",
    ),
}
"""The statuses of a deployment that ended badly, and what each means."""


def describe_failure(status: str) -> str:
    """Say how a deployment with one of these statuses ended: ``is CRASHED: its process ended ...``.

    The step at which it failed takes another request and is left out.
    """
    return "is FAILED" if status == "FAILED" else FAILURE_BY_STATUS[status].what


KNOWN: Final = frozenset({
    *FAILURE_BY_STATUS, "SUCCESS", "SLEEPING", "INITIALIZING", "QUEUED", "WAITING", "BUILDING", "DEPLOYING",
})  # fmt: skip
"""All statuses that a deployment can have, as far as this client knows."""


def unknown(status: str) -> DeploymentFailure:
    """Describe a status that this version does not know: it may be the last one or not."""
    return DeploymentFailure(
        what=f"has the status {status}, which is newer than this version: it cannot tell whether that is a good end",
        next="look at it in the dashboard; get a version that knows this status, then run the command again",
    )


def timed_out(status: str) -> DeploymentFailure:
    """Describe a wait whose time is over."""
    return DeploymentFailure(
        what=f"is still {status} at the end of the time for it",
        next="run the command again, which goes on waiting, or give it longer with customTimeouts",
        rolls_back=True,
        next_after="find out what takes so long, or give it longer with customTimeouts, and run the command again: it "
        "starts a new deployment",
    )


def interrupted(status: str) -> DeploymentFailure:
    """Describe a wait that the user ended."""
    return DeploymentFailure(
        what=f"is {status}: interrupted while waiting for it", next="run the command again, which goes on waiting"
    )


def runs_something_else(status: str, different: str) -> DeploymentFailure:
    """Describe a healthy deployment of something that was not asked for."""
    return DeploymentFailure(
        what=f"is {status} but runs {different}",
        next="something else may have deployed at the same time; run the command again",
    )


def _superseded(failure: DeploymentFailure, own_id: str) -> DeploymentFailure:
    """Describe the failure of a deployment that replaced the requested one."""
    return replace(
        failure,
        what=f"{failure.what}\nit superseded deployment {own_id}, which was the one asked for",
        next="find out who or what deployed at the same time, for example a push; run the command again",
        rolls_back=False,
    )


class DeploymentFailed(Failure):
    """Tell that a deployment failed, or did not end in time."""

    def __init__(self, text: str, deployment: Deployment | None, failure: DeploymentFailure) -> None:
        super().__init__(f"{text}\nnext: {failure.next}")
        self.text = text
        """Everything but the next step."""
        self.deployment = deployment
        self.reason = failure


class DeploymentFailures:
    """Report failed deployments of one environment."""

    def __init__(self, environment: EnvironmentAccess) -> None:
        self._environment = environment

    async def report(
        self,
        spec: DeploymentSpec,
        deployment: Deployment | None,
        failure: DeploymentFailure,
        *,
        own_id: str | None = None,
    ) -> DeploymentFailed:
        """Return the failure to raise, with everything that a person needs.

        ``own_id`` is the deployment that was asked for, should that be another one.
        """
        if deployment is None:
            text = f"the deployment of {spec.service_name} {failure.what}"
            return DeploymentFailed(f"{text}\nsee {self.address(spec.service_id)}", None, failure)
        logs, step = await self._logs(spec, deployment)
        if failure is FAILED:
            failure = _FAILED_AT.get(step, FAILED)
        if own_id not in {None, deployment.id}:
            failure = _superseded(failure, str(own_id))
        lines = [f"deployment {deployment.id} of {spec.service_name} {failure.what}", *logs]
        return DeploymentFailed(
            "\n".join([*lines, f"see {self.address(spec.service_id, deployment)}"]), deployment, failure
        )

    async def _logs(self, spec: DeploymentSpec, deployment: Deployment) -> tuple[Sequence[str], str]:
        """Return the end of the log, and the step at which the deployment failed; empty where Railway does not say."""
        try:
            answer = await self._environment.transport.read(LOGS, deploymentId=deployment.id, limit=LOG_LINES)
        except RailwayError as failure:
            return [f"its log could not be read: {failure}"], ""
        step = _failed_step(answer)
        if answer["deploymentLogs"]:
            kind, every = "deployment", answer["deploymentLogs"]
        else:
            kind, every = "build", answer["buildLogs"]
        # Railway answers with up to one line more than asked for.
        log = list(every)[-LOG_LINES:]
        if not log:
            return ["its build and deployment logs are empty"], step
        lines = [f"    {redact(line['message'], spec.secrets)}" for line in log]
        count = "last line" if len(lines) == 1 else f"last {len(lines)} lines"
        return [f"the {count} of its {kind} log:", *lines], step

    def address(self, service_id: str, deployment: Deployment | None = None) -> str:
        """Return where the dashboard shows it."""
        environment = self._environment
        return dashboard_address(
            environment.project_id, environment.environment_id, service_id, deployment.id if deployment else None
        )


def dashboard_address(
    project_id: str | None, environment_id: str | None, service_id: str | None, deployment_id: str | None
) -> str:
    """Return where Railway's dashboard shows a deployment, or a service where ``deployment_id`` is None."""
    query = f"&id={deployment_id}" if deployment_id else ""
    return f"https://railway.com/project/{project_id}/service/{service_id}?environmentId={environment_id}{query}"


def _failed_step(answer: DeploymentLogTails) -> str:
    """Return the last step with an error; without events, the logs tell whether it was built."""
    events = nodes(answer["deploymentEvents"])
    failed = [each["step"] for each in events if each["payload"] and each["payload"]["error"]]
    if failed:
        return _STEPS.get(failed[-1], failed[-1])
    return "" if answer["deploymentLogs"] or not answer["buildLogs"] else "BUILD_IMAGE"
