"""Looks up a service in an environment, by its id or its name. Gives no variables: these may be secrets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pulumi_provider.declaration import Context, Function, Inputs, Problem, Property
from pulumiverse_railway.provider.functions.choices import exactly_one
from pulumiverse_railway.provider.resources.shared.scopes import railway
from railway_api.errors import NotFound
from railway_api.failure import Failure
from railway_api.snapshot import Snapshot


@dataclass(frozen=True, kw_only=True)
class GetServiceInputs(Inputs):
    """The service that is meant."""

    project_id: Annotated[str, Property("Railway's id of the project.")]
    environment_id: Annotated[str, Property("Railway's id of the environment.")]
    service_id: Annotated[str | None, Property("Railway's id of the service. Exclusive with name.")] = None
    name: Annotated[str | None, Property("Name of the service. Exclusive with serviceId.")] = None


@dataclass(frozen=True, kw_only=True)
class GetServiceResult(Inputs):
    """A service as it is in the environment."""

    project_id: Annotated[str, Property("Railway's id of its project.")]
    environment_id: Annotated[str, Property("Railway's id of the environment.")]
    service_id: Annotated[str, Property("Railway's id of the service (API: Service.id).")]
    name: Annotated[str, Property("Its name (API: Service.name).")]
    icon: Annotated[str | None, Property("Address of its icon (API: Service.icon).")] = None
    image: Annotated[str | None, Property("Docker image that it runs (API: source.image).")] = None
    repo: Annotated[str | None, Property("GitHub repository that it runs (API: source.repo).")] = None
    domains: Annotated[list[str], Property("Its public hosts, custom ones first (API: domains).")]
    deployment_id: Annotated[
        str | None, Property("Railway's id of its newest deployment (API: latestDeployment.id).")
    ] = None
    deployment_status: Annotated[
        str | None, Property("Status of that deployment, such as SUCCESS (API: latestDeployment.status).")
    ] = None


class GetService(Function[GetServiceInputs, GetServiceResult]):
    """Look up a service in an environment by its id or its name."""

    token = "railway:index:getService"
    inputs_type, result_type = GetServiceInputs, GetServiceResult

    def check(self, inputs: Mapping[str, Any]) -> list[Problem]:
        """Demand exactly one of id and name."""
        return exactly_one(inputs, "service_id", "name")

    async def call(self, context: Context, inputs: GetServiceInputs) -> GetServiceResult:
        """Return the one service that is meant."""
        try:
            snapshot = await railway(context).snapshot(inputs.project_id, inputs.environment_id)
        except NotFound as missing:
            raise Failure(
                f"there is no environment {inputs.environment_id} in project {inputs.project_id}: {missing.reason}"
            ) from missing
        service_id = _service_id(snapshot, inputs)
        service = snapshot.services[service_id]
        source = snapshot.source(service_id)
        latest = snapshot.latest.get(service_id)
        hosts = [*snapshot.custom_domains(service_id), *snapshot.service_domains(service_id)]
        return GetServiceResult(
            project_id=inputs.project_id,
            environment_id=inputs.environment_id,
            service_id=service_id,
            name=service["name"],
            icon=service["icon"] or None,
            image=source.get("image"),
            repo=source.get("repo"),
            domains=[host["domain"] for host in hosts],
            deployment_id=latest.id if latest else None,
            deployment_status=latest.status if latest else None,
        )


def _service_id(snapshot: Snapshot, inputs: GetServiceInputs) -> str:
    living = snapshot.services.items()
    here = {service_id: service["name"] for service_id, service in living if snapshot.has_instance(service_id)}
    for service_id, name in here.items():
        if name == inputs.name or service_id == inputs.service_id:
            return service_id
    description = f"named {inputs.name!r}" if inputs.name is not None else inputs.service_id
    names = ", ".join(sorted(here.values())) or "none"
    raise Failure(f"environment {snapshot.environment['name']} has no service {description}; it has {names}")
