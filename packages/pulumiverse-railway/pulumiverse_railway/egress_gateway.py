# Generated from the declarations of the provider. Do not edit: change those, and generate again.
"""The resource EgressGateway of Railway."""

from collections.abc import Sequence
from typing import Any, Self, cast

import pulumi

_TOKEN = "railway:index:EgressGateway"


@pulumi.input_type
class _EgressGatewayInputs:
    project_id: pulumi.Input[str] = pulumi.property("projectId")
    environment_id: pulumi.Input[str] = pulumi.property("environmentId")
    service_id: pulumi.Input[str] = pulumi.property("serviceId")
    region: pulumi.Input[str | None] = pulumi.property("region", default=None)


class EgressGateway(pulumi.CustomResource):
    """Static outbound IPv4 addresses of a service, on the Pro plan; other customers may share them.

    They count from the next deployment of the service on. Its id is <project id>/<environment id>/<service id>.
    """

    project_id: pulumi.Output[str] = pulumi.property("projectId")
    """Railway's id of the project (API: projectId)."""
    environment_id: pulumi.Output[str] = pulumi.property("environmentId")
    """Railway's id of the environment in that project (API: environmentId)."""
    service_id: pulumi.Output[str] = pulumi.property("serviceId")
    """Railway's id of the service: the output serviceId of a Service (API: serviceId)."""
    region: pulumi.Output[str | None] = pulumi.property("region")
    """Region whose traffic leaves through them, such as us-west2; another one gives other addresses. Default: where the
    service runs (API: region).
    """
    ipv4_addresses: pulumi.Output[Sequence[str]] = pulumi.property("ipv4Addresses")
    """Addresses that connections of the service come from (API: EgressGateway.ipv4)."""

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        project_id: pulumi.Input[str],
        environment_id: pulumi.Input[str],
        service_id: pulumi.Input[str],
        region: pulumi.Input[str | None] = None,
    ) -> None:
        """Declare the resource.

        :param resource_name: Its name in the program.
        :param opts: Options of the resource.
        :param project_id: Railway's id of the project (API: projectId). A change makes a new resource.
        :param environment_id: Railway's id of the environment in that project (API: environmentId). A change makes a
          new resource.
        :param service_id: Railway's id of the service: the output service_id of a Service (API: serviceId). A change
          makes a new resource.
        :param region: Region whose traffic leaves through them, such as us-west2; another one gives other addresses.
          Default: where the service runs (API: region). A change makes a new resource.
        """
        # As in SDKs that Pulumi generates: outputs are keys without values, and no parameters.
        values = _EgressGatewayInputs.__new__(_EgressGatewayInputs)
        values.__dict__.update(
            dict.fromkeys(EgressGateway.__annotations__),
            project_id=project_id,
            environment_id=environment_id,
            service_id=service_id,
            region=region,
        )
        super().__init__(_TOKEN, resource_name, cast("Any", values), opts)

    @classmethod
    def get(
        cls,
        resource_name: str,
        id: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> Self:
        """Look up an existing EgressGateway by its id: it is read, and never changed by the program."""
        values = _EgressGatewayInputs.__new__(_EgressGatewayInputs)
        values.__dict__.update(dict.fromkeys(EgressGateway.__annotations__))
        merged = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=id))
        resource = cls.__new__(cls)
        pulumi.CustomResource.__init__(resource, _TOKEN, resource_name, cast("Any", values), merged)
        return resource
