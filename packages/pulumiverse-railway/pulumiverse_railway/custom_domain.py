# Generated from the declarations of the provider. Do not edit: change those, and generate again.
"""The resource CustomDomain of Railway."""

from typing import Any, Self, cast

import pulumi

_TOKEN = "railway:index:CustomDomain"


@pulumi.input_type
class _CustomDomainInputs:
    project_id: pulumi.Input[str] = pulumi.property("projectId")
    environment_id: pulumi.Input[str] = pulumi.property("environmentId")
    service_id: pulumi.Input[str] = pulumi.property("serviceId")
    domain: pulumi.Input[str] = pulumi.property("domain")
    target_port: pulumi.Input[int | None] = pulumi.property("targetPort", default=None)


class CustomDomain(pulumi.CustomResource):
    """A custom domain of a service. Its id is <project id>/<environment id>/<service id>/<domain>."""

    project_id: pulumi.Output[str] = pulumi.property("projectId")
    """Railway's id of the project (API: projectId)."""
    environment_id: pulumi.Output[str] = pulumi.property("environmentId")
    """Railway's id of the environment in that project (API: environmentId)."""
    service_id: pulumi.Output[str] = pulumi.property("serviceId")
    """Railway's id of the service: the output serviceId of a Service (API: serviceId)."""
    domain: pulumi.Output[str] = pulumi.property("domain")
    """The full name in lower case, api.example.com, example.com or *.example.com (API: domain)."""
    target_port: pulumi.Output[int | None] = pulumi.property("targetPort")
    """Port of the service that it leads to. Default: Railway detects it (API: targetPort)."""
    cname_host: pulumi.Output[str] = pulumi.property("cnameHost")
    """Full name of the CNAME record (API: dnsRecords.fqdn)."""
    cname_target: pulumi.Output[str] = pulumi.property("cnameTarget")
    """Target of the CNAME record, <…>.up.railway.app (API: dnsRecords.requiredValue)."""
    verification_host: pulumi.Output[str] = pulumi.property("verificationHost")
    """Full name of the TXT record that proves ownership (API: verificationDnsHost)."""
    verification_value: pulumi.Output[str] = pulumi.property("verificationValue")
    """Its value, railway-verify=<…>; without it the domain answers 404 (API: verificationToken)."""
    acme_host: pulumi.Output[str | None] = pulumi.property("acmeHost")
    """For wildcards: full name of the CNAME record through which the certificate is issued."""
    acme_target: pulumi.Output[str | None] = pulumi.property("acmeTarget")
    """For wildcards: where that record points; never proxied."""

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        project_id: pulumi.Input[str],
        environment_id: pulumi.Input[str],
        service_id: pulumi.Input[str],
        domain: pulumi.Input[str],
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
        :param domain: The full name in lower case, api.example.com, example.com or *.example.com (API: domain). A
          change makes a new resource.
        :param target_port: Port of the service that it leads to. Default: Railway detects it (API: targetPort).
        """
        # As in SDKs that Pulumi generates: outputs are keys without values, and no parameters.
        values = _CustomDomainInputs.__new__(_CustomDomainInputs)
        values.__dict__.update(
            dict.fromkeys(CustomDomain.__annotations__),
            project_id=project_id,
            environment_id=environment_id,
            service_id=service_id,
            domain=domain,
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
        """Look up an existing CustomDomain by its id: it is read, and never changed by the program."""
        values = _CustomDomainInputs.__new__(_CustomDomainInputs)
        values.__dict__.update(dict.fromkeys(CustomDomain.__annotations__))
        merged = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=id))
        resource = cls.__new__(cls)
        pulumi.CustomResource.__init__(resource, _TOKEN, resource_name, cast("Any", values), merged)
        return resource
