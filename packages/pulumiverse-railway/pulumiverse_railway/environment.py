# Generated from the declarations of the provider. Do not edit: change those, and generate again.
"""The resource Environment of Railway."""

from typing import Any, Self, cast

import pulumi

_TOKEN = "railway:index:Environment"


@pulumi.input_type
class _EnvironmentInputs:
    project_id: pulumi.Input[str] = pulumi.property("projectId")
    name: pulumi.Input[str] = pulumi.property("name")
    source_environment_id: pulumi.Input[str | None] = pulumi.property("sourceEnvironmentId", default=None)
    ephemeral: pulumi.Input[bool | None] = pulumi.property("ephemeral", default=None)
    allow_non_fork: pulumi.Input[bool | None] = pulumi.property("allowNonFork", default=None)
    skip_initial_deploys: pulumi.Input[bool | None] = pulumi.property("skipInitialDeploys", default=None)


class Environment(pulumi.CustomResource):
    """A further environment of a project. Its id is <project id>/<environment id>."""

    project_id: pulumi.Output[str] = pulumi.property("projectId")
    """Railway's id of the project (API: projectId)."""
    name: pulumi.Output[str] = pulumi.property("name")
    """Name of the environment, unique in its project, at most 63 characters; changed in place (API: name)."""
    source_environment_id: pulumi.Output[str | None] = pulumi.property("sourceEnvironmentId")
    """Railway's id of the environment that this one is a fork of: services and variables are copied, except values that
    are sealed, and volumes begin empty. Default: none, which needs allowNonFork (API: sourceEnvironmentId).
    """
    ephemeral: pulumi.Output[bool] = pulumi.property("ephemeral")
    """True if it is meant for a short time, such as a pull request's (API: ephemeral). Default: false."""
    allow_non_fork: pulumi.Output[bool | None] = pulumi.property("allowNonFork")
    """Confirms that the environment is to be no fork. A Service that is created or deleted in one environment that is
    no fork is, by Railway's description of its API, created or deleted in all of them. Default: false.
    """
    skip_initial_deploys: pulumi.Output[bool | None] = pulumi.property("skipInitialDeploys")
    """True if the copied services of a fork stay undeployed at first; counts only when the environment is made (API:
    skipInitialDeploys). Default: false.
    """
    environment_id: pulumi.Output[str] = pulumi.property("environmentId")
    """Railway's id of the environment (API: id)."""

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        project_id: pulumi.Input[str],
        name: pulumi.Input[str],
        source_environment_id: pulumi.Input[str | None] = None,
        ephemeral: pulumi.Input[bool | None] = None,
        allow_non_fork: pulumi.Input[bool | None] = None,
        skip_initial_deploys: pulumi.Input[bool | None] = None,
    ) -> None:
        """Declare the resource.

        :param resource_name: Its name in the program.
        :param opts: Options of the resource.
        :param project_id: Railway's id of the project (API: projectId). A change makes a new resource.
        :param name: Name of the environment, unique in its project, at most 63 characters; changed in place (API:
          name).
        :param source_environment_id: Railway's id of the environment that this one is a fork of: services and variables
          are copied, except values that are sealed, and volumes begin empty. Default: none, which needs allow_non_fork
          (API: sourceEnvironmentId). A change makes a new resource.
        :param ephemeral: True if it is meant for a short time, such as a pull request's (API: ephemeral). Default:
          false. A change makes a new resource.
        :param allow_non_fork: Confirms that the environment is to be no fork. A Service that is created or deleted in
          one environment that is no fork is, by Railway's description of its API, created or deleted in all of them.
          Default: false.
        :param skip_initial_deploys: True if the copied services of a fork stay undeployed at first; counts only when
          the environment is made (API: skipInitialDeploys). Default: false.
        """
        # As in SDKs that Pulumi generates: outputs are keys without values, and no parameters.
        values = _EnvironmentInputs.__new__(_EnvironmentInputs)
        values.__dict__.update(
            dict.fromkeys(Environment.__annotations__),
            project_id=project_id,
            name=name,
            source_environment_id=source_environment_id,
            ephemeral=ephemeral,
            allow_non_fork=allow_non_fork,
            skip_initial_deploys=skip_initial_deploys,
        )
        super().__init__(_TOKEN, resource_name, cast("Any", values), opts)

    @classmethod
    def get(
        cls,
        resource_name: str,
        id: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> Self:
        """Look up an existing Environment by its id: it is read, and never changed by the program."""
        values = _EnvironmentInputs.__new__(_EnvironmentInputs)
        values.__dict__.update(dict.fromkeys(Environment.__annotations__))
        merged = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=id))
        resource = cls.__new__(cls)
        pulumi.CustomResource.__init__(resource, _TOKEN, resource_name, cast("Any", values), merged)
        return resource
