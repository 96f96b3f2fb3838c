"""Static outbound addresses of a service, for servers that let only known addresses in.

Owns the association of a service with them. Railway gives them no id, so there is one set per service.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Final

from pulumi_provider.declaration import Context, Property, Resource
from pulumiverse_railway import rules
from railway_api.documents.networking import EGRESS_GATEWAY_CREATE, EGRESS_GATEWAYS, EGRESS_GATEWAYS_CLEAR
from railway_api.environment import Environment
from railway_api.errors import Exists, NotFound, Opaque
from railway_api.failure import Failure
from railway_api.retries import create_through_races, retry_on

from .shared.scopes import ServiceScoped, claimed, delete, environment_of, join, split

if TYPE_CHECKING:
    from railway_api.answers import EgressGateway as AnsweredGateway


ID_PARTS: Final = ("project id", "environment id", "service id")


@dataclass(frozen=True, kw_only=True)
class EgressGatewayInputs(ServiceScoped):
    """Inputs of static outbound addresses."""

    region: Annotated[
        str | None,
        Property(
            "Region whose traffic leaves through them, such as us-west2; another one gives other addresses. Default: "
            "where the service runs (API: region).",
            replaces=True,
            keeps_when_unset=True,
            check=rules.Matching(r"[a-z0-9-]+", "a region such as us-west2"),
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class EgressGatewayState(EgressGatewayInputs):
    """Static outbound addresses as they are."""

    ipv4_addresses: Annotated[
        list[str],
        Property("Addresses that connections of the service come from (API: EgressGateway.ipv4).", stable=True),
    ]


class EgressGateway(Resource[EgressGatewayInputs, EgressGatewayState]):
    """Static outbound IPv4 addresses of a service, on the Pro plan; other customers may share them.

    They count from the next deployment of the service on. Its id is <project id>/<environment id>/<service id>.
    """

    token = "railway:index:EgressGateway"
    inputs_type, state_type = EgressGatewayInputs, EgressGatewayState
    delete_before_replace = True

    async def create(self, context: Context, new: EgressGatewayInputs) -> tuple[str, EgressGatewayState]:
        """Ask for addresses, or take those that an interrupted run asked for."""
        environment = environment_of(context, new.project_id, new.environment_id)
        id = join(new.project_id, new.environment_id, new.service_id)
        gateways = _left_over(new, await retry_on(context, lambda: _list(environment, new.service_id), on=(NotFound,)))
        if gateways:
            await context.info("took over the static outbound IPs that the service has already")
        else:
            gateways = await _create(context, environment, new)
        # The addresses have no id, so the claim names the service.
        if not claimed(context, environment, f"static outbound IPs of {new.service_id}", id):
            raise Failure(f"two resources are the static outbound IPs of service {new.service_id}: remove one of them")
        return id, _state(new, gateways)

    async def read(self, context: Context, id: str, old: EgressGatewayState | None) -> EgressGatewayState | None:
        """Return the addresses."""
        project_id, environment_id, service_id = split(id, *ID_PARTS)
        environment = environment_of(context, project_id, environment_id)
        snapshot = await environment.snapshot_or_none()
        if snapshot is None or not snapshot.has_instance(service_id):
            return None
        gateways = await _list(environment, service_id)
        if not gateways:
            return None
        region = None if old is not None and old.region is None else _region(gateways)
        inputs = EgressGatewayInputs(
            project_id=project_id, environment_id=environment_id, service_id=service_id, region=region
        )
        return _state(inputs, gateways)

    async def update(
        self, context: Context, id: str, old: EgressGatewayState, new: EgressGatewayInputs
    ) -> EgressGatewayState:
        """Change nothing: this is only reached when the region is not named any more."""
        return EgressGatewayState(**asdict(new), ipv4_addresses=old.ipv4_addresses)

    async def delete(self, context: Context, id: str, old: EgressGatewayState) -> None:
        """Give the addresses up: connections come from changing ones again."""
        project_id, environment_id, service_id = split(id, *ID_PARTS)
        environment = environment_of(context, project_id, environment_id)

        async def action() -> None:
            snapshot = await environment.snapshot_or_none()
            if snapshot is not None and snapshot.has_instance(service_id):
                await environment.write(
                    EGRESS_GATEWAYS_CLEAR, input={"environmentId": environment_id, "serviceId": service_id}
                )

        await delete(context, environment, action, lambda snapshot: snapshot.has_instance(service_id))


def _region(gateways: list[AnsweredGateway]) -> str:
    return gateways[0]["region"]


def _state(new: EgressGatewayInputs, gateways: list[AnsweredGateway]) -> EgressGatewayState:
    return EgressGatewayState(**asdict(new), ipv4_addresses=sorted(gateway["ipv4"] for gateway in gateways))


async def _list(environment: Environment, service_id: str) -> list[AnsweredGateway]:
    return await environment.ask(EGRESS_GATEWAYS, environmentId=environment.environment_id, serviceId=service_id)


def _left_over(new: EgressGatewayInputs, gateways: list[AnsweredGateway]) -> list[AnsweredGateway]:
    """Return the addresses of the service; those of another region belong to another resource."""
    if gateways and new.region not in {None, _region(gateways)}:
        id = join(new.project_id, new.environment_id, new.service_id)
        raise Failure(
            f"service {new.service_id} has static outbound IPs in {_region(gateways)} already: import them with "
            f"'pulumi import railway:index:EgressGateway <resource name> {id}', or remove them in the dashboard"
        )
    return gateways


async def _create(context: Context, environment: Environment, new: EgressGatewayInputs) -> list[AnsweredGateway]:
    inputs: dict[str, object] = {"environmentId": new.environment_id, "serviceId": new.service_id}
    if new.region is not None:
        inputs["region"] = new.region

    async def look() -> list[AnsweredGateway] | None:
        return _left_over(new, await _list(environment, new.service_id)) or None

    async def create() -> list[AnsweredGateway]:
        return await environment.write(EGRESS_GATEWAY_CREATE, input=inputs)

    return await create_through_races(context, create, look, doubtful=(Opaque, Exists))
