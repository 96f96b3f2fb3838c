"""An address of Railway's own for a service, <service>-<environment>.up.railway.app.

Owns one such domain. Railway makes the name; choosing it is not offered, because renaming is reported to do nothing.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated

from pulumi_provider.declaration import Context, Property, Resource
from pulumiverse_railway import rules
from railway_api.documents.domain import SERVICE_DOMAIN_CREATE, SERVICE_DOMAIN_DELETE, SERVICE_DOMAIN_UPDATE
from railway_api.environment import Environment
from railway_api.errors import Opaque, Race
from railway_api.failure import Failure
from railway_api.retries import create_through_races

from .shared.domains import ID_PARTS, service_domains
from .shared.scopes import ServiceScoped, delete, environment_of, join, split

if TYPE_CHECKING:
    from railway_api.answers import ServiceDomain as AnsweredDomain


@dataclass(frozen=True, kw_only=True)
class ServiceDomainInputs(ServiceScoped):
    """Inputs of an address of Railway's own."""

    target_port: Annotated[
        int | None,
        Property(
            "Port of the service that it leads to. Default: Railway detects it (API: targetPort).", check=rules.port
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class ServiceDomainState(ServiceDomainInputs):
    """An address as it is."""

    domain: Annotated[str, Property("The host, <…>.up.railway.app (API: domain).", stable=True)]


class ServiceDomain(Resource[ServiceDomainInputs, ServiceDomainState]):
    """An address of Railway's own. Its id is <project id>/<environment id>/<service id>/<domain>."""

    token = "railway:index:ServiceDomain"
    inputs_type, state_type = ServiceDomainInputs, ServiceDomainState

    async def create(self, context: Context, new: ServiceDomainInputs) -> tuple[str, ServiceDomainState]:
        """Create the address, or take the one on the same port that an interrupted run left."""
        environment = environment_of(context, new.project_id, new.environment_id)
        snapshot = await environment.snapshot()
        every = snapshot.service_domains(new.service_id)
        address = _left_over(context, environment, new, every)
        if address is None:
            _refuse_a_second(every)
            address = await _create(context, environment, new)
        environment.claim(address["id"])
        state = ServiceDomainState(**asdict(new), domain=address["domain"])
        return _id(new, address), state

    async def read(self, context: Context, id: str, old: ServiceDomainState | None) -> ServiceDomainState | None:
        """Return the address."""
        project_id, environment_id, service_id, domain = split(id, *ID_PARTS)
        snapshot = await environment_of(context, project_id, environment_id).snapshot_or_none()
        address = snapshot.service_domain(service_id, domain) if snapshot else None
        if address is None:
            return None
        return ServiceDomainState(
            project_id=project_id,
            environment_id=environment_id,
            service_id=service_id,
            target_port=address["targetPort"],
            domain=domain,
        )

    async def update(
        self, context: Context, id: str, old: ServiceDomainState, new: ServiceDomainInputs
    ) -> ServiceDomainState:
        """Lead it to another port."""
        environment = environment_of(context, new.project_id, new.environment_id)
        address = (await environment.snapshot()).service_domain(new.service_id, old.domain)
        if address is None:
            raise Failure(f"{old.domain} is not on the service any more: run 'pulumi refresh', then the command again")
        if address["targetPort"] != new.target_port:
            # Railway wants the name along even when only the port changes.
            changes = {
                "serviceDomainId": address["id"],
                "environmentId": new.environment_id,
                "serviceId": new.service_id,
                "domain": old.domain,
                "targetPort": new.target_port,
            }
            await environment.write(SERVICE_DOMAIN_UPDATE, input=changes)
        return ServiceDomainState(**asdict(new), domain=old.domain)

    async def delete(self, context: Context, id: str, old: ServiceDomainState) -> None:
        """Give the address up."""
        project_id, environment_id, service_id, domain = split(id, *ID_PARTS)
        environment = environment_of(context, project_id, environment_id)

        async def action() -> None:
            snapshot = await environment.snapshot_or_none()
            address = snapshot.service_domain(service_id, domain) if snapshot else None
            if address is not None:
                await environment.write(SERVICE_DOMAIN_DELETE, id=address["id"])

        await delete(context, environment, action, lambda snapshot: bool(snapshot.service_domain(service_id, domain)))


def _id(new: ServiceDomainInputs, address: AnsweredDomain) -> str:
    return join(new.project_id, new.environment_id, new.service_id, address["domain"])


def _left_over(
    context: Context, environment: Environment, new: ServiceDomainInputs, every: list[AnsweredDomain]
) -> AnsweredDomain | None:
    """Return an address on this port that no other resource of this run has."""
    return next(
        (
            address
            for address in every
            if address["targetPort"] == new.target_port
            and (environment.is_free(address["id"]) or _id(new, address) == context.replaces)
        ),
        None,
    )


def _refuse_a_second(every: list[AnsweredDomain]) -> None:
    """Raise ``Failure`` where the service has an address already."""
    if every:
        existing = every[0]
        raise Failure(
            f"Railway gives a service one generated domain, and this one has {existing['domain']}, which leads to port "
            f"{existing['targetPort'] or 'of its choice'}: remove this ServiceDomain and set targetPort of the other "
            "one, or use a CustomDomain for a second address"
        )


async def _create(context: Context, environment: Environment, new: ServiceDomainInputs) -> AnsweredDomain:
    inputs: dict[str, object] = {"environmentId": new.environment_id, "serviceId": new.service_id}
    if new.target_port is not None:
        inputs["targetPort"] = new.target_port

    async def look() -> AnsweredDomain | None:
        # The name is Railway's, so what the service has now shows whether one was made.
        return _left_over(context, environment, new, await service_domains(environment, new.service_id))

    async def create() -> AnsweredDomain:
        return await environment.write(SERVICE_DOMAIN_CREATE, input=inputs)

    return await create_through_races(context, create, look, doubtful=(Opaque, Race))
