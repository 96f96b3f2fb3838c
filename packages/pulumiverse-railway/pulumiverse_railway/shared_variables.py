# Generated from the declarations of the provider. Do not edit: change those, and generate again.
"""The resource SharedVariables of Railway."""

from collections.abc import Mapping
from typing import Any, Self, cast

import pulumi

_TOKEN = "railway:index:SharedVariables"


@pulumi.input_type
class _SharedVariablesInputs:
    project_id: pulumi.Input[str] = pulumi.property("projectId")
    environment_id: pulumi.Input[str] = pulumi.property("environmentId")
    variables: pulumi.Input[Mapping[str, pulumi.Input[str]]] = pulumi.property("variables")


class SharedVariables(pulumi.CustomResource):
    """Variables that all services of an environment can refer to. Its id is <project id>/<environment id>."""

    project_id: pulumi.Output[str] = pulumi.property("projectId")
    """Railway's id of the project (API: projectId)."""
    environment_id: pulumi.Output[str] = pulumi.property("environmentId")
    """Railway's id of the environment in that project (API: environmentId)."""
    variables: pulumi.Output[Mapping[str, str]] = pulumi.property("variables")
    """Values by name (API: EnvironmentConfig.sharedVariables). Others of the environment are left alone; no two
    resources may name the same one. A service reads one as ${{shared.NAME}}, and is redeployed by Railway when it
    changes.
    """

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        project_id: pulumi.Input[str],
        environment_id: pulumi.Input[str],
        variables: pulumi.Input[Mapping[str, pulumi.Input[str]]],
    ) -> None:
        """Declare the resource.

        :param resource_name: Its name in the program.
        :param opts: Options of the resource.
        :param project_id: Railway's id of the project (API: projectId). A change makes a new resource.
        :param environment_id: Railway's id of the environment in that project (API: environmentId). A change makes a
          new resource.
        :param variables: Values by name (API: EnvironmentConfig.sharedVariables). Others of the environment are left
          alone; no two resources may name the same one. A service reads one as ${{shared.NAME}}, and is redeployed by
          Railway when it changes.
        """
        # As in SDKs that Pulumi generates: outputs are keys without values, and no parameters.
        values = _SharedVariablesInputs.__new__(_SharedVariablesInputs)
        values.__dict__.update(
            dict.fromkeys(SharedVariables.__annotations__),
            project_id=project_id,
            environment_id=environment_id,
            variables=variables,
        )
        super().__init__(_TOKEN, resource_name, cast("Any", values), opts)

    @classmethod
    def get(
        cls,
        resource_name: str,
        id: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> Self:
        """Look up an existing SharedVariables by its id: it is read, and never changed by the program."""
        values = _SharedVariablesInputs.__new__(_SharedVariablesInputs)
        values.__dict__.update(dict.fromkeys(SharedVariables.__annotations__))
        merged = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=id))
        resource = cls.__new__(cls)
        pulumi.CustomResource.__init__(resource, _TOKEN, resource_name, cast("Any", values), merged)
        return resource
