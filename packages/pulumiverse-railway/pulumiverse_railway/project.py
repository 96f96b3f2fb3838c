# Generated from the declarations of the provider. Do not edit: change those, and generate again.
"""The resource Project of Railway."""

from typing import Any, Self, cast

import pulumi

_TOKEN = "railway:index:Project"


@pulumi.input_type
class _ProjectInputs:
    name: pulumi.Input[str] = pulumi.property("name")
    description: pulumi.Input[str | None] = pulumi.property("description", default=None)
    workspace_id: pulumi.Input[str | None] = pulumi.property("workspaceId", default=None)
    environment_name: pulumi.Input[str | None] = pulumi.property("environmentName", default=None)
    pr_deploys: pulumi.Input[bool | None] = pulumi.property("prDeploys", default=None)
    bot_pr_environments: pulumi.Input[bool | None] = pulumi.property("botPrEnvironments", default=None)
    focused_pr_environments: pulumi.Input[bool | None] = pulumi.property("focusedPrEnvironments", default=None)
    tracing_enabled: pulumi.Input[bool | None] = pulumi.property("tracingEnabled", default=None)
    tracing_sample_rate: pulumi.Input[float | None] = pulumi.property("tracingSampleRate", default=None)


class Project(pulumi.CustomResource):
    """A Railway project and its default environment. Its id is <project id>."""

    name: pulumi.Output[str] = pulumi.property("name")
    """Name of the project, at most 63 characters (API: name)."""
    description: pulumi.Output[str | None] = pulumi.property("description")
    """Description (API: description). Together with the name it marks a project whose creation was interrupted, so that
    the next run finds it. Default: none.
    """
    workspace_id: pulumi.Output[str | None] = pulumi.property("workspaceId")
    """Railway's id of the workspace that owns the project (API: workspaceId). Another workspace replaces the project.
    Default: railway:workspaceId of the configuration, else the only workspace of the token.
    """
    environment_name: pulumi.Output[str] = pulumi.property("environmentName")
    """Name of the default environment (API: defaultEnvironmentName); changed in place. Default: production."""
    pr_deploys: pulumi.Output[bool | None] = pulumi.property("prDeploys")
    """True if each pull request gets an environment of its own. Default: false (API: prDeploys)."""
    bot_pr_environments: pulumi.Output[bool | None] = pulumi.property("botPrEnvironments")
    """True if those of bots get one, too. Default: false (API: botPrEnvironments)."""
    focused_pr_environments: pulumi.Output[bool | None] = pulumi.property("focusedPrEnvironments")
    """True if such an environment deploys only the services that the changed files belong to. Default: false (API:
    focusedPrEnvironments).
    """
    tracing_enabled: pulumi.Output[bool | None] = pulumi.property("tracingEnabled")
    """True if requests to its services are traced, unless a service says otherwise: Railway's edge at once, the
    applications from their next deployment on. Default: false (API: tracingEnabled).
    """
    tracing_sample_rate: pulumi.Output[float | None] = pulumi.property("tracingSampleRate")
    """The part of the requests that is traced, of every traced service, 0 to 1. Default: Railway's (API:
    tracingSampleRate).
    """
    environment_id: pulumi.Output[str] = pulumi.property("environmentId")
    """Railway's id of the default environment (API: Environment.id)."""

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        name: pulumi.Input[str],
        description: pulumi.Input[str | None] = None,
        workspace_id: pulumi.Input[str | None] = None,
        environment_name: pulumi.Input[str | None] = None,
        pr_deploys: pulumi.Input[bool | None] = None,
        bot_pr_environments: pulumi.Input[bool | None] = None,
        focused_pr_environments: pulumi.Input[bool | None] = None,
        tracing_enabled: pulumi.Input[bool | None] = None,
        tracing_sample_rate: pulumi.Input[float | None] = None,
    ) -> None:
        """Declare the resource.

        :param resource_name: Its name in the program.
        :param opts: Options of the resource.
        :param name: Name of the project, at most 63 characters (API: name).
        :param description: Description (API: description). Together with the name it marks a project whose creation was
          interrupted, so that the next run finds it. Default: none.
        :param workspace_id: Railway's id of the workspace that owns the project (API: workspaceId). Another workspace
          replaces the project. Default: railway:workspaceId of the configuration, else the only workspace of the token.
        :param environment_name: Name of the default environment (API: defaultEnvironmentName); changed in place.
          Default: production.
        :param pr_deploys: True if each pull request gets an environment of its own. Default: false (API: prDeploys).
        :param bot_pr_environments: True if those of bots get one, too. Default: false (API: botPrEnvironments).
        :param focused_pr_environments: True if such an environment deploys only the services that the changed files
          belong to. Default: false (API: focusedPrEnvironments).
        :param tracing_enabled: True if requests to its services are traced, unless a service says otherwise: Railway's
          edge at once, the applications from their next deployment on. Default: false (API: tracingEnabled).
        :param tracing_sample_rate: The part of the requests that is traced, of every traced service, 0 to 1. Default:
          Railway's (API: tracingSampleRate).
        """
        # As in SDKs that Pulumi generates: outputs are keys without values, and no parameters.
        values = _ProjectInputs.__new__(_ProjectInputs)
        values.__dict__.update(
            dict.fromkeys(Project.__annotations__),
            name=name,
            description=description,
            workspace_id=workspace_id,
            environment_name=environment_name,
            pr_deploys=pr_deploys,
            bot_pr_environments=bot_pr_environments,
            focused_pr_environments=focused_pr_environments,
            tracing_enabled=tracing_enabled,
            tracing_sample_rate=tracing_sample_rate,
        )
        super().__init__(_TOKEN, resource_name, cast("Any", values), opts)

    @classmethod
    def get(
        cls,
        resource_name: str,
        id: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> Self:
        """Look up an existing Project by its id: it is read, and never changed by the program."""
        values = _ProjectInputs.__new__(_ProjectInputs)
        values.__dict__.update(dict.fromkeys(Project.__annotations__))
        merged = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=id))
        resource = cls.__new__(cls)
        pulumi.CustomResource.__init__(resource, _TOKEN, resource_name, cast("Any", values), merged)
        return resource
