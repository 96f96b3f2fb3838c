# Generated from the declarations of the provider. Do not edit: change those, and generate again.
"""The resource CustomDomainValidation of Railway."""

from typing import Any, Self, cast

import pulumi

_TOKEN = "railway:index:CustomDomainValidation"


@pulumi.input_type
class _CustomDomainValidationInputs:
    project_id: pulumi.Input[str] = pulumi.property("projectId")
    environment_id: pulumi.Input[str] = pulumi.property("environmentId")
    service_id: pulumi.Input[str] = pulumi.property("serviceId")
    domain: pulumi.Input[str] = pulumi.property("domain")
    proxied: pulumi.Input[bool | None] = pulumi.property("proxied", default=None)


class CustomDomainValidation(pulumi.CustomResource):
    """A custom domain that works. Its id is <project id>/<environment id>/<service id>/<domain>."""

    project_id: pulumi.Output[str] = pulumi.property("projectId")
    """Railway's id of the project (API: projectId)."""
    environment_id: pulumi.Output[str] = pulumi.property("environmentId")
    """Railway's id of the environment in that project (API: environmentId)."""
    service_id: pulumi.Output[str] = pulumi.property("serviceId")
    """Railway's id of the service: the output serviceId of a Service (API: serviceId)."""
    domain: pulumi.Output[str] = pulumi.property("domain")
    """The domain of a CustomDomain."""
    proxied: pulumi.Output[bool] = pulumi.property("proxied")
    """True if a proxy such as Cloudflare's stands in front of Railway: then a certificate of Railway's own is not
    waited for, and the name has to answer over HTTPS instead. Default: false.
    """
    certificate_status: pulumi.Output[str] = pulumi.property("certificateStatus")
    """VALID, or behind a proxy also ISSUING, VALIDATING_OWNERSHIP or ISSUE_FAILED, when it was waited for (API:
    status.certificateStatus).
    """
    verified: pulumi.Output[bool] = pulumi.property("verified")
    """True if Railway had seen the verification record (API: status.verified)."""

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        project_id: pulumi.Input[str],
        environment_id: pulumi.Input[str],
        service_id: pulumi.Input[str],
        domain: pulumi.Input[str],
        proxied: pulumi.Input[bool | None] = None,
    ) -> None:
        """Declare the resource.

        :param resource_name: Its name in the program.
        :param opts: Options of the resource.
        :param project_id: Railway's id of the project (API: projectId). A change makes a new resource.
        :param environment_id: Railway's id of the environment in that project (API: environmentId). A change makes a
          new resource.
        :param service_id: Railway's id of the service: the output service_id of a Service (API: serviceId). A change
          makes a new resource.
        :param domain: The domain of a CustomDomain. A change makes a new resource.
        :param proxied: True if a proxy such as Cloudflare's stands in front of Railway: then a certificate of Railway's
          own is not waited for, and the name has to answer over HTTPS instead. Default: false.
        """
        # As in SDKs that Pulumi generates: outputs are keys without values, and no parameters.
        values = _CustomDomainValidationInputs.__new__(_CustomDomainValidationInputs)
        values.__dict__.update(
            dict.fromkeys(CustomDomainValidation.__annotations__),
            project_id=project_id,
            environment_id=environment_id,
            service_id=service_id,
            domain=domain,
            proxied=proxied,
        )
        super().__init__(_TOKEN, resource_name, cast("Any", values), opts)

    @classmethod
    def get(
        cls,
        resource_name: str,
        id: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> Self:
        """Look up an existing CustomDomainValidation by its id: it is read, and never changed by the program."""
        values = _CustomDomainValidationInputs.__new__(_CustomDomainValidationInputs)
        values.__dict__.update(dict.fromkeys(CustomDomainValidation.__annotations__))
        merged = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=id))
        resource = cls.__new__(cls)
        pulumi.CustomResource.__init__(resource, _TOKEN, resource_name, cast("Any", values), merged)
        return resource
