"""Static outbound addresses of services.

Owns their association with a service instance. Traffic is not simulated, so when they take effect is not either.
"""

from __future__ import annotations

from typing import Any

from railway_sandbox.identifiers import short_of
from railway_sandbox.railway import regions
from railway_sandbox.railway.access import Arguments, Caller, Operations
from railway_sandbox.railway.config.view import region_of
from railway_sandbox.railway.errors import NotSimulated, Refused, invalid, upgrade
from railway_sandbox.railway.records import EgressAssociation, ServiceInstance


def _associations(caller: Caller, instance: ServiceInstance) -> list[EgressAssociation]:
    every = caller.cloud.state.egress_associations.values()
    return [association for association in every if association.instance_id == instance.id]


def _shown(association: EgressAssociation) -> dict[str, Any]:
    # An address of the range that is kept for documentation.
    last = int(short_of(association.id), 16) % 254 + 1
    return {"ipv4": f"198.51.100.{last}", "region": association.region, "zone": None}


def _list(caller: Caller, arguments: Arguments) -> list[dict[str, Any]]:
    _, instance = caller.instance(arguments)
    return [_shown(association) for association in _associations(caller, instance)]


def _create(caller: Caller, arguments: Arguments) -> list[dict[str, Any]]:
    inputs = arguments["input"]
    environment, instance = caller.instance(inputs)
    if caller.cloud.state.plan not in ("pro", "enterprise"):
        raise upgrade("Static outbound IPs are available on the Pro plan.")
    if _associations(caller, instance):
        raise Refused("A static outbound IP already exists for this service")
    region = inputs.get("region")
    if region is None:
        region = region_of(caller.cloud, environment, instance.service_id)
    if not regions.known(region):
        raise invalid("region")
    association = EgressAssociation(
        id=caller.cloud.new_id(), instance_id=instance.id, region=region, created_at=caller.now
    )
    caller.cloud.state.egress_associations[association.id] = association
    return [_shown(association)]


def _clear(caller: Caller, arguments: Arguments) -> bool:
    inputs = arguments["input"]
    if inputs.get("allEnvironments"):
        raise NotSimulated("The sandbox clears static outbound IPs of one environment at a time.")
    _, instance = caller.instance(inputs)
    for association in _associations(caller, instance):
        del caller.cloud.state.egress_associations[association.id]
    return True


QUERIES: Operations = {"egressGateways": _list}
MUTATIONS: Operations = {"egressGatewayAssociationCreate": _create, "egressGatewayAssociationsClear": _clear}
