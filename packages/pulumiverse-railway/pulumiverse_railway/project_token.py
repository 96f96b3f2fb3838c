# Generated from the declarations of the provider. Do not edit: change those, and generate again.
"""The resource ProjectToken of Railway."""

from typing import Any, Self, cast

import pulumi

_TOKEN = "railway:index:ProjectToken"


@pulumi.input_type
class _ProjectTokenInputs:
    project_id: pulumi.Input[str] = pulumi.property("projectId")
    environment_id: pulumi.Input[str] = pulumi.property("environmentId")
    name: pulumi.Input[str] = pulumi.property("name")


class ProjectToken(pulumi.CustomResource):
    """A credential for one environment. Its id is <project id>/<token id>."""

    project_id: pulumi.Output[str] = pulumi.property("projectId")
    """Railway's id of the project (API: projectId)."""
    environment_id: pulumi.Output[str] = pulumi.property("environmentId")
    """Railway's id of the environment in that project (API: environmentId)."""
    name: pulumi.Output[str] = pulumi.property("name")
    """Name of the token. Railway allows several of one name; two resources in one environment need different ones (API:
    name).
    """
    token_id: pulumi.Output[str] = pulumi.property("tokenId")
    """Railway's id of the token (API: id)."""
    token: pulumi.Output[str | None] = pulumi.property("token")
    """The secret, for the environment variable RAILWAY_TOKEN. Not there after an import: Railway shows it only once."""
    display_token: pulumi.Output[str] = pulumi.property("displayToken")
    """Part of the token that the dashboard shows (API: displayToken)."""

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        project_id: pulumi.Input[str],
        environment_id: pulumi.Input[str],
        name: pulumi.Input[str],
    ) -> None:
        """Declare the resource.

        :param resource_name: Its name in the program.
        :param opts: Options of the resource.
        :param project_id: Railway's id of the project (API: projectId). A change makes a new resource.
        :param environment_id: Railway's id of the environment in that project (API: environmentId). A change makes a
          new resource.
        :param name: Name of the token. Railway allows several of one name; two resources in one environment need
          different ones (API: name). A change makes a new resource.
        """
        # As in SDKs that Pulumi generates: outputs are keys without values, and no parameters.
        values = _ProjectTokenInputs.__new__(_ProjectTokenInputs)
        values.__dict__.update(
            dict.fromkeys(ProjectToken.__annotations__),
            project_id=project_id,
            environment_id=environment_id,
            name=name,
        )
        super().__init__(_TOKEN, resource_name, cast("Any", values), opts)

    @classmethod
    def get(
        cls,
        resource_name: str,
        id: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> Self:
        """Look up an existing ProjectToken by its id: it is read, and never changed by the program."""
        values = _ProjectTokenInputs.__new__(_ProjectTokenInputs)
        values.__dict__.update(dict.fromkeys(ProjectToken.__annotations__))
        merged = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=id))
        resource = cls.__new__(cls)
        pulumi.CustomResource.__init__(resource, _TOKEN, resource_name, cast("Any", values), merged)
        return resource
