"""The reports of deployments: their build and deploy logs, the steps that they have taken, and the logs of traffic.

Lines and steps follow from the timeline of the deployment, so nothing is stored. The logs of traffic (requests of
visitors, connections, names that were looked up) are empty: nothing runs in the sandbox that could be visited or
connect. Whether the caller may ask is checked all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

from railway_sandbox.clock import timestamp
from railway_sandbox.railway.access import Arguments, Caller, Operations, Stream, Streams
from railway_sandbox.railway.deployments.deployment_operations import find
from railway_sandbox.railway.errors import invalid
from railway_sandbox.railway.records import Deployment

DEFAULT_LIMIT = 100
LARGEST_LIMIT = 5000
_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)
_LATEST: Final = datetime.max.replace(tzinfo=UTC)
ATTEMPT_S = 30.0
"""Interval between two attempts of a health check."""

Line = tuple[float, str, str]
"""Time, severity and text."""


def _build(deployment: Deployment) -> Iterator[Line]:
    meta = deployment.meta
    source = meta["image"] if "image" in meta else f"{meta['repo']}@{meta['commitHash'][:7]}"
    for moment in deployment.timeline:
        if moment.status == "BUILDING":
            action = "Pulling image" if "image" in meta else "Building"
            yield moment.at, "info", f"{action} {source}"
        elif moment.status == "DEPLOYING":
            yield moment.at, "info", f"Finished: {source}"
        elif moment.status == "FAILED" and deployment.failure == "unpullable":
            yield moment.at, "error", f"Failed to pull image {source}: manifest unknown"
        elif moment.status == "FAILED" and deployment.failure == "build":
            yield moment.at, "error", "npm error code ELIFECYCLE"
            yield moment.at, "error", "Build failed: the build command exited with code 1"


def _run(deployment: Deployment) -> Iterator[Line]:
    deploying: float | None = None
    checked = deployment.meta["serviceManifest"]["deploy"].get("healthcheckPath")
    for moment in deployment.timeline:
        if moment.status == "DEPLOYING":
            deploying = moment.at
            yield moment.at, "info", "Starting Container"
        elif moment.status == "SUCCESS":
            yield moment.at, "info", f"Healthcheck succeeded on {checked}" if checked else "Container started"
        elif moment.status == "CRASHED":
            yield moment.at, "error", "Error: process exited with code 1"
        elif moment.status == "FAILED" and deploying is not None:
            if deployment.failure == "pre-deploy":
                yield moment.at, "error", "Error: the pre-deploy command exited with code 1"
                continue
            for attempt in range(int((moment.at - deploying) // ATTEMPT_S)):
                at = deploying + (attempt + 1) * ATTEMPT_S
                yield at, "warn", f"Attempt #{attempt + 1} failed with service unavailable"
            if deployment.failure == "crash":
                yield moment.at, "error", "Error: process exited with code 1"
            yield moment.at, "error", f"Healthcheck failed! {checked} never became healthy"


def _matches(query: str, severity: str, text: str) -> bool:
    """Tell whether a line is wanted: by ``@level:error`` and the like, and by a part of its text."""
    levels = [word.removeprefix("@level:") for word in query.split() if word.startswith("@level:")]
    needle = " ".join(word for word in query.split() if not word.startswith("@level:")).strip('"')
    return all(level == severity for level in levels) and needle.lower() in text.lower()


def _lines(caller: Caller, arguments: Arguments, deployment: Deployment, lines: Iterator[Line]) -> list[dict[str, Any]]:
    limit = arguments.get("limit")
    limit = DEFAULT_LIMIT if limit is None else limit
    if not 0 < limit <= LARGEST_LIMIT:
        raise invalid("limit")
    tags = {
        "deploymentId": deployment.id,
        "deploymentInstanceId": None,
        "environmentId": deployment.environment_id,
        "projectId": deployment.project_id,
        "serviceId": deployment.service_id,
        "snapshotId": deployment.snapshot_id,
    }
    query = str(arguments.get("filter") or "")
    start, end = arguments.get("startDate") or _EARLIEST, arguments.get("endDate") or _LATEST
    entries: list[dict[str, Any]] = [
        {"timestamp": timestamp(at), "severity": severity, "message": text, "attributes": [], "tags": tags}
        for at, severity, text in sorted(lines, key=lambda line: line[0])
        if at <= caller.now and _matches(query, severity, text)
    ]
    # Railway answers with one line more than the limit.
    return [each for each in entries if start <= datetime.fromisoformat(each["timestamp"]) <= end][-(limit + 1) :]


def _build_logs(caller: Caller, arguments: Arguments) -> list[dict[str, Any]]:
    deployment = find(caller, arguments["deploymentId"])
    return _lines(caller, arguments, deployment, _build(deployment))


def _deployment_logs(caller: Caller, arguments: Arguments) -> list[dict[str, Any]]:
    deployment = find(caller, arguments["deploymentId"])
    return _lines(caller, arguments, deployment, _run(deployment))


def _news_of(log: Callable[[Caller, Arguments], list[dict[str, Any]]]) -> Stream:
    """Return the stream of a log: its last lines at first, then the lines since."""

    def news(caller: Caller, arguments: Arguments, sent_count: int | None) -> tuple[list[dict[str, Any]] | None, int]:
        lines = log(caller, {**arguments, "limit": LARGEST_LIMIT})
        first = max(0, len(lines) - (arguments.get("limit") or DEFAULT_LIMIT)) if sent_count is None else sent_count
        return lines[first:] or None, len(lines)

    return news


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


def _steps(caller: Caller, arguments: Arguments) -> list[dict[str, Any]]:
    return list(_events(find(caller, arguments["id"]), caller.now))


def _of_deployment(caller: Caller, arguments: Arguments) -> list[dict[str, Any]]:
    find(caller, arguments["deploymentId"])
    return []


def _of_environment(caller: Caller, arguments: Arguments) -> list[dict[str, Any]]:
    caller.environment(arguments["environmentId"])
    if arguments.get("serviceId"):
        caller.service(arguments["serviceId"])
    return []


_LOGS: Operations = {
    "buildLogs": _build_logs,
    "deploymentLogs": _deployment_logs,
    "httpLogs": _of_deployment,
    "networkFlowLogs": _of_environment,
    "dnsQueryLogs": _of_environment,
}

QUERIES: Operations = {**_LOGS, "deploymentEvents": _steps}
SUBSCRIPTIONS: Streams = {name: _news_of(log) for name, log in _LOGS.items()}
