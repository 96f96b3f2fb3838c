"""The logs of traffic: requests of visitors, connections, and names that were looked up.

All of them are empty: nothing runs in the sandbox that could be visited or connect. Whether the caller may ask is
checked all the same.
"""

from __future__ import annotations

from typing import Any

from railway_sandbox.railway.access import Arguments, Caller, Operations, Streams
from railway_sandbox.railway.deployments.deployment_operations import find


def _of_deployment(caller: Caller, arguments: Arguments) -> list[dict[str, Any]]:
    find(caller, arguments["deploymentId"])
    return []


def _of_environment(caller: Caller, arguments: Arguments) -> list[dict[str, Any]]:
    caller.environment(arguments["environmentId"])
    if arguments.get("serviceId"):
        caller.service(arguments["serviceId"])
    return []


def _nothing_new_of_deployment(caller: Caller, arguments: Arguments, previous: Any) -> tuple[None, Any]:
    _of_deployment(caller, arguments)
    return None, previous


def _nothing_new_of_environment(caller: Caller, arguments: Arguments, previous: Any) -> tuple[None, Any]:
    _of_environment(caller, arguments)
    return None, previous


QUERIES: Operations = {
    "httpLogs": _of_deployment,
    "networkFlowLogs": _of_environment,
    "dnsQueryLogs": _of_environment,
}
SUBSCRIPTIONS: Streams = {
    "httpLogs": _nothing_new_of_deployment,
    "networkFlowLogs": _nothing_new_of_environment,
    "dnsQueryLogs": _nothing_new_of_environment,
}
