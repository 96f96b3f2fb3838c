# Generated from the declarations of the provider. Do not edit: change those, and generate again.
"""The provider of Railway."""

from typing import Any, Final, cast

import pulumi

from .enums import Plan

CONFIGURATION: Final = {
    "token": "Account or workspace token. Default: the environment variable RAILWAY_API_TOKEN.",
    "projectToken": (
        "Token of one environment of one project, which cannot create projects. Default: the environment variable "
        "RAILWAY_TOKEN. Exclusive with token."
    ),
    "apiUrl": (
        "Address of Railway's GraphQL API. Default: the environment variable RAILWAY_API_URL, else "
        "https://backboard.railway.com/graphql/v2."
    ),
    "plan": (
        "Railway plan whose request budget is kept: free or trial (100 requests an hour), hobby (1,000) or pro "
        "(10,000). Default: pro."
    ),
    "workspaceId": "Railway's id of the workspace for new projects. Default: the only workspace of the token.",
}
"""Each key of its configuration in the settings of a stack, with its meaning."""


@pulumi.input_type
class _ProviderInputs:
    token: pulumi.Input[str | None] = pulumi.property("token", default=None)
    project_token: pulumi.Input[str | None] = pulumi.property("projectToken", default=None)
    api_url: pulumi.Input[str | None] = pulumi.property("apiUrl", default=None)
    plan: pulumi.Input[Plan | str | None] = pulumi.property("plan", default=None)
    workspace_id: pulumi.Input[str | None] = pulumi.property("workspaceId", default=None)


class Provider(pulumi.ProviderResource):
    """Railway, configured in the program instead of in the stack's configuration."""

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        token: pulumi.Input[str | None] = None,
        project_token: pulumi.Input[str | None] = None,
        api_url: pulumi.Input[str | None] = None,
        plan: pulumi.Input[Plan | str | None] = None,
        workspace_id: pulumi.Input[str | None] = None,
    ) -> None:
        """Declare the provider.

        :param resource_name: Its name in the program.
        :param opts: Options of the resource.
        :param token: Account or workspace token. Default: the environment variable RAILWAY_API_TOKEN.
        :param project_token: Token of one environment of one project, which cannot create projects. Default: the
          environment variable RAILWAY_TOKEN. Exclusive with token.
        :param api_url: Address of Railway's GraphQL API. Default: the environment variable RAILWAY_API_URL, else
          https://backboard.railway.com/graphql/v2.
        :param plan: Railway plan whose request budget is kept: free or trial (100 requests an hour), hobby (1,000) or
          pro (10,000). Default: pro.
        :param workspace_id: Railway's id of the workspace for new projects. Default: the only workspace of the token.
        """
        values = _ProviderInputs.__new__(_ProviderInputs)
        values.__dict__.update(
            token=None if token is None else pulumi.Output.secret(token),
            project_token=None if project_token is None else pulumi.Output.secret(project_token),
            api_url=api_url,
            plan=plan,
            workspace_id=workspace_id,
        )
        super().__init__("railway", resource_name, cast("Any", values), opts)
