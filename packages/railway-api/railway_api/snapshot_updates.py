"""Adds what a create of this process made to what was read before it, so that nothing has to be read again.

Owns the creates whose answers tell all that the next step has to know. A create that is not here, or of which one
answer is missing, makes what was read worthless instead. Makes no request.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from railway_api.json_objects import table
from railway_api.relay import Connection, Node, nodes
from railway_api.snapshot import Snapshot

if TYPE_CHECKING:
    from railway_api.answers import (
        CustomDomain,
        EnvironmentSnapshot,
        Service,
        ServiceDomain,
        ServiceInstanceInEnvironmentSnapshot,
        Volume,
    )

Arguments = Mapping[str, object]
Update = Callable[["EnvironmentSnapshot", Arguments, Any], str | None]
"""Writes one answer (third) to a create's arguments (second) into the data; gives the id of the service whose settings
are not known by it, if any. Raises ``KeyError`` or ``StopIteration`` when the answer does not tell enough."""


def updated_snapshot(
    snapshot: Snapshot, field: str, calls: Sequence[Arguments], answers: Sequence[object]
) -> Snapshot | None:
    """Return the environment after these creates; None when only a read can tell."""
    update = _UPDATES.get(field)
    if update is None or any(isinstance(answer, BaseException) for answer in answers):
        return None
    data = copy.deepcopy(snapshot.data)
    unread = set(snapshot.unread)
    for call, answer in zip(calls, answers, strict=True):
        try:
            unknown = update(data, call, answer)
        except (KeyError, StopIteration, TypeError):
            return None
        unread |= {unknown} if unknown else set()
    return Snapshot(data, unread=frozenset(unread))


def _add(connection: Connection[Node], node: Node) -> None:
    connection["edges"] = [*connection["edges"], {"node": node}]


def _service_id(call: Arguments) -> str:
    return str(table(call["input"])["serviceId"])


def _service(data: EnvironmentSnapshot, call: Arguments, answer: Service) -> str | None:
    del call
    _add(
        data["project"]["services"],
        {
            "id": answer["id"],
            "name": answer["name"],
            "icon": answer["icon"],
            "deletedAt": answer["deletedAt"],
            "tracingEnabled": answer["tracingEnabled"],
            "autoInstrumentationEnabled": answer["autoInstrumentationEnabled"],
        },
    )
    instance: ServiceInstanceInEnvironmentSnapshot = {
        "id": "",
        "serviceId": answer["id"],
        "deletedAt": None,
        "latestDeployment": None,
        "domains": {"serviceDomains": [], "customDomains": []},
    }
    _add(data["environment"]["serviceInstances"], instance)
    return answer["id"]


def _volume(data: EnvironmentSnapshot, call: Arguments, answer: Volume) -> str | None:
    environment = data["environment"]
    instance = next(each for each in nodes(answer["volumeInstances"]) if each["environmentId"] == environment["id"])
    _add(data["project"]["volumes"], {"id": answer["id"], "name": answer["name"]})
    _add(
        environment["volumeInstances"],
        {
            "id": instance["id"],
            "serviceId": instance["serviceId"],
            "mountPath": instance["mountPath"],
            "sizeMB": instance["sizeMB"],
            "volumeId": answer["id"],
            "state": "READY",
            "isPendingDeletion": False,
            "deletedAt": None,
        },
    )
    services = environment["config"].get("services") or {}
    service_id = _service_id(call)
    is_known = service_id in services
    settings = services.get(service_id) or {}
    mounts = {**(settings.get("volumeMounts") or {})}
    mounts[answer["id"]] = {"mountPath": instance["mountPath"]}
    environment["config"]["services"] = {**services, service_id: {**settings, "volumeMounts": mounts}}
    return None if is_known else service_id


def _instance(data: EnvironmentSnapshot, call: Arguments) -> ServiceInstanceInEnvironmentSnapshot:
    every = nodes(data["environment"]["serviceInstances"])
    return next(instance for instance in every if instance["serviceId"] == _service_id(call))


def _plain(answer: CustomDomain | ServiceDomain) -> ServiceDomain:
    """Return what a read shows of a domain unless it is asked for more."""
    return {
        "id": answer["id"],
        "domain": answer["domain"],
        "targetPort": answer["targetPort"],
        "deletedAt": answer["deletedAt"],
    }


def _custom_domain(data: EnvironmentSnapshot, call: Arguments, answer: CustomDomain) -> None:
    domains, added = _instance(data, call)["domains"], _plain(answer)
    domains["customDomains"] = [*domains["customDomains"], {**added}]


def _service_domain(data: EnvironmentSnapshot, call: Arguments, answer: ServiceDomain) -> None:
    domains = _instance(data, call)["domains"]
    domains["serviceDomains"] = [*domains["serviceDomains"], _plain(answer)]


_UPDATES: Final[Mapping[str, Update]] = {
    "serviceCreate": _service,
    "volumeCreate": _volume,
    "customDomainCreate": _custom_domain,
    "serviceDomainCreate": _service_domain,
}
