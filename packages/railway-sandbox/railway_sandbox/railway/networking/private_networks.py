"""The private network of an environment, and the names that services have in it.

Owns endpoints, which follow from deployments: one appears with the first deployment of a service instance. Only a
chosen name is remembered.
"""

from __future__ import annotations

from typing import Any

from railway_sandbox.identifiers import short_of, uuid_of
from railway_sandbox.railway.access import Arguments, Caller, Operations
from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.railway.deployments import deployments
from railway_sandbox.railway.errors import Refused, invalid, not_found
from railway_sandbox.railway.records import EndpointName, Environment, ServiceInstance
from railway_sandbox.railway.services.services import is_label

ENDPOINT_AFTER_S = 40.0
"""Seconds from the start of the first deployment until the endpoint appears."""
RENAMING_S = 4.0
RESERVED = ("health", "internal", "internal-health", "railway", "up")


def _network_id(environment: Environment) -> str:
    return uuid_of(f"{environment.id}/network")


def _endpoint_id(instance: ServiceInstance) -> str:
    return uuid_of(f"{instance.id}/endpoint")


def _since(cloud: RailwayCloud, instance: ServiceInstance) -> float | None:
    """Return when the endpoint of an instance appears, if it is known yet."""
    every = deployments.history(cloud, instance.environment_id, instance.service_id)
    first = next((each for each in every if each.created_at >= instance.created_at), None)
    return None if first is None else first.created_at + ENDPOINT_AFTER_S


def _exists(cloud: RailwayCloud, instance: ServiceInstance) -> bool:
    created_at = _since(cloud, instance)
    return created_at is not None and cloud.now() >= created_at


def _own_label(cloud: RailwayCloud, instance: ServiceInstance) -> str:
    return cloud.state.services[instance.service_id].dns_label


def _labels(cloud: RailwayCloud, instance: ServiceInstance) -> tuple[str, str | None]:
    """Return the name that is in effect, and the one that is about to be."""
    chosen = cloud.state.endpoint_names.get(instance.id)
    if chosen is None:
        return _own_label(cloud, instance), None
    is_renamed = cloud.now() >= chosen.renamed_at + RENAMING_S
    return (chosen.dns_name, None) if is_renamed else (chosen.former, chosen.dns_name)


def _networks(caller: Caller, arguments: Arguments) -> list[dict[str, Any]]:
    environment = caller.environment(arguments["environmentId"])
    if not any(_exists(caller.cloud, instance) for instance in caller.cloud.instances(environment.id)):
        return []
    return [
        {
            "publicId": _network_id(environment),
            "networkId": int(short_of(environment.id), 16),
            "name": "railway",
            "dnsName": "railway",
            "projectId": environment.project_id,
            "environmentId": environment.id,
            "tags": [],
            "createdAt": environment.created_at,
            "deletedAt": None,
        }
    ]


def _endpoint(caller: Caller, arguments: Arguments) -> dict[str, Any] | None:
    environment, instance = caller.instance(arguments)
    if not _exists(caller.cloud, instance) or arguments["privateNetworkId"] != _network_id(environment):
        return None
    label, coming = _labels(caller.cloud, instance)
    return {
        "publicId": _endpoint_id(instance),
        "serviceInstanceId": instance.id,
        "dnsName": label,
        "newDnsName": coming,
        "privateIps": [f"fd12:{short_of(instance.id, 4)}::1"],
        "syncStatus": "UPDATING" if coming else "ACTIVE",
        "tags": [],
        "createdAt": _since(caller.cloud, instance),
        "deletedAt": None,
    }


def _taken(cloud: RailwayCloud, environment_id: str, label: str, *, but: str = "") -> bool:
    other_instances = [instance for instance in cloud.instances(environment_id) if instance.id != but]
    return any(label in _labels(cloud, instance) for instance in other_instances)


def _available(caller: Caller, arguments: Arguments) -> bool:
    environment = caller.environment(arguments["environmentId"])
    label = arguments["prefix"]
    return _may_be_chosen(label) and not _taken(caller.cloud, environment.id, label)


def _may_be_chosen(label: str) -> bool:
    return is_label(label) and label not in RESERVED


def _rename(caller: Caller, arguments: Arguments) -> bool:
    cloud = caller.cloud
    label: str = arguments["dnsName"]
    living = [instance for instance in cloud.state.instances.values() if instance.deleted_at is None]
    instance = next((each for each in living if _endpoint_id(each) == arguments["id"]), None)
    if instance is None or not _exists(cloud, instance):
        raise not_found("PrivateNetworkEndpoint")
    environment = caller.environment(instance.environment_id)
    if arguments["privateNetworkId"] != _network_id(environment):
        raise not_found("PrivateNetwork")
    if not _may_be_chosen(label):
        raise invalid("dnsName")
    if _taken(cloud, environment.id, label, but=instance.id):
        raise Refused(f"{label} is already in use")
    former, coming = _labels(cloud, instance)
    if label not in (former, coming) or (coming is not None and label == former):
        cloud.state.endpoint_names[instance.id] = EndpointName(
            instance_id=instance.id, dns_name=label, former=former, renamed_at=cloud.now()
        )
    return True


QUERIES: Operations = {
    "privateNetworks": _networks,
    "privateNetworkEndpoint": _endpoint,
    "privateNetworkEndpointNameAvailable": _available,
}
MUTATIONS: Operations = {"privateNetworkEndpointRename": _rename}
