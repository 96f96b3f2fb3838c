"""Railway's own rollback, at once: the deployment of before runs again, with its image and its variables.

Owns what is asked of Railway for each service, and the wait until all of them are healthy. Does not choose the value,
and writes no settings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from railway_api.client import Client
from railway_api.deployment_failures import FAILURE_BY_STATUS, describe_failure
from railway_api.documents.deployment import DEPLOYMENT_CANCEL, DEPLOYMENT_ROLLBACK, DEPLOYMENTS
from railway_api.errors import OutcomeUnknown, RailwayError
from railway_api.plans import PLANS, Plan
from railway_api.relay import nodes
from railway_api.rollback import HEALTHY
from railyard.accounts.running_services import RunningService
from railyard.promote.rollback_choice import Ledger, Step
from railyard.promote.system_in_stack import PastDeployment, SystemInStack
from railyard.shared.console import OperationError

PATIENCE_S: Final = 1_200.0
"""Time limit of the deployments, in seconds of API time."""
LOOK_S: Final = 5.0
APPEAR_S: Final = 60.0
"""Seconds of API time until the deployment of a rollback is listed."""


class Action(StrEnum):
    """The request to Railway for one service."""

    NOTHING = "nothing"
    """It serves the value already."""
    CANCEL = "cancel"
    """It serves the value already, and a deployment of another one is under way."""
    ROLL_BACK = "roll back"
    """The deployment of before runs again."""


@dataclass(frozen=True, kw_only=True)
class ServiceRollback:
    """One service of a rollback."""

    service: str
    service_id: str
    action: Action
    deployment: str
    """The deployment that is cancelled or run again, or that serves."""
    newest: str
    """The newest deployment from before."""


def service_rollbacks(step: Step, ledger: Ledger, plan: Plan) -> list[ServiceRollback]:
    """Return what has to be asked of Railway; raises ``OperationError`` when one of the services cannot go back."""
    actions: list[ServiceRollback] = []
    reasons: list[str] = []
    for name in step.release.services:
        service = ledger.side.running.service(name)
        if service is None or service.service_id is None or service.latest is None:
            reasons.append(f"{name} is not up")
            continue
        pasts = ledger.pasts(name, step.value)
        chosen = _chosen(service, pasts)
        if chosen is None:
            reasons.append(f"Railway has no image of {name} any more")
            continue
        action, deployment = chosen
        actions.append(
            ServiceRollback(
                service=name,
                service_id=service.service_id,
                action=action,
                deployment=deployment,
                newest=service.newest.id if service.newest else service.latest.id,
            )
        )
    if reasons:
        raise OperationError(
            f"Railway cannot roll {step.system} back to {step.value}: {'; '.join(reasons)}. It keeps images for "
            f"{PLANS[plan].rollback_hours} hours after they were replaced (plan {plan}). Run the command without "
            f"--now, which changes the settings, and bring {ledger.side.stack} up: that pulls or builds again"
        )
    return actions


def _chosen(service: RunningService, pasts: Sequence[PastDeployment]) -> tuple[Action, str] | None:
    latest, serving = service.newest, service.serving
    if serving is not None and latest is not None and any(past.run.id == serving.id for past in pasts):
        if latest.id == serving.id or latest.status in FAILURE_BY_STATUS:
            return Action.NOTHING, serving.id
        return Action.CANCEL, latest.id
    target = next((past for past in pasts if past.can_roll_back), None)
    return (Action.ROLL_BACK, target.run.id) if target else None


async def roll_back(client: Client, system: SystemInStack, services: Sequence[ServiceRollback]) -> dict[str, str]:
    """Ask, and wait until all are healthy: service → the deployment that serves now. Raises ``OperationError``."""
    for each in services:
        try:
            if each.action is Action.CANCEL:
                await client.call(DEPLOYMENT_CANCEL, id=each.deployment)
            elif each.action is Action.ROLL_BACK:
                await client.call(DEPLOYMENT_ROLLBACK, id=each.deployment)
        except OutcomeUnknown:
            if each.action is Action.CANCEL:
                raise  # nothing appears that would tell; the next run sees whether it is over
            # If it was taken, its deployment appears.
    serving = {each.service: each.deployment for each in services if each.action is Action.NOTHING}
    serving |= {each.service: _serving(system, each.service) for each in services if each.action is Action.CANCEL}
    waiting = [each for each in services if each.action is Action.ROLL_BACK]
    began = client.clock.now()
    while waiting:
        passed_s = client.clock.now() - began
        for each, (deployment, status) in (await _newest(client, system, waiting)).items():
            if deployment != each.newest and status in HEALTHY:
                serving[each.service] = deployment
            else:
                _check(system, each, deployment, status, passed_s)
        waiting = [each for each in waiting if each.service not in serving]
        if waiting:
            await client.clock.sleep(LOOK_S)
    return serving


def _serving(system: SystemInStack, name: str) -> str:
    service = system.running.service(name)
    return service.serving.id if service and service.serving else ""


async def _newest(
    client: Client, system: SystemInStack, waiting: Sequence[ServiceRollback]
) -> dict[ServiceRollback, tuple[str, str]]:
    where = {"projectId": system.running.project_id, "environmentId": system.running.environment_id}
    calls = [{"input": {**where, "serviceId": each.service_id}, "first": 1} for each in waiting]
    newest_by_service: dict[ServiceRollback, tuple[str, str]] = {}
    for each, answer in zip(waiting, await client.transport.call_all(DEPLOYMENTS, calls), strict=True):
        if isinstance(answer, RailwayError):
            raise answer
        newest = nodes(answer)[0]
        newest_by_service[each] = (newest["id"], newest["status"])
    return newest_by_service


def _check(system: SystemInStack, each: ServiceRollback, deployment: str, status: str, passed_s: float) -> None:
    """Raise when there is nothing more to wait for."""
    address = system.address(each.service, deployment)
    next_step = f"see {address}; the settings were not changed, run the command again when you know more"
    if deployment == each.newest:
        if passed_s > APPEAR_S:
            raise OperationError(f"Railway has started no rollback of {each.service}: {next_step}")
    elif status in FAILURE_BY_STATUS:
        raise OperationError(f"the rollback of {each.service}, {deployment}, {describe_failure(status)}: {next_step}")
    if passed_s > PATIENCE_S:
        raise OperationError(f"the rollback of {each.service} is still {status} after {passed_s:.0f} s: {next_step}")
