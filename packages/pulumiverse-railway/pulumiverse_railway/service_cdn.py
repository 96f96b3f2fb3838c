# Generated from the declarations of the provider. Do not edit: change those, and generate again.
"""The resource ServiceCdn of Railway."""

from typing import Any, Self, cast

import pulumi

from .enums import HtmlCaching, PurgeOnDeploy

_TOKEN = "railway:index:ServiceCdn"


@pulumi.input_type
class _ServiceCdnInputs:
    project_id: pulumi.Input[str] = pulumi.property("projectId")
    environment_id: pulumi.Input[str] = pulumi.property("environmentId")
    service_id: pulumi.Input[str] = pulumi.property("serviceId")
    default_ttl_seconds: pulumi.Input[int | None] = pulumi.property("defaultTtlSeconds", default=None)
    html_caching: pulumi.Input[HtmlCaching | str | None] = pulumi.property("htmlCaching", default=None)
    stale_while_revalidate: pulumi.Input[bool | None] = pulumi.property("staleWhileRevalidate", default=None)
    purge_on_deploy: pulumi.Input[PurgeOnDeploy | str | None] = pulumi.property("purgeOnDeploy", default=None)


class ServiceCdn(pulumi.CustomResource):
    """Railway's CDN before the public domains of a service, without a deployment.

    Let it depend on a domain. Its id is <project id>/<environment id>/<service id>.
    """

    project_id: pulumi.Output[str] = pulumi.property("projectId")
    """Railway's id of the project (API: projectId)."""
    environment_id: pulumi.Output[str] = pulumi.property("environmentId")
    """Railway's id of the environment in that project (API: environmentId)."""
    service_id: pulumi.Output[str] = pulumi.property("serviceId")
    """Railway's id of the service: the output serviceId of a Service (API: serviceId)."""
    default_ttl_seconds: pulumi.Output[int] = pulumi.property("defaultTtlSeconds")
    """Time for which an answer is kept that does not say so itself, in seconds. Default: 7200 (API:
    caching.defaultTtlSeconds).
    """
    html_caching: pulumi.Output[HtmlCaching] = pulumi.property("htmlCaching")
    """Caching of HTML: as its headers say (auto), always (force), or never. Default: auto (API: caching.htmlCaching).
    """
    stale_while_revalidate: pulumi.Output[bool] = pulumi.property("staleWhileRevalidate")
    """True if an old answer is served while a new one is fetched, where the answer's headers allow it. Default: true
    (API: caching.staleWhileRevalidate.enabled).
    """
    purge_on_deploy: pulumi.Output[PurgeOnDeploy] = pulumi.property("purgeOnDeploy")
    """Content that a successful deployment removes from the cache: none, HTML, or all. Default: HTML (API:
    caching.purgeOnDeploy).
    """

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        project_id: pulumi.Input[str],
        environment_id: pulumi.Input[str],
        service_id: pulumi.Input[str],
        default_ttl_seconds: pulumi.Input[int | None] = None,
        html_caching: pulumi.Input[HtmlCaching | str | None] = None,
        stale_while_revalidate: pulumi.Input[bool | None] = None,
        purge_on_deploy: pulumi.Input[PurgeOnDeploy | str | None] = None,
    ) -> None:
        """Declare the resource.

        :param resource_name: Its name in the program.
        :param opts: Options of the resource.
        :param project_id: Railway's id of the project (API: projectId). A change makes a new resource.
        :param environment_id: Railway's id of the environment in that project (API: environmentId). A change makes a
          new resource.
        :param service_id: Railway's id of the service: the output service_id of a Service (API: serviceId). A change
          makes a new resource.
        :param default_ttl_seconds: Time for which an answer is kept that does not say so itself, in seconds. Default:
          7200 (API: caching.defaultTtlSeconds).
        :param html_caching: Caching of HTML: as its headers say (auto), always (force), or never. Default: auto (API:
          caching.htmlCaching).
        :param stale_while_revalidate: True if an old answer is served while a new one is fetched, where the answer's
          headers allow it. Default: true (API: caching.staleWhileRevalidate.enabled).
        :param purge_on_deploy: Content that a successful deployment removes from the cache: none, HTML, or all.
          Default: HTML (API: caching.purgeOnDeploy).
        """
        # As in SDKs that Pulumi generates: outputs are keys without values, and no parameters.
        values = _ServiceCdnInputs.__new__(_ServiceCdnInputs)
        values.__dict__.update(
            dict.fromkeys(ServiceCdn.__annotations__),
            project_id=project_id,
            environment_id=environment_id,
            service_id=service_id,
            default_ttl_seconds=default_ttl_seconds,
            html_caching=html_caching,
            stale_while_revalidate=stale_while_revalidate,
            purge_on_deploy=purge_on_deploy,
        )
        super().__init__(_TOKEN, resource_name, cast("Any", values), opts)

    @classmethod
    def get(
        cls,
        resource_name: str,
        id: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> Self:
        """Look up an existing ServiceCdn by its id: it is read, and never changed by the program."""
        values = _ServiceCdnInputs.__new__(_ServiceCdnInputs)
        values.__dict__.update(dict.fromkeys(ServiceCdn.__annotations__))
        merged = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=id))
        resource = cls.__new__(cls)
        pulumi.CustomResource.__init__(resource, _TOKEN, resource_name, cast("Any", values), merged)
        return resource
