"""A Railway service: the identity that volumes, domains and settings are attached to.

Owns name and icon. Deliberately owns no source and no setting: a service with a source deploys the moment it is made,
before its variables and volume exist, so it is made empty and ServiceInstance gives it everything at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any

from pulumi_provider.declaration import UNKNOWN, Context, Property, Resource
from pulumi_provider.errors import InitializationFailed
from railway_api.documents.service import SERVICE_CREATE, SERVICE_DELETE, SERVICE_UPDATE
from railway_api.environment import Environment
from railway_api.errors import Exists, Opaque, OutcomeUnknown, RailwayError
from railway_api.failure import Failure
from railway_api.retries import create_or_find
from railway_api.snapshot import Snapshot

from .shared import checks
from .shared.scopes import EnvironmentScoped, claimed, delete, environment_of, import_hint, join, label, split


@dataclass(frozen=True, kw_only=True)
class ServiceInputs(EnvironmentScoped):
    """Inputs of a service."""

    name: Annotated[
        str,
        Property(
            "Name of the service, unique in its project, at most 63 characters; references to its variables use it, "
            "${{name.VARIABLE}} (API: name).",
            check=checks.service_name,
        ),
    ]
    icon: Annotated[str | None, Property("Address of an icon for the dashboard (API: icon). Default: Railway's.")] = (
        None
    )
    tracing_enabled: Annotated[
        bool | None,
        Property(
            "True if requests to it are traced, whatever the project says: by Railway's edge at once, by the "
            "application from its next deployment on. Default: as the project (API: tracingEnabled)."
        ),
    ] = None
    auto_instrumentation_enabled: Annotated[
        bool | None,
        Property(
            "True if Railway traces what its processes do, too, without a change of their code, while it is traced. "
            "Default: false (API: autoInstrumentationEnabled)."
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class ServiceState(ServiceInputs):
    """A service as it is."""

    service_id: Annotated[str, Property("Railway's id of the service (API: id).", stable=True)]
    private_domain: Annotated[
        str,
        Property(
            "Host under which other services of the environment reach it, <name>.railway.internal. Railway makes it of "
            "the name at creation; a later rename does not change it.",
            stable=True,
        ),
    ]


class Service(Resource[ServiceInputs, ServiceState]):
    """An empty service. Its id is <project id>/<environment id>/<service id>."""

    token = "railway:index:Service"
    inputs_type, state_type = ServiceInputs, ServiceState

    def known_outputs(self, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the private host, which follows from the name."""
        name = inputs.get("name")
        return {} if name is UNKNOWN or name is None else {"private_domain": private_domain(name)}

    async def create(self, context: Context, new: ServiceInputs) -> tuple[str, ServiceState]:
        """Create the service, or take the empty one of that name that an interrupted run left."""
        environment = environment_of(context, new.project_id, new.environment_id)
        leftover_id = _empty_service(await environment.snapshot(), environment, new.name)
        service_id = leftover_id or await _create(context, environment, new)
        id = join(new.project_id, new.environment_id, service_id)
        if not claimed(context, environment, service_id, id):
            raise Failure(f"two resources are the service named {new.name!r}: give one of them another name")
        state = ServiceState(**asdict(new), service_id=service_id, private_domain=private_domain(new.name))
        if leftover_id:
            await context.info(f"took over the empty service {service_id} of the same name")
        try:
            if leftover_id:
                await _materialise(environment, service_id)
            if tracing := _tracing(new):
                await environment.write(SERVICE_UPDATE, id=service_id, input=tracing)
        except RailwayError as failure:
            without = replace(state, tracing_enabled=None, auto_instrumentation_enabled=None)
            raise InitializationFailed(id, without, [str(failure)]) from failure
        return id, state

    async def read(self, context: Context, id: str, old: ServiceState | None) -> ServiceState | None:
        """Return the service, as long as it exists in this environment."""
        project_id, environment_id, service_id = split(id, "project id", "environment id", "service id")
        snapshot = await environment_of(context, project_id, environment_id).snapshot_or_none()
        service = snapshot.services.get(service_id) if snapshot else None
        if snapshot is None or service is None or not snapshot.has_instance(service_id):
            return None
        return ServiceState(
            project_id=project_id,
            environment_id=environment_id,
            name=service["name"],
            icon=service["icon"] or None,
            tracing_enabled=service["tracingEnabled"],
            auto_instrumentation_enabled=service["autoInstrumentationEnabled"] or None,
            service_id=service_id,
            private_domain=old.private_domain if old and old.private_domain else private_domain(service["name"]),
        )

    async def update(self, context: Context, id: str, old: ServiceState, new: ServiceInputs) -> ServiceState:
        """Rename it, change its icon, or whether it is traced."""
        environment = environment_of(context, new.project_id, new.environment_id)
        changes: dict[str, object] = {}
        if (new.name, new.icon) != (old.name, old.icon):
            changes |= {"name": new.name, "icon": new.icon}
        if new.tracing_enabled != old.tracing_enabled:
            changes["tracingEnabled"] = new.tracing_enabled
        if new.auto_instrumentation_enabled != old.auto_instrumentation_enabled:
            changes["autoInstrumentationEnabled"] = bool(new.auto_instrumentation_enabled)
        if changes:
            await environment.write(SERVICE_UPDATE, id=old.service_id, input=changes)
        await _materialise(environment, old.service_id)
        return ServiceState(**asdict(new), service_id=old.service_id, private_domain=old.private_domain)

    async def delete(self, context: Context, id: str, old: ServiceState) -> None:
        """Delete the service in this environment."""
        project_id, environment_id, service_id = split(id, "project id", "environment id", "service id")
        environment = environment_of(context, project_id, environment_id)
        await delete(
            context,
            environment,
            lambda: environment.write(SERVICE_DELETE, id=service_id, environmentId=environment_id),
            lambda snapshot: snapshot.has_instance(service_id),
        )


def _tracing(new: ServiceInputs) -> dict[str, object]:
    settings = {"tracingEnabled": new.tracing_enabled, "autoInstrumentationEnabled": new.auto_instrumentation_enabled}
    return {key: value for key, value in settings.items() if value is not None}


def private_domain(name: str) -> str:
    """Return the host in the private network, https://docs.railway.com/networking/private-networking."""
    return f"{label(name)}.railway.internal"


def _empty_service(snapshot: Snapshot, environment: Environment, name: str) -> str | None:
    """Return the service of this name if it is empty; one that is in use is adopted by an import alone."""
    service = snapshot.service_named(name)
    if service is None:
        return None
    service_id = service["id"]
    source = snapshot.source(service_id)
    latest = snapshot.latest.get(service_id)
    if source.get("image") or source.get("repo") or (latest and latest.status != "REMOVED"):
        id = join(environment.project_id, environment.environment_id, service_id)
        raise Failure(
            f"the project has a service named {name!r} already, and it is in use: {import_hint('Service', id)}"
        )
    return service_id


async def _create(context: Context, environment: Environment, new: ServiceInputs) -> str:
    inputs = {
        "projectId": new.project_id,
        "environmentId": new.environment_id,
        "name": new.name,
        **({"icon": new.icon} if new.icon else {}),
    }

    async def look() -> str | None:
        environment.forget()
        return _empty_service(await environment.snapshot(), environment, new.name)

    async def make() -> str:
        return (await environment.write(SERVICE_CREATE, input=inputs))["id"]

    # The name is unique, so a look for it shows whether the service was made.
    return await create_or_find(context, make, look, on=(OutcomeUnknown, Opaque, Exists))


async def _materialise(environment: Environment, service_id: str) -> None:
    """Bring a service that only other environments have into this one, with a patch of its own.

    Railway keeps old values of an instance that comes back when settings arrive in the same patch.
    """
    snapshot = await environment.snapshot()
    if not snapshot.has_instance(service_id) and service_id in snapshot.services:
        await environment.commit(lambda _: {"services": {service_id: {"isCreated": True}}})
