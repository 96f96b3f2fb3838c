# Generated from the declarations of the provider. Do not edit: change those, and generate again.
"""The resource PrivateNetworkEndpoint of Railway."""

from typing import Any, Self, cast

import pulumi

_TOKEN = "railway:index:PrivateNetworkEndpoint"


@pulumi.input_type
class _PrivateNetworkEndpointInputs:
    project_id: pulumi.Input[str] = pulumi.property("projectId")
    environment_id: pulumi.Input[str] = pulumi.property("environmentId")
    service_id: pulumi.Input[str] = pulumi.property("serviceId")
    dns_name: pulumi.Input[str] = pulumi.property("dnsName")


class PrivateNetworkEndpoint(pulumi.CustomResource):
    """The name of a running service in the private network, where the one that Railway chooses does not do.

    Railway makes the endpoint with the first deployment, so this depends on the ServiceInstance; deleting it leaves the
    endpoint and its name as they are. The output privateDomain of the Service does not follow: use host. Its id is
    <project id>/<environment id>/<service id>.
    """

    project_id: pulumi.Output[str] = pulumi.property("projectId")
    """Railway's id of the project (API: projectId)."""
    environment_id: pulumi.Output[str] = pulumi.property("environmentId")
    """Railway's id of the environment in that project (API: environmentId)."""
    service_id: pulumi.Output[str] = pulumi.property("serviceId")
    """Railway's id of the service: the output serviceId of a Service (API: serviceId)."""
    dns_name: pulumi.Output[str] = pulumi.property("dnsName")
    """Name of the service in the private network, without .railway.internal, unique in its environment (API: dnsName).
    """
    host: pulumi.Output[str] = pulumi.property("host")
    """Host under which other services reach it, <dnsName>.railway.internal."""
    private_network_id: pulumi.Output[str] = pulumi.property("privateNetworkId")
    """Railway's id of the network (API: PrivateNetwork.publicId)."""
    endpoint_id: pulumi.Output[str] = pulumi.property("endpointId")
    """Railway's id of the endpoint (API: PrivateNetworkEndpoint.publicId)."""

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        project_id: pulumi.Input[str],
        environment_id: pulumi.Input[str],
        service_id: pulumi.Input[str],
        dns_name: pulumi.Input[str],
    ) -> None:
        """Declare the resource.

        :param resource_name: Its name in the program.
        :param opts: Options of the resource.
        :param project_id: Railway's id of the project (API: projectId). A change makes a new resource.
        :param environment_id: Railway's id of the environment in that project (API: environmentId). A change makes a
          new resource.
        :param service_id: Railway's id of the service: the output service_id of a Service (API: serviceId). A change
          makes a new resource.
        :param dns_name: Name of the service in the private network, without .railway.internal, unique in its
          environment (API: dnsName).
        """
        # As in SDKs that Pulumi generates: outputs are keys without values, and no parameters.
        values = _PrivateNetworkEndpointInputs.__new__(_PrivateNetworkEndpointInputs)
        values.__dict__.update(
            dict.fromkeys(PrivateNetworkEndpoint.__annotations__),
            project_id=project_id,
            environment_id=environment_id,
            service_id=service_id,
            dns_name=dns_name,
        )
        super().__init__(_TOKEN, resource_name, cast("Any", values), opts)

    @classmethod
    def get(
        cls,
        resource_name: str,
        id: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> Self:
        """Look up an existing PrivateNetworkEndpoint by its id: it is read, and never changed by the program."""
        values = _PrivateNetworkEndpointInputs.__new__(_PrivateNetworkEndpointInputs)
        values.__dict__.update(dict.fromkeys(PrivateNetworkEndpoint.__annotations__))
        merged = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=id))
        resource = cls.__new__(cls)
        pulumi.CustomResource.__init__(resource, _TOKEN, resource_name, cast("Any", values), merged)
        return resource
