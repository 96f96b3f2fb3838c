"""A domain of one's own on a service, with the DNS records that it needs as outputs.

Owns the domain at Railway. Does not create DNS records (another provider does, from these outputs) and does not wait
for them: that is CustomDomainValidation, which comes after the records.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated

from pulumi_provider.declaration import Context, Property, Resource
from pulumi_provider.errors import InitializationFailed
from pulumiverse_railway import rules
from railway_api.documents.domain import (
    CUSTOM_DOMAIN_AVAILABLE,
    CUSTOM_DOMAIN_CREATE,
    CUSTOM_DOMAIN_DELETE,
    CUSTOM_DOMAIN_UPDATE,
)
from railway_api.environment import Environment
from railway_api.errors import Exists, Opaque, PlanLimit, Race, RailwayError
from railway_api.failure import Failure
from railway_api.retries import LAG_S, create_through_races

from .shared.domains import ACME, ID_PARTS, TRAFFIC, custom_domain, fully_qualified, next_look, record, verification
from .shared.scopes import ServiceScoped, claimed, delete, environment_of, join, split

if TYPE_CHECKING:
    from railway_api.answers import CustomDomain as Domain


@dataclass(frozen=True, kw_only=True)
class CustomDomainInputs(ServiceScoped):
    """Inputs of a custom domain."""

    domain: Annotated[
        str,
        Property(
            "The full name in lower case, api.example.com, example.com or *.example.com (API: domain).",
            replaces=True,
            check=rules.hostname,
        ),
    ]
    target_port: Annotated[
        int | None,
        Property(
            "Port of the service that it leads to. Default: Railway detects it (API: targetPort).", check=rules.port
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class CustomDomainState(CustomDomainInputs):
    """A custom domain as it is."""

    cname_host: Annotated[str, Property("Full name of the CNAME record (API: dnsRecords.fqdn).", stable=True)]
    cname_target: Annotated[
        str, Property("Target of the CNAME record, <…>.up.railway.app (API: dnsRecords.requiredValue).", stable=True)
    ]
    verification_host: Annotated[
        str, Property("Full name of the TXT record that proves ownership (API: verificationDnsHost).", stable=True)
    ]
    verification_value: Annotated[
        str,
        Property(
            "Its value, railway-verify=<…>; without it the domain answers 404 (API: verificationToken).", stable=True
        ),
    ]
    acme_host: Annotated[
        str | None,
        Property("For wildcards: full name of the CNAME record through which the certificate is issued.", stable=True),
    ] = None
    acme_target: Annotated[
        str | None, Property("For wildcards: where that record points; never proxied.", stable=True)
    ] = None


class CustomDomain(Resource[CustomDomainInputs, CustomDomainState]):
    """A custom domain of a service. Its id is <project id>/<environment id>/<service id>/<domain>."""

    token = "railway:index:CustomDomain"
    inputs_type, state_type = CustomDomainInputs, CustomDomainState
    delete_before_replace = True
    """A domain that moves to another service must leave the old one first."""
    identity = frozenset({"domain"})
    """Another name is made, and can be right, before the old one goes."""

    async def create(self, context: Context, new: CustomDomainInputs) -> tuple[str, CustomDomainState]:
        """Create the domain, or take the one that the service has, and wait until Railway shows its records."""
        environment = environment_of(context, new.project_id, new.environment_id)
        id = join(new.project_id, new.environment_id, new.service_id, new.domain)
        snapshot = await environment.snapshot()
        domain: Domain | None = None
        if snapshot.custom_domain(new.service_id, new.domain) is not None:
            domain = await custom_domain(environment, new.service_id, new.domain)
        if domain is None:
            domain = await _create(context, environment, new)
        if not claimed(context, environment, domain["id"], id):
            raise Failure(f"two resources are the custom domain {new.domain}: remove one of them")
        try:
            if domain["targetPort"] != new.target_port:
                await _set_port(environment, domain["id"], new.target_port)
            domain = await _with_records(context, environment, new, domain)
        except Failure as failure:
            raise InitializationFailed(id, _state(new, domain), [str(failure)]) from failure
        return id, _state(new, domain)

    async def read(self, context: Context, id: str, old: CustomDomainState | None) -> CustomDomainState | None:
        """Return the domain; its records never change, so only an import asks for them."""
        project_id, environment_id, service_id, domain = split(id, *ID_PARTS)
        environment = environment_of(context, project_id, environment_id)
        snapshot = await environment.snapshot_or_none()
        custom = snapshot.custom_domain(service_id, domain) if snapshot else None
        if custom is None:
            return None
        ids = {"project_id": project_id, "environment_id": environment_id, "service_id": service_id, "domain": domain}
        inputs = CustomDomainInputs(**ids, target_port=custom["targetPort"])
        if old is not None and old.cname_target and old.verification_value:
            own = asdict(old) | asdict(inputs)
            return CustomDomainState(**own)
        complete = await custom_domain(environment, service_id, domain)
        return _state(inputs, complete) if complete else None

    async def update(
        self, context: Context, id: str, old: CustomDomainState, new: CustomDomainInputs
    ) -> CustomDomainState:
        """Lead it to another port; also completes the records of one whose creation was cut short."""
        environment = environment_of(context, new.project_id, new.environment_id)
        domain = await custom_domain(environment, new.service_id, new.domain)
        if domain is None:
            raise Failure(f"{new.domain} is not on the service any more: run 'pulumi refresh', then the command again")
        if domain["targetPort"] != new.target_port:
            await _set_port(environment, domain["id"], new.target_port)
        return _state(new, await _with_records(context, environment, new, domain))

    async def delete(self, context: Context, id: str, old: CustomDomainState) -> None:
        """Take the domain off the service."""
        project_id, environment_id, service_id, domain = split(id, *ID_PARTS)
        environment = environment_of(context, project_id, environment_id)

        async def action() -> None:
            snapshot = await environment.snapshot_or_none()
            custom = snapshot.custom_domain(service_id, domain) if snapshot else None
            if custom is not None:
                await environment.write(CUSTOM_DOMAIN_DELETE, id=custom["id"])

        await delete(context, environment, action, lambda snapshot: bool(snapshot.custom_domain(service_id, domain)))


async def _create(context: Context, environment: Environment, new: CustomDomainInputs) -> Domain:
    inputs: dict[str, object] = {
        "projectId": new.project_id,
        "environmentId": new.environment_id,
        "serviceId": new.service_id,
        "domain": new.domain,
    }
    if new.target_port is not None:
        inputs["targetPort"] = new.target_port

    async def look() -> Domain | None:
        return await custom_domain(environment, new.service_id, new.domain)

    async def create() -> Domain:
        return await environment.write(CUSTOM_DOMAIN_CREATE, input=inputs)

    try:
        return await create_through_races(context, create, look, doubtful=(Opaque, Exists, Race))
    except PlanLimit as refusal:
        raise Failure(
            f"{new.domain} is one domain too many for its service: {refusal.reason} A domain that is replaced counts "
            "until the new one works: remove the old one, run the command, then add the new one; or take a larger plan"
        ) from refusal
    except Exists as refusal:
        reason: object = refusal
        with suppress(RailwayError):  # a look-up that fails says nothing about the domain
            availability = await environment.ask(CUSTOM_DOMAIN_AVAILABLE, domain=new.domain)
            reason = refusal if availability["available"] or not availability["message"] else availability["message"]
        raise Failure(
            f"{reason}: {new.domain} is in use on another Railway service; remove it there, or import it as "
            "railway:index:CustomDomain with the id <project id>/<environment id>/<service id>/<domain>"
        ) from refusal


async def _set_port(environment: Environment, railway_id: str, port: int | None) -> None:
    await environment.write(
        CUSTOM_DOMAIN_UPDATE, id=railway_id, environmentId=environment.environment_id, targetPort=port
    )


async def _with_records(context: Context, environment: Environment, new: CustomDomainInputs, domain: Domain) -> Domain:
    """Return the domain once Railway has made its DNS records, some seconds after the domain itself."""
    deadline = environment.clock.now() + LAG_S
    if not _complete(domain):
        environment.poller.hurry_domains()
    while not _complete(domain):
        if environment.clock.now() > deadline or context.cancelled() or context.deadline.remaining_s() <= 0:
            raise RailwayError(f"Railway does not show the DNS records of {new.domain} yet: run the command again")
        await context.status("waiting for the DNS records...")
        domain = await next_look(environment, new.service_id, new.domain) or domain
    return domain


def _complete(domain: Domain) -> bool:
    needs_acme = domain["domain"].startswith("*.")
    return verification(domain) is not None and (not needs_acme or record(domain, ACME) is not None)


def _state(new: CustomDomainInputs, domain: Domain) -> CustomDomainState:
    route, acme = record(domain, TRAFFIC), record(domain, ACME)
    host, value = verification(domain) or ("", "")
    return CustomDomainState(
        **asdict(new),
        cname_host=fully_qualified(route["fqdn"], route["zone"]) if route else "",
        cname_target=route["requiredValue"].rstrip(".") if route else "",
        verification_host=host,
        verification_value=value,
        acme_host=fully_qualified(acme["fqdn"], acme["zone"]) if acme else None,
        acme_target=acme["requiredValue"].rstrip(".") if acme else None,
    )
