# Generated from the declarations of the provider. Do not edit: change those, and generate again.
"""The resource ProjectMember of Railway."""

from typing import Any, Self, cast

import pulumi

from .enums import ProjectRole

_TOKEN = "railway:index:ProjectMember"


@pulumi.input_type
class _ProjectMemberInputs:
    project_id: pulumi.Input[str] = pulumi.property("projectId")
    user_id: pulumi.Input[str] = pulumi.property("userId")
    role: pulumi.Input[ProjectRole | str] = pulumi.property("role")


class ProjectMember(pulumi.CustomResource):
    """A person's role in a project. Its id is <project id>/<user id>."""

    project_id: pulumi.Output[str] = pulumi.property("projectId")
    """Railway's id of the project (API: projectId)."""
    user_id: pulumi.Output[str] = pulumi.property("userId")
    """Railway's id of the person's account (API: userId). Somebody without one is invited in the dashboard, and
    imported here afterwards.
    """
    role: pulumi.Output[ProjectRole] = pulumi.property("role")
    """Role in the project; changed in place (API: role)."""
    email: pulumi.Output[str] = pulumi.property("email")
    """E-mail address of the account (API: email)."""
    name: pulumi.Output[str | None] = pulumi.property("name")
    """Name of the account, if it has one (API: name)."""

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        project_id: pulumi.Input[str],
        user_id: pulumi.Input[str],
        role: pulumi.Input[ProjectRole | str],
    ) -> None:
        """Declare the resource.

        :param resource_name: Its name in the program.
        :param opts: Options of the resource.
        :param project_id: Railway's id of the project (API: projectId). A change makes a new resource.
        :param user_id: Railway's id of the person's account (API: userId). Somebody without one is invited in the
          dashboard, and imported here afterwards. A change makes a new resource.
        :param role: Role in the project; changed in place (API: role).
        """
        # As in SDKs that Pulumi generates: outputs are keys without values, and no parameters.
        values = _ProjectMemberInputs.__new__(_ProjectMemberInputs)
        values.__dict__.update(
            dict.fromkeys(ProjectMember.__annotations__),
            project_id=project_id,
            user_id=user_id,
            role=role,
        )
        super().__init__(_TOKEN, resource_name, cast("Any", values), opts)

    @classmethod
    def get(
        cls,
        resource_name: str,
        id: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> Self:
        """Look up an existing ProjectMember by its id: it is read, and never changed by the program."""
        values = _ProjectMemberInputs.__new__(_ProjectMemberInputs)
        values.__dict__.update(dict.fromkeys(ProjectMember.__annotations__))
        merged = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=id))
        resource = cls.__new__(cls)
        pulumi.CustomResource.__init__(resource, _TOKEN, resource_name, cast("Any", values), merged)
        return resource
