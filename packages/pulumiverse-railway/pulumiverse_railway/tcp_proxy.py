# Generated from the declarations of the provider. Do not edit: change those, and generate again.
"""The resource TcpProxy of Railway."""

from typing import Any, Self, cast

import pulumi

_TOKEN = "railway:index:TcpProxy"


@pulumi.input_type
class _TcpProxyInputs:
    project_id: pulumi.Input[str] = pulumi.property("projectId")
    environment_id: pulumi.Input[str] = pulumi.property("environmentId")
    service_id: pulumi.Input[str] = pulumi.property("serviceId")
    application_port: pulumi.Input[int] = pulumi.property("applicationPort")


class TcpProxy(pulumi.CustomResource):
    """A public TCP port of a service; one per service. Made after the service runs, it deploys the service again.

    Its id is <project id>/<environment id>/<service id>/<application port>.
    """

    project_id: pulumi.Output[str] = pulumi.property("projectId")
    """Railway's id of the project (API: projectId)."""
    environment_id: pulumi.Output[str] = pulumi.property("environmentId")
    """Railway's id of the environment in that project (API: environmentId)."""
    service_id: pulumi.Output[str] = pulumi.property("serviceId")
    """Railway's id of the service: the output serviceId of a Service (API: serviceId)."""
    application_port: pulumi.Output[int] = pulumi.property("applicationPort")
    """Port of the service that it leads to (API: applicationPort)."""
    domain: pulumi.Output[str] = pulumi.property("domain")
    """Public host, which Railway chooses (API: TCPProxy.domain)."""
    proxy_port: pulumi.Output[int] = pulumi.property("proxyPort")
    """Port on that host, which Railway chooses (API: TCPProxy.proxyPort)."""

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        project_id: pulumi.Input[str],
        environment_id: pulumi.Input[str],
        service_id: pulumi.Input[str],
        application_port: pulumi.Input[int],
    ) -> None:
        """Declare the resource.

        :param resource_name: Its name in the program.
        :param opts: Options of the resource.
        :param project_id: Railway's id of the project (API: projectId). A change makes a new resource.
        :param environment_id: Railway's id of the environment in that project (API: environmentId). A change makes a
          new resource.
        :param service_id: Railway's id of the service: the output service_id of a Service (API: serviceId). A change
          makes a new resource.
        :param application_port: Port of the service that it leads to (API: applicationPort). A change makes a new
          resource.
        """
        # As in SDKs that Pulumi generates: outputs are keys without values, and no parameters.
        values = _TcpProxyInputs.__new__(_TcpProxyInputs)
        values.__dict__.update(
            dict.fromkeys(TcpProxy.__annotations__),
            project_id=project_id,
            environment_id=environment_id,
            service_id=service_id,
            application_port=application_port,
        )
        super().__init__(_TOKEN, resource_name, cast("Any", values), opts)

    @classmethod
    def get(
        cls,
        resource_name: str,
        id: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> Self:
        """Look up an existing TcpProxy by its id: it is read, and never changed by the program."""
        values = _TcpProxyInputs.__new__(_TcpProxyInputs)
        values.__dict__.update(dict.fromkeys(TcpProxy.__annotations__))
        merged = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=id))
        resource = cls.__new__(cls)
        pulumi.CustomResource.__init__(resource, _TOKEN, resource_name, cast("Any", values), merged)
        return resource
