# Generated from the declarations of the provider. Do not edit: change those, and generate again.
"""The resource Variables of Railway."""

from collections.abc import Mapping, Sequence
from typing import Any, Self, cast

import pulumi

_TOKEN = "railway:index:Variables"


@pulumi.input_type
class _VariablesInputs:
    project_id: pulumi.Input[str] = pulumi.property("projectId")
    environment_id: pulumi.Input[str] = pulumi.property("environmentId")
    service_id: pulumi.Input[str] = pulumi.property("serviceId")
    variables: pulumi.Input[Mapping[str, pulumi.Input[str]]] = pulumi.property("variables")
    sealed: pulumi.Input[Sequence[pulumi.Input[str]] | None] = pulumi.property("sealed", default=None)


class Variables(pulumi.CustomResource):
    """Variables of a service made elsewhere. Its id is <project id>/<environment id>/<service id>."""

    project_id: pulumi.Output[str] = pulumi.property("projectId")
    """Railway's id of the project (API: projectId)."""
    environment_id: pulumi.Output[str] = pulumi.property("environmentId")
    """Railway's id of the environment in that project (API: environmentId)."""
    service_id: pulumi.Output[str] = pulumi.property("serviceId")
    """Railway's id of the service: the output serviceId of a Service (API: serviceId)."""
    variables: pulumi.Output[Mapping[str, str]] = pulumi.property("variables")
    """Values by name (API: EnvironmentConfig.services.variables). Others of the service are left alone. A name that a
    ServiceInstance or another resource sets must not stand here as well: the two would overwrite each other. Railway
    redeploys the service when one changes.
    """
    sealed: pulumi.Output[Sequence[str] | None] = pulumi.property("sealed")
    """Names of variables whose values Railway never shows again, in the dashboard neither (API: isSealed). A refresh
    sees whether they exist, not whether somebody changed them. Railway cannot unseal: a name that is taken from this
    list is removed and set anew, which is two deployments. Default: none.
    """

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        project_id: pulumi.Input[str],
        environment_id: pulumi.Input[str],
        service_id: pulumi.Input[str],
        variables: pulumi.Input[Mapping[str, pulumi.Input[str]]],
        sealed: pulumi.Input[Sequence[pulumi.Input[str]] | None] = None,
    ) -> None:
        """Declare the resource.

        :param resource_name: Its name in the program.
        :param opts: Options of the resource.
        :param project_id: Railway's id of the project (API: projectId). A change makes a new resource.
        :param environment_id: Railway's id of the environment in that project (API: environmentId). A change makes a
          new resource.
        :param service_id: Railway's id of the service: the output service_id of a Service (API: serviceId). A change
          makes a new resource.
        :param variables: Values by name (API: EnvironmentConfig.services.variables). Others of the service are left
          alone. A name that a ServiceInstance or another resource sets must not stand here as well: the two would
          overwrite each other. Railway redeploys the service when one changes.
        :param sealed: Names of variables whose values Railway never shows again, in the dashboard neither (API:
          isSealed). A refresh sees whether they exist, not whether somebody changed them. Railway cannot unseal: a name
          that is taken from this list is removed and set anew, which is two deployments. Default: none.
        """
        # As in SDKs that Pulumi generates: outputs are keys without values, and no parameters.
        values = _VariablesInputs.__new__(_VariablesInputs)
        values.__dict__.update(
            dict.fromkeys(Variables.__annotations__),
            project_id=project_id,
            environment_id=environment_id,
            service_id=service_id,
            variables=variables,
            sealed=sealed,
        )
        super().__init__(_TOKEN, resource_name, cast("Any", values), opts)

    @classmethod
    def get(
        cls,
        resource_name: str,
        id: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> Self:
        """Look up an existing Variables by its id: it is read, and never changed by the program."""
        values = _VariablesInputs.__new__(_VariablesInputs)
        values.__dict__.update(dict.fromkeys(Variables.__annotations__))
        merged = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=id))
        resource = cls.__new__(cls)
        pulumi.CustomResource.__init__(resource, _TOKEN, resource_name, cast("Any", values), merged)
        return resource
