# Generated from the declarations of the provider. Do not edit: change those, and generate again.
"""The resource NotificationRule of Railway."""

from collections.abc import Sequence
from typing import Any, Self, cast

import pulumi

from .enums import NotificationSeverity

_TOKEN = "railway:index:NotificationRule"


@pulumi.input_type
class _NotificationRuleInputs:
    event_types: pulumi.Input[Sequence[pulumi.Input[str]]] = pulumi.property("eventTypes")
    channel_configs: pulumi.Input[Sequence[pulumi.Input[str]]] = pulumi.property("channelConfigs")
    workspace_id: pulumi.Input[str | None] = pulumi.property("workspaceId", default=None)
    project_id: pulumi.Input[str | None] = pulumi.property("projectId", default=None)
    severities: pulumi.Input[Sequence[pulumi.Input[NotificationSeverity | str]] | None] = pulumi.property(
        "severities", default=None
    )
    ephemeral_environments: pulumi.Input[bool | None] = pulumi.property("ephemeralEnvironments", default=None)


class NotificationRule(pulumi.CustomResource):
    """A rule that sends events of a workspace or a project to webhooks. Its id is <workspace id>/<rule id>."""

    event_types: pulumi.Output[Sequence[str]] = pulumi.property("eventTypes")
    """Names of the events, such as Deployment.failed; Railway publishes no list of them, and the check is its own (API:
    eventTypes).
    """
    channel_configs: pulumi.Output[Sequence[str]] = pulumi.property("channelConfigs")
    """Channels to send them to, each a JSON object as text. Its form is not published and not confirmed: look at one
    made in the dashboard with 'pulumi import' first (API: channelConfigs). A secret, because the address of a webhook
    usually is one.
    """
    workspace_id: pulumi.Output[str | None] = pulumi.property("workspaceId")
    """Railway's id of the workspace that owns the rule (API: workspaceId). Another one replaces the rule. Default:
    railway:workspaceId of the configuration, else the only workspace of the token.
    """
    project_id: pulumi.Output[str | None] = pulumi.property("projectId")
    """Railway's id of the project that the rule is for (API: projectId). Default: all of the workspace."""
    severities: pulumi.Output[Sequence[NotificationSeverity] | None] = pulumi.property("severities")
    """Only events this serious. Default: what Railway takes (API: severities)."""
    ephemeral_environments: pulumi.Output[bool | None] = pulumi.property("ephemeralEnvironments")
    """True if events of short-lived environments count too. Default: what Railway takes (API: ephemeralEnvironments).
    """
    rule_id: pulumi.Output[str] = pulumi.property("ruleId")
    """Railway's id of the rule (API: id)."""

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        event_types: pulumi.Input[Sequence[pulumi.Input[str]]],
        channel_configs: pulumi.Input[Sequence[pulumi.Input[str]]],
        workspace_id: pulumi.Input[str | None] = None,
        project_id: pulumi.Input[str | None] = None,
        severities: pulumi.Input[Sequence[pulumi.Input[NotificationSeverity | str]] | None] = None,
        ephemeral_environments: pulumi.Input[bool | None] = None,
    ) -> None:
        """Declare the resource.

        :param resource_name: Its name in the program.
        :param opts: Options of the resource.
        :param event_types: Names of the events, such as Deployment.failed; Railway publishes no list of them, and the
          check is its own (API: eventTypes).
        :param channel_configs: Channels to send them to, each a JSON object as text. Its form is not published and not
          confirmed: look at one made in the dashboard with 'pulumi import' first (API: channelConfigs). A secret,
          because the address of a webhook usually is one.
        :param workspace_id: Railway's id of the workspace that owns the rule (API: workspaceId). Another one replaces
          the rule. Default: railway:workspaceId of the configuration, else the only workspace of the token.
        :param project_id: Railway's id of the project that the rule is for (API: projectId). Default: all of the
          workspace. A change makes a new resource.
        :param severities: Only events this serious. Default: what Railway takes (API: severities).
        :param ephemeral_environments: True if events of short-lived environments count too. Default: what Railway takes
          (API: ephemeralEnvironments).
        """
        # As in SDKs that Pulumi generates: outputs are keys without values, and no parameters.
        values = _NotificationRuleInputs.__new__(_NotificationRuleInputs)
        values.__dict__.update(
            dict.fromkeys(NotificationRule.__annotations__),
            event_types=event_types,
            channel_configs=pulumi.Output.secret(channel_configs),
            workspace_id=workspace_id,
            project_id=project_id,
            severities=severities,
            ephemeral_environments=ephemeral_environments,
        )
        super().__init__(_TOKEN, resource_name, cast("Any", values), opts)

    @classmethod
    def get(
        cls,
        resource_name: str,
        id: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> Self:
        """Look up an existing NotificationRule by its id: it is read, and never changed by the program."""
        values = _NotificationRuleInputs.__new__(_NotificationRuleInputs)
        values.__dict__.update(dict.fromkeys(NotificationRule.__annotations__))
        merged = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=id))
        resource = cls.__new__(cls)
        pulumi.CustomResource.__init__(resource, _TOKEN, resource_name, cast("Any", values), merged)
        return resource
