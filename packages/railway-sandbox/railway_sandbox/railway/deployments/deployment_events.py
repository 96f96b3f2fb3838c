"""The steps that a deployment has taken, and the one that it failed at.

The steps follow from the timeline, so nothing is stored.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from railway_sandbox.railway.access import Arguments, Caller, Operations
from railway_sandbox.railway.deployments.deployment_operations import find
from railway_sandbox.railway.records import Deployment

_STEPS: Final = {"BUILDING": "BUILD_IMAGE", "DEPLOYING": "CREATE_CONTAINER"}
_FAILS_AT: Final = {
    "build": ("BUILD_IMAGE", "the build command exited with code 1"),
    "no-access": ("BUILD_IMAGE", "the repository could not be read"),
    "unpullable": ("BUILD_IMAGE", "the image could not be pulled"),
    "pre-deploy": ("PRE_DEPLOY_COMMAND", "the command exited with code 1"),
    "unhealthy": ("HEALTHCHECK", "no answer was healthy"),
    "crash": ("HEALTHCHECK", "no answer was healthy"),
}


def _events(deployment: Deployment, now: float) -> Iterator[dict[str, Any]]:
    for number, moment in enumerate(deployment.timeline):
        step, error = _STEPS.get(moment.status), None
        if moment.status == "FAILED" and deployment.failure in _FAILS_AT:
            step, error = _FAILS_AT[deployment.failure]
        if step is None or moment.at > now:
            continue
        yield {
            "id": f"{deployment.id}-{number}",
            "step": step,
            "createdAt": moment.at,
            "completedAt": moment.at,
            "payload": {"error": error} if error else None,
        }


def _list(caller: Caller, arguments: Arguments) -> list[dict[str, Any]]:
    return list(_events(find(caller, arguments["id"]), caller.now))


QUERIES: Operations = {"deploymentEvents": _list}
