"""What a create of this process adds to what was read before it, so that nothing has to be read again.

Owns the creates whose answers tell all that the next step has to know. A create that is not here, or of which one
answer is missing, makes what was read worthless instead. Makes no request.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from railway_api.snapshot import Snapshot, nodes, table

Json = Mapping[str, Any]
Update = Callable[[dict[str, Any], Json, Json], str | None]
"""Writes one answer (third) to a create's arguments (second) into the data; gives the id of the service whose settings
are not known by it, if any. Raises ``KeyError`` or ``StopIteration`` when the answer does not tell enough."""


def updated_snapshot(snapshot: Snapshot, field: str, calls: Sequence[Json], answers: Sequence[Any]) -> Snapshot | None:
    """The environment after these creates; None when only a read can tell."""
    update = _UPDATES.get(field)
    if update is None or any(isinstance(answer, BaseException) for answer in answers):
        return None
    data = copy.deepcopy(dict(snapshot.data))
    unread = set(snapshot.unread)
    for call, answer in zip(calls, answers, strict=True):
        try:
            unknown = update(data, call, answer)
        except (KeyError, StopIteration):
            return None
        unread |= {unknown} if unknown else set()
    return Snapshot(data, unread=frozenset(unread))


def _add(connection: dict[str, Any], node: Json) -> None:
    connection["edges"] = [*connection["edges"], {"node": dict(node)}]


def _service(data: dict[str, Any], call: Json, answer: Json) -> str | None:
    del call
    _add(data["project"]["services"], {key: answer[key] for key in ("id", "name", "icon", "deletedAt")})
    instance: dict[str, Any] = {
        "id": "",
        "serviceId": answer["id"],
        "deletedAt": None,
        "latestDeployment": None,
        "domains": {"serviceDomains": [], "customDomains": []},
    }
    _add(data["environment"]["serviceInstances"], instance)
    return str(answer["id"])


def _volume(data: dict[str, Any], call: Json, answer: Json) -> str | None:
    environment = data["environment"]
    mine = next(found for found in nodes(answer["volumeInstances"]) if found["environmentId"] == environment["id"])
    _add(data["project"]["volumes"], {"id": answer["id"], "name": answer["name"]})
    instance = {
        **{key: mine[key] for key in ("id", "serviceId", "mountPath", "sizeMB")},
        "volumeId": answer["id"],
        "state": "READY",
        "isPendingDeletion": False,
        "deletedAt": None,
    }
    _add(environment["volumeInstances"], instance)
    services: dict[str, Any] = environment["config"].setdefault("services", {})
    service_id = str(call["input"]["serviceId"])
    known = service_id in services
    mounts: dict[str, Any] = services.setdefault(service_id, {}).setdefault("volumeMounts", {})
    mounts[answer["id"]] = {"mountPath": mine["mountPath"]}
    return None if known else service_id


def _domain(kind: str) -> Update:
    def update(data: dict[str, Any], call: Json, answer: Json) -> str | None:
        service_id = call["input"]["serviceId"]
        instances = data["environment"]["serviceInstances"]["edges"]
        instance = next(edge["node"] for edge in instances if edge["node"]["serviceId"] == service_id)
        every: list[Any] = table(instance["domains"]).get(kind) or []
        added = {key: answer[key] for key in ("id", "domain", "targetPort", "deletedAt")}
        instance["domains"] = {**table(instance["domains"]), kind: [*every, added]}
        return None

    return update


_UPDATES: Final[Mapping[str, Update]] = {
    "serviceCreate": _service,
    "volumeCreate": _volume,
    "customDomainCreate": _domain("customDomains"),
    "serviceDomainCreate": _domain("serviceDomains"),
}
