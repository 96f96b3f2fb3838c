# Generated from the declarations of the provider. Do not edit: change those, and generate again.
"""The resource UsageLimit of Railway."""

from typing import Any, Self, cast

import pulumi

_TOKEN = "railway:index:UsageLimit"


@pulumi.input_type
class _UsageLimitInputs:
    soft_limit_dollars: pulumi.Input[int] = pulumi.property("softLimitDollars")
    hard_limit_dollars: pulumi.Input[int | None] = pulumi.property("hardLimitDollars", default=None)
    workspace_id: pulumi.Input[str | None] = pulumi.property("workspaceId", default=None)


class UsageLimit(pulumi.CustomResource):
    """The limit of what a workspace may use in a billing period; one for each workspace. Its id is <workspace id>."""

    soft_limit_dollars: pulumi.Output[int] = pulumi.property("softLimitDollars")
    """Use in a billing period, in US dollars, about which Railway sends a mail (API: softLimitDollars)."""
    hard_limit_dollars: pulumi.Output[int | None] = pulumi.property("hardLimitDollars")
    """Use in a billing period, in US dollars, at which Railway stops every service of the workspace, production too: 10
    or more. Default: none (API: hardLimitDollars).
    """
    workspace_id: pulumi.Output[str | None] = pulumi.property("workspaceId")
    """Railway's id of the workspace. Another one replaces the limit. Default: railway:workspaceId of the configuration,
    else the only workspace of the token.
    """
    customer_id: pulumi.Output[str] = pulumi.property("customerId")
    """Railway's id of whoever pays for the workspace (API: Customer.id)."""

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        soft_limit_dollars: pulumi.Input[int],
        hard_limit_dollars: pulumi.Input[int | None] = None,
        workspace_id: pulumi.Input[str | None] = None,
    ) -> None:
        """Declare the resource.

        :param resource_name: Its name in the program.
        :param opts: Options of the resource.
        :param soft_limit_dollars: Use in a billing period, in US dollars, about which Railway sends a mail (API:
          softLimitDollars).
        :param hard_limit_dollars: Use in a billing period, in US dollars, at which Railway stops every service of the
          workspace, production too: 10 or more. Default: none (API: hardLimitDollars).
        :param workspace_id: Railway's id of the workspace. Another one replaces the limit. Default: railway:workspaceId
          of the configuration, else the only workspace of the token.
        """
        # As in SDKs that Pulumi generates: outputs are keys without values, and no parameters.
        values = _UsageLimitInputs.__new__(_UsageLimitInputs)
        values.__dict__.update(
            dict.fromkeys(UsageLimit.__annotations__),
            soft_limit_dollars=soft_limit_dollars,
            hard_limit_dollars=hard_limit_dollars,
            workspace_id=workspace_id,
        )
        super().__init__(_TOKEN, resource_name, cast("Any", values), opts)

    @classmethod
    def get(
        cls,
        resource_name: str,
        id: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> Self:
        """Look up an existing UsageLimit by its id: it is read, and never changed by the program."""
        values = _UsageLimitInputs.__new__(_UsageLimitInputs)
        values.__dict__.update(dict.fromkeys(UsageLimit.__annotations__))
        merged = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=id))
        resource = cls.__new__(cls)
        pulumi.CustomResource.__init__(resource, _TOKEN, resource_name, cast("Any", values), merged)
        return resource
