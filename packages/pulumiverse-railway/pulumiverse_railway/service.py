# Generated from the declarations of the provider. Do not edit: change those, and generate again.
"""The resource Service of Railway."""

from typing import Any, Self, cast

import pulumi

_TOKEN = "railway:index:Service"


@pulumi.input_type
class _ServiceInputs:
    project_id: pulumi.Input[str] = pulumi.property("projectId")
    environment_id: pulumi.Input[str] = pulumi.property("environmentId")
    name: pulumi.Input[str] = pulumi.property("name")
    icon: pulumi.Input[str | None] = pulumi.property("icon", default=None)
    tracing_enabled: pulumi.Input[bool | None] = pulumi.property("tracingEnabled", default=None)
    auto_instrumentation_enabled: pulumi.Input[bool | None] = pulumi.property(
        "autoInstrumentationEnabled", default=None
    )


class Service(pulumi.CustomResource):
    """An empty service. Its id is <project id>/<environment id>/<service id>."""

    project_id: pulumi.Output[str] = pulumi.property("projectId")
    """Railway's id of the project (API: projectId)."""
    environment_id: pulumi.Output[str] = pulumi.property("environmentId")
    """Railway's id of the environment in that project (API: environmentId)."""
    name: pulumi.Output[str] = pulumi.property("name")
    """Name of the service, unique in its project, at most 63 characters; references to its variables use it,
    ${{name.VARIABLE}} (API: name).
    """
    icon: pulumi.Output[str | None] = pulumi.property("icon")
    """Address of an icon for the dashboard (API: icon). Default: Railway's."""
    tracing_enabled: pulumi.Output[bool | None] = pulumi.property("tracingEnabled")
    """True if requests to it are traced, whatever the project says: by Railway's edge at once, by the application from
    its next deployment on. Default: as the project (API: tracingEnabled).
    """
    auto_instrumentation_enabled: pulumi.Output[bool | None] = pulumi.property("autoInstrumentationEnabled")
    """True if Railway traces what its processes do, too, without a change of their code, while it is traced. Default:
    false (API: autoInstrumentationEnabled).
    """
    service_id: pulumi.Output[str] = pulumi.property("serviceId")
    """Railway's id of the service (API: id)."""
    private_domain: pulumi.Output[str] = pulumi.property("privateDomain")
    """Host under which other services of the environment reach it, <name>.railway.internal. Railway makes it of the
    name at creation; a later rename does not change it.
    """

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        project_id: pulumi.Input[str],
        environment_id: pulumi.Input[str],
        name: pulumi.Input[str],
        icon: pulumi.Input[str | None] = None,
        tracing_enabled: pulumi.Input[bool | None] = None,
        auto_instrumentation_enabled: pulumi.Input[bool | None] = None,
    ) -> None:
        """Declare the resource.

        :param resource_name: Its name in the program.
        :param opts: Options of the resource.
        :param project_id: Railway's id of the project (API: projectId). A change makes a new resource.
        :param environment_id: Railway's id of the environment in that project (API: environmentId). A change makes a
          new resource.
        :param name: Name of the service, unique in its project, at most 63 characters; references to its variables use
          it, ${{name.VARIABLE}} (API: name).
        :param icon: Address of an icon for the dashboard (API: icon). Default: Railway's.
        :param tracing_enabled: True if requests to it are traced, whatever the project says: by Railway's edge at once,
          by the application from its next deployment on. Default: as the project (API: tracingEnabled).
        :param auto_instrumentation_enabled: True if Railway traces what its processes do, too, without a change of
          their code, while it is traced. Default: false (API: autoInstrumentationEnabled).
        """
        # As in SDKs that Pulumi generates: outputs are keys without values, and no parameters.
        values = _ServiceInputs.__new__(_ServiceInputs)
        values.__dict__.update(
            dict.fromkeys(Service.__annotations__),
            project_id=project_id,
            environment_id=environment_id,
            name=name,
            icon=icon,
            tracing_enabled=tracing_enabled,
            auto_instrumentation_enabled=auto_instrumentation_enabled,
        )
        super().__init__(_TOKEN, resource_name, cast("Any", values), opts)

    @classmethod
    def get(
        cls,
        resource_name: str,
        id: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> Self:
        """Look up an existing Service by its id: it is read, and never changed by the program."""
        values = _ServiceInputs.__new__(_ServiceInputs)
        values.__dict__.update(dict.fromkeys(Service.__annotations__))
        merged = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=id))
        resource = cls.__new__(cls)
        pulumi.CustomResource.__init__(resource, _TOKEN, resource_name, cast("Any", values), merged)
        return resource
