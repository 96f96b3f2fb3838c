"""The sandbox's own HTTP API: faults, the simulated time, and the plan of the Railway account.

Holds both the server and the client side. Faults and defects last until they are deleted.

    GET    /sandbox/faults   all faults and defects: {"faults": [...], "defects": {...}}
    POST   /sandbox/faults   {"api": "cloudflare", "operation": "", "status": 503, "count": null}   a ``Fault``
                             {"source": "seance.dev", "defect": "dns"}                  a ``Defect`` of an image, a name
                             {"project": "seance-staging", "service": "backend", "defect": "crash"}   of a service
    DELETE /sandbox/faults   delete all faults and defects
    POST   /sandbox/time     {"advance_s": 10800}
    PUT    /sandbox/plan     {"plan": "hobby"}
    PUT    /sandbox/ssh      {}   starts the relay to the containers, as ssh.railway.com: {"host": …, "port": …}
    PUT    /sandbox/volume   {"project": "omega-staging", "service": "bot"}   where its files lie: {"folder": …}
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from typing import Any, Final, Protocol, get_args

from pydantic import TypeAdapter

from railway_sandbox.addresses import CONTROL_PATH
from railway_sandbox.clock import timestamp
from railway_sandbox.faults import Fault, Faults
from railway_sandbox.http_messages import Request, Response, UnreadableBodyError
from railway_sandbox.railway.cloud import Defect, RailwayCloud
from railway_sandbox.railway.deployments import service_defects
from railway_sandbox.railway.plans import PLANS
from railway_sandbox.storage import SandboxError

_LONGEST_S: Final = 3_650 * 86_400
_FAULT: Final = TypeAdapter(Fault)


class SettableClock(Protocol):
    """The source of the simulated time: ``Clock``, or ``ManualClock`` in a test."""

    def now(self) -> float: ...

    def advance(self, seconds: float) -> None: ...


class ControlledSandbox(Protocol):
    """The parts of a sandbox that can be controlled from here."""

    @property
    def railway(self) -> RailwayCloud: ...

    @property
    def faults(self) -> Faults: ...

    @property
    def clock(self) -> SettableClock: ...

    def relay(self) -> tuple[str, int]: ...


def respond(sandbox: ControlledSandbox, request: Request) -> Response:
    """Do what a request asks for, and answer with JSON: 404 for a path without meaning, 400 with what is wrong."""
    operation = _OPERATIONS.get((request.method, request.path.removeprefix(CONTROL_PATH)))
    if operation is None:
        return Response.of_json(404, {"message": f"the sandbox has no {request.method} {request.path}"})
    try:
        return Response.of_json(200, operation(sandbox, request.json_object()))
    except (UnreadableBodyError, ValueError, LookupError) as problem:
        return Response.of_json(400, {"message": str(problem.args[0]) if problem.args else str(problem)})


def ask(address: str, method: str, path: str, document: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Send one such request to the server at ``address``, ``faults`` for example, and return its answer.

    Raises ``SandboxError`` with the server's words when it refuses.
    """
    connection = http.client.HTTPConnection(address.partition("://")[2])
    try:
        connection.request(method, CONTROL_PATH + path, json.dumps(document or {}))
        answer = connection.getresponse()
        response_document: dict[str, Any] = json.loads(answer.read())
    finally:
        connection.close()
    if answer.status != http.HTTPStatus.OK:
        raise SandboxError(str(response_document["message"]))
    return response_document


def _list(sandbox: ControlledSandbox, arguments: Mapping[str, Any]) -> dict[str, Any]:
    del arguments
    return {"faults": sandbox.faults.dump(), "defects": dict(sandbox.railway.state.defects)}


def _add_fault(sandbox: ControlledSandbox, arguments: Mapping[str, Any]) -> dict[str, Any]:
    how = arguments.get("defect")
    if how is None:
        sandbox.faults.add(_FAULT.validate_python(arguments))
    elif how not in get_args(Defect):
        raise ValueError(f"there is no defect {how!r}; there are {', '.join(get_args(Defect))}")
    elif "service" in arguments:
        service_defects.add_defect(sandbox.railway, str(arguments.get("project")), str(arguments["service"]), how)
    elif "source" not in arguments:
        raise ValueError("a defect needs a source, or a project and a service")
    else:
        sandbox.railway.fail(str(arguments["source"]), how)
    return _list(sandbox, {})


def _clear_faults(sandbox: ControlledSandbox, arguments: Mapping[str, Any]) -> dict[str, Any]:
    mended = _list(sandbox, arguments)
    sandbox.faults.clear()
    service_defects.clear_defects(sandbox.railway)
    return mended


def _advance(sandbox: ControlledSandbox, arguments: Mapping[str, Any]) -> dict[str, Any]:
    seconds = arguments.get("advance_s")
    if not isinstance(seconds, int | float) or not 0 <= seconds <= _LONGEST_S:
        raise ValueError(f"advance_s is {seconds!r:.40}: name seconds, 0 or more and {_LONGEST_S} at most")
    sandbox.clock.advance(seconds)
    return {"now": timestamp(sandbox.clock.now())}


def _take_plan(sandbox: ControlledSandbox, arguments: Mapping[str, Any]) -> dict[str, Any]:
    plan = arguments.get("plan")
    if plan not in PLANS:
        raise ValueError(f"there is no plan {plan!r}; there are {', '.join(PLANS)}")
    sandbox.railway.state.plan = plan
    return {"plan": plan}


def _open_relay(sandbox: ControlledSandbox, arguments: Mapping[str, Any]) -> dict[str, Any]:
    del arguments
    host, port = sandbox.relay()
    return {"host": host, "port": port}


def _find_volume(sandbox: ControlledSandbox, arguments: Mapping[str, Any]) -> dict[str, Any]:
    cloud = sandbox.railway
    projects = {each.id for each in cloud.state.projects.values() if each.name == arguments.get("project")}
    services = {
        each.id
        for each in cloud.state.services.values()
        if each.project_id in projects and each.name == arguments.get("service")
    }
    for disk in cloud.state.volume_instances.values():
        if disk.service_id in services and disk.deleted_at is None:
            return {"folder": str(cloud.files.folder(disk.id))}
    raise LookupError(f"{arguments.get('project')} has no service {arguments.get('service')} with a volume")


_OPERATIONS: Final = {
    ("GET", "faults"): _list,
    ("POST", "faults"): _add_fault,
    ("DELETE", "faults"): _clear_faults,
    ("POST", "time"): _advance,
    ("PUT", "plan"): _take_plan,
    ("PUT", "ssh"): _open_relay,
    ("PUT", "volume"): _find_volume,
}
