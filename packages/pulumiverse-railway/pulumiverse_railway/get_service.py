# Generated from the declarations of the provider. Do not edit: change those, and generate again.
"""The function get_service of Railway."""

from collections.abc import Sequence
from typing import cast

import pulumi

_TOKEN = "railway:index:getService"


@pulumi.output_type
class GetServiceResult:
    """A service as it is in the environment."""

    project_id: str = pulumi.property("projectId")
    """Railway's id of its project."""
    environment_id: str = pulumi.property("environmentId")
    """Railway's id of the environment."""
    service_id: str = pulumi.property("serviceId")
    """Railway's id of the service (API: Service.id)."""
    name: str = pulumi.property("name")
    """Its name (API: Service.name)."""
    icon: str | None = pulumi.property("icon")
    """Address of its icon (API: Service.icon)."""
    image: str | None = pulumi.property("image")
    """Docker image that it runs (API: source.image)."""
    repo: str | None = pulumi.property("repo")
    """GitHub repository that it runs (API: source.repo)."""
    domains: Sequence[str] = pulumi.property("domains")
    """Its public hosts, custom ones first (API: domains)."""
    deployment_id: str | None = pulumi.property("deploymentId")
    """Railway's id of its newest deployment (API: latestDeployment.id)."""
    deployment_status: str | None = pulumi.property("deploymentStatus")
    """Status of that deployment, such as SUCCESS (API: latestDeployment.status)."""


def get_service(
    *,
    project_id: str,
    environment_id: str,
    service_id: str | None = None,
    name: str | None = None,
    opts: pulumi.InvokeOptions | None = None,
) -> GetServiceResult:
    """Look up a service in an environment by its id or its name.

    :param project_id: Railway's id of the project.
    :param environment_id: Railway's id of the environment.
    :param service_id: Railway's id of the service. Exclusive with name.
    :param name: Name of the service. Exclusive with service_id.
    :param opts: Options of the call, such as its provider.
    """
    arguments: dict[str, object] = {
        "projectId": project_id,
        "environmentId": environment_id,
        "serviceId": service_id,
        "name": name,
    }
    result = pulumi.runtime.invoke(_TOKEN, arguments, opts, GetServiceResult)
    return cast("GetServiceResult", result.value)


def get_service_output(
    *,
    project_id: pulumi.Input[str],
    environment_id: pulumi.Input[str],
    service_id: pulumi.Input[str | None] = None,
    name: pulumi.Input[str | None] = None,
    opts: pulumi.InvokeOptions | pulumi.InvokeOutputOptions | None = None,
) -> pulumi.Output[GetServiceResult]:
    """Look up a service in an environment by its id or its name.

    Takes outputs of resources, and calls when these are known.

    :param project_id: Railway's id of the project.
    :param environment_id: Railway's id of the environment.
    :param service_id: Railway's id of the service. Exclusive with name.
    :param name: Name of the service. Exclusive with service_id.
    :param opts: Options of the call, such as its provider.
    """
    arguments: dict[str, object] = {
        "projectId": project_id,
        "environmentId": environment_id,
        "serviceId": service_id,
        "name": name,
    }
    return pulumi.runtime.invoke_output(_TOKEN, arguments, opts, GetServiceResult)
