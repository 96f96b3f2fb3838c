# Generated from the declarations of the provider. Do not edit: change those, and generate again.
"""The resource ServiceDomain of Railway."""

from typing import Any, Self, cast

import pulumi

_TOKEN = "railway:index:ServiceDomain"


@pulumi.input_type
class _ServiceDomainInputs:
    project_id: pulumi.Input[str] = pulumi.property("projectId")
    environment_id: pulumi.Input[str] = pulumi.property("environmentId")
    service_id: pulumi.Input[str] = pulumi.property("serviceId")
    target_port: pulumi.Input[int | None] = pulumi.property("targetPort", default=None)


class ServiceDomain(pulumi.CustomResource):
    """An address of Railway's own. Its id is <project id>/<environment id>/<service id>/<domain>."""

    project_id: pulumi.Output[str] = pulumi.property("projectId")
    """Railway's id of the project (API: projectId)."""
    environment_id: pulumi.Output[str] = pulumi.property("environmentId")
    """Railway's id of the environment in that project (API: environmentId)."""
    service_id: pulumi.Output[str] = pulumi.property("serviceId")
    """Railway's id of the service: the output serviceId of a Service (API: serviceId)."""
    target_port: pulumi.Output[int | None] = pulumi.property("targetPort")
    """Port of the service that it leads to. Default: Railway detects it (API: targetPort)."""
    domain: pulumi.Output[str] = pulumi.property("domain")
    """The host, <…>.up.railway.app (API: domain)."""

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        project_id: pulumi.Input[str],
        environment_id: pulumi.Input[str],
        service_id: pulumi.Input[str],
        target_port: pulumi.Input[int | None] = None,
    ) -> None:
        """Declare the resource.

        :param resource_name: Its name in the program.
        :param opts: Options of the resource.
        :param project_id: Railway's id of the project (API: projectId). A change makes a new resource.
        :param environment_id: Railway's id of the environment in that project (API: environmentId). A change makes a
          new resource.
        :param service_id: Railway's id of the service: the output service_id of a Service (API: serviceId). A change
          makes a new resource.
        :param target_port: Port of the service that it leads to. Default: Railway detects it (API: targetPort).
        """
        # As in SDKs that Pulumi generates: outputs are keys without values, and no parameters.
        values = _ServiceDomainInputs.__new__(_ServiceDomainInputs)
        values.__dict__.update(
            dict.fromkeys(ServiceDomain.__annotations__),
            project_id=project_id,
            environment_id=environment_id,
            service_id=service_id,
            target_port=target_port,
        )
        super().__init__(_TOKEN, resource_name, cast("Any", values), opts)

    @classmethod
    def get(
        cls,
        resource_name: str,
        id: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> Self:
        """Look up an existing ServiceDomain by its id: it is read, and never changed by the program."""
        values = _ServiceDomainInputs.__new__(_ServiceDomainInputs)
        values.__dict__.update(dict.fromkeys(ServiceDomain.__annotations__))
        merged = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=id))
        resource = cls.__new__(cls)
        pulumi.CustomResource.__init__(resource, _TOKEN, resource_name, cast("Any", values), merged)
        return resource
