"""The name of a service in the private network of its environment.

Owns the name alone. Railway makes the endpoint itself with the first deployment of the service and takes it away with
the service: so creating this resource means to find the endpoint and name it, and deleting it only forgets it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

from pulumi_provider.declaration import UNKNOWN, Context, Property, Resource
from pulumiverse_railway import rules
from railway_api.documents.networking import PRIVATE_NETWORK_ENDPOINT, PRIVATE_NETWORK_ENDPOINT_RENAME, PRIVATE_NETWORKS
from railway_api.environment import Environment
from railway_api.errors import Busy, Race
from railway_api.failure import Failure
from railway_api.retries import retry_on, wait_for

from .shared.scopes import ServiceScoped, claimed, environment_of, join, split

if TYPE_CHECKING:
    from railway_api.answers import PrivateNetworkEndpoint as AnsweredEndpoint


ID_PARTS: Final = ("project id", "environment id", "service id")
SUFFIX: Final = "railway.internal"
RESERVED: Final = ("health", "internal", "internal-health", "railway", "up")
_label: Final = rules.Matching(rules.LABEL, "1 to 63 lower-case letters, digits and inner hyphens, without a dot")


def _dns_name(value: str) -> str | None:
    """Return one DNS label that Railway does not use itself."""
    if value in RESERVED:
        return f"must not be {value}, which Railway keeps for itself (as {', '.join(RESERVED)})"
    return _label(value)


@dataclass(frozen=True, kw_only=True)
class PrivateNetworkEndpointInputs(ServiceScoped):
    """Inputs of a service's name in the private network."""

    dns_name: Annotated[
        str,
        Property(
            "Name of the service in the private network, without .railway.internal, unique in its environment "
            "(API: dnsName).",
            check=_dns_name,
        ),
    ]


@dataclass(frozen=True, kw_only=True)
class PrivateNetworkEndpointState(PrivateNetworkEndpointInputs):
    """A named endpoint as it is."""

    host: Annotated[str, Property("Host under which other services reach it, <dnsName>.railway.internal.")]
    private_network_id: Annotated[
        str, Property("Railway's id of the network (API: PrivateNetwork.publicId).", stable=True)
    ]
    endpoint_id: Annotated[
        str, Property("Railway's id of the endpoint (API: PrivateNetworkEndpoint.publicId).", stable=True)
    ]


class PrivateNetworkEndpoint(Resource[PrivateNetworkEndpointInputs, PrivateNetworkEndpointState]):
    """The name of a running service in the private network, where the one that Railway chooses does not do.

    Railway makes the endpoint with the first deployment, so this depends on the ServiceInstance; deleting it leaves the
    endpoint and its name as they are. The output privateDomain of the Service does not follow: use host. Its id is
    <project id>/<environment id>/<service id>.
    """

    token = "railway:index:PrivateNetworkEndpoint"
    inputs_type, state_type = PrivateNetworkEndpointInputs, PrivateNetworkEndpointState

    def known_outputs(self, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the host, which follows from the name."""
        name = inputs.get("dns_name")
        return {} if name is UNKNOWN or name is None else {"host": f"{name}.{SUFFIX}"}

    async def create(
        self, context: Context, new: PrivateNetworkEndpointInputs
    ) -> tuple[str, PrivateNetworkEndpointState]:
        """Wait for the endpoint that Railway makes, and name it."""
        environment = environment_of(context, new.project_id, new.environment_id)
        network_id, endpoint = await _appeared(context, environment, new)
        id = join(new.project_id, new.environment_id, new.service_id)
        if not claimed(context, environment, endpoint["publicId"], id):
            raise Failure(f"two resources name service {new.service_id} in the private network: remove one of them")
        await _rename(context, environment, new, network_id, endpoint)
        return id, _state(new, network_id, endpoint)

    async def read(
        self, context: Context, id: str, old: PrivateNetworkEndpointState | None
    ) -> PrivateNetworkEndpointState | None:
        """Return the endpoint with its name."""
        project_id, environment_id, service_id = split(id, *ID_PARTS)
        environment = environment_of(context, project_id, environment_id)
        snapshot = await environment.snapshot_or_none()
        if snapshot is None or not snapshot.has_instance(service_id):
            return None
        network_id = old.private_network_id if old else await _network(environment)
        endpoint = await _find(environment, service_id, network_id) if network_id else None
        if network_id is None or endpoint is None:
            return None
        inputs = PrivateNetworkEndpointInputs(
            project_id=project_id, environment_id=environment_id, service_id=service_id, dns_name=_name(endpoint)
        )
        return _state(inputs, network_id, endpoint)

    async def update(
        self, context: Context, id: str, old: PrivateNetworkEndpointState, new: PrivateNetworkEndpointInputs
    ) -> PrivateNetworkEndpointState:
        """Rename it."""
        environment = environment_of(context, new.project_id, new.environment_id)
        endpoint = await _find(environment, new.service_id, old.private_network_id)
        if endpoint is None:
            raise Failure(
                f"service {new.service_id} is not in the private network any more: run 'pulumi refresh', then the "
                "command again"
            )
        await _rename(context, environment, new, old.private_network_id, endpoint)
        return _state(new, old.private_network_id, endpoint)

    async def delete(self, context: Context, id: str, old: PrivateNetworkEndpointState) -> None:
        """Do nothing: the endpoint stays as long as its service."""
        split(id, *ID_PARTS)


def _state(
    new: PrivateNetworkEndpointInputs, network_id: str, endpoint: AnsweredEndpoint
) -> PrivateNetworkEndpointState:
    return PrivateNetworkEndpointState(
        **asdict(new),
        host=f"{new.dns_name}.{SUFFIX}",
        private_network_id=network_id,
        endpoint_id=endpoint["publicId"],
    )


def _name(endpoint: AnsweredEndpoint) -> str:
    """Return the name that it has, or is about to have."""
    return endpoint["newDnsName"] or endpoint["dnsName"]


async def _network(environment: Environment) -> str | None:
    """Return the network of the environment; there is one, once something was deployed."""
    every = await environment.ask(PRIVATE_NETWORKS, environmentId=environment.environment_id)
    return next((endpoint["publicId"] for endpoint in every if not endpoint["deletedAt"]), None)


async def _find(environment: Environment, service_id: str, network_id: str) -> AnsweredEndpoint | None:
    endpoint = await environment.ask(
        PRIVATE_NETWORK_ENDPOINT,
        environmentId=environment.environment_id,
        privateNetworkId=network_id,
        serviceId=service_id,
    )
    return None if endpoint is None or endpoint["deletedAt"] else endpoint


async def _appeared(
    context: Context, environment: Environment, new: PrivateNetworkEndpointInputs
) -> tuple[str, AnsweredEndpoint]:
    """Return the network and the endpoint, which may take minutes after the start of the first deployment."""
    snapshot = await environment.snapshot()
    source = snapshot.source(new.service_id)
    if not source.get("image") and not source.get("repo"):
        raise Failure(
            f"service {snapshot.service_name(new.service_id)} has nothing to run yet, and Railway puts it into the "
            "private network with its first deployment: let this resource depend on its ServiceInstance"
        )

    async def look() -> tuple[str, AnsweredEndpoint] | None:
        network_id = await _network(environment)
        endpoint = await _find(environment, new.service_id, network_id) if network_id else None
        return (network_id, endpoint) if network_id and endpoint else None

    doing = "waiting for the service to join the private network..."
    joined = await wait_for(context, look, doing=doing, for_s=math.inf)
    if joined is None:
        raise Failure(
            f"service {snapshot.service_name(new.service_id)} is not in the private network yet: look at its "
            "deployment in the dashboard, and run the command again"
        )
    return joined


async def _rename(
    context: Context,
    environment: Environment,
    new: PrivateNetworkEndpointInputs,
    network_id: str,
    endpoint: AnsweredEndpoint,
) -> None:
    """Give it the name, and wait until it is in effect."""
    if _name(endpoint) != new.dns_name:
        arguments = {"id": endpoint["publicId"], "privateNetworkId": network_id, "dnsName": new.dns_name}
        await retry_on(
            context, lambda: environment.write(PRIVATE_NETWORK_ENDPOINT_RENAME, **arguments), on=(Busy, Race)
        )

    async def look() -> AnsweredEndpoint | None:
        now = await _find(environment, new.service_id, network_id)
        return now if now is not None and now["dnsName"] == new.dns_name else None

    if await wait_for(context, look, doing=f"waiting for the name {new.dns_name}...") is None:
        raise Failure(f"the name {new.dns_name} is not in effect yet: run the command again")
