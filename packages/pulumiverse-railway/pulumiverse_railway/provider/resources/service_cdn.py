"""Railway's CDN before the public domains of a service.

Owns whether it is on, and how it caches. It applies without a deployment, and needs a domain first. What Railway's
edge does depends on the mode of its configuration alone: others have seen that disabling answers true and changes
nothing, and that enabling leaves a mode that is off as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final

from pulumi_provider.declaration import Context, Property, Resource
from pulumi_provider.errors import InitializationFailed
from pulumiverse_railway import rules
from railway_api.documents.networking import SERVICE_CDN_DISABLE, SERVICE_CDN_ENABLE, SERVICE_EDGE, SERVICE_EDGE_UPDATE
from railway_api.environment import Environment
from railway_api.errors import Busy, NotFound, Opaque, OutcomeUnknown, Race
from railway_api.failure import Failure
from railway_api.retries import retry_on

from .shared.scopes import ServiceScoped, choice, claimed, delete, environment_of, join, split

if TYPE_CHECKING:
    from railway_api.answers import EdgeCachingConfig, EdgeConfig

ID_PARTS: Final = ("project id", "environment id", "service id")
ON: Final = "auto"
OFF: Final = "off"
"""The modes in which Railway's edge caches, and does not."""


class HtmlCaching(StrEnum):
    """The rule by which HTML is cached (API: EdgeCachingConfig.htmlCaching)."""

    AUTO = "auto"
    FORCE = "force"
    NEVER = "never"


class PurgeOnDeploy(StrEnum):
    """The part of the cache that a successful deployment removes (API: PurgeOnDeploy)."""

    OFF = "OFF"
    HTML = "HTML"
    ALL = "ALL"


@dataclass(frozen=True, kw_only=True)
class ServiceCdnInputs(ServiceScoped):
    """Inputs of the CDN before a service."""

    default_ttl_seconds: Annotated[
        int,
        Property(
            "Time for which an answer is kept that does not say so itself, in seconds. Default: 7200 (API: "
            "caching.defaultTtlSeconds).",
            check=rules.cache_seconds,
        ),
    ] = 7_200
    html_caching: Annotated[
        HtmlCaching,
        Property(
            "Caching of HTML: as its headers say (auto), always (force), or never. Default: auto (API: "
            "caching.htmlCaching)."
        ),
    ] = HtmlCaching.AUTO
    stale_while_revalidate: Annotated[
        bool,
        Property(
            "True if an old answer is served while a new one is fetched, where the answer's headers allow it. "
            "Default: true (API: caching.staleWhileRevalidate.enabled)."
        ),
    ] = True
    purge_on_deploy: Annotated[
        PurgeOnDeploy,
        Property(
            "Content that a successful deployment removes from the cache: none, HTML, or all. Default: HTML (API: "
            "caching.purgeOnDeploy)."
        ),
    ] = PurgeOnDeploy.HTML


@dataclass(frozen=True, kw_only=True)
class ServiceCdnState(ServiceCdnInputs):
    """The CDN of a service as it is."""


class ServiceCdn(Resource[ServiceCdnInputs, ServiceCdnState]):
    """Railway's CDN before the public domains of a service, without a deployment.

    Let it depend on a domain. Its id is <project id>/<environment id>/<service id>.
    """

    token = "railway:index:ServiceCdn"
    inputs_type, state_type = ServiceCdnInputs, ServiceCdnState
    delete_before_replace = True

    def left_out(self, state: Mapping[str, Any]) -> Collection[str]:
        """Return what is as Railway takes it by itself."""
        return [each.name for each in fields(ServiceCdnInputs) if state.get(each.name) == each.default]

    async def create(self, context: Context, new: ServiceCdnInputs) -> tuple[str, ServiceCdnState]:
        """Switch it on, or take what an interrupted run has switched on."""
        environment = environment_of(context, new.project_id, new.environment_id)
        snapshot = await environment.snapshot()
        if not (snapshot.service_domains(new.service_id) or snapshot.custom_domains(new.service_id)):
            raise Failure(
                f"service {snapshot.service_name(new.service_id)} has no public domain, which Railway's CDN stands "
                "before: make a ServiceDomain or a CustomDomain, and let this depend on it"
            )
        id = join(new.project_id, new.environment_id, new.service_id)
        if not claimed(context, environment, f"CDN of {new.service_id}", id):
            raise Failure(f"two resources are the CDN of service {new.service_id}: remove one of them")
        # A new domain takes Railway's edge a moment; until then it gives no reason.
        edge = await retry_on(
            context,
            lambda: _enabled(environment, new),
            on=(Opaque, Race, Busy, NotFound, OutcomeUnknown),
            doing="waiting for Railway's edge to know the domain...",
        )
        state = ServiceCdnState(**asdict(new))
        if _caching(edge) == _config_of(new):
            return id, state
        try:
            await _set(environment, new)
        except Failure as failure:
            raise InitializationFailed(id, _state(new, edge) or state, [str(failure)]) from failure
        return id, state

    async def read(self, context: Context, id: str, old: ServiceCdnState | None) -> ServiceCdnState | None:
        """Return how it caches; nothing while it is off."""
        project_id, environment_id, service_id = split(id, *ID_PARTS)
        environment = environment_of(context, project_id, environment_id)
        snapshot = await environment.snapshot_or_none()
        if snapshot is None or not snapshot.has_instance(service_id):
            return None
        scope = ServiceScoped(project_id=project_id, environment_id=environment_id, service_id=service_id)
        return _state(scope, await _edge(environment, service_id))

    async def update(self, context: Context, id: str, old: ServiceCdnState, new: ServiceCdnInputs) -> ServiceCdnState:
        """Cache otherwise."""
        await _set(environment_of(context, new.project_id, new.environment_id), new)
        return ServiceCdnState(**asdict(new))

    async def delete(self, context: Context, id: str, old: ServiceCdnState) -> None:
        """Switch it off."""
        project_id, environment_id, service_id = split(id, *ID_PARTS)
        environment = environment_of(context, project_id, environment_id)
        ids = {"environmentId": environment_id, "serviceId": service_id}

        async def action() -> None:
            snapshot = await environment.snapshot_or_none()
            if snapshot is None or not snapshot.has_instance(service_id):
                return
            await environment.write(SERVICE_CDN_DISABLE, input=ids)
            if _caching(await _edge(environment, service_id)) is not None:
                await environment.write(SERVICE_EDGE_UPDATE, input={**ids, "config": {"caching": {"mode": OFF}}})

        await delete(context, environment, action, lambda snapshot: snapshot.has_instance(service_id))


async def _edge(environment: Environment, service_id: str) -> EdgeConfig | None:
    ids = {"environmentId": environment.environment_id, "serviceId": service_id}
    try:
        return (await environment.ask(SERVICE_EDGE, **ids))["edgeConfig"]
    except NotFound:
        return None


async def _enabled(environment: Environment, new: ServiceCdnInputs) -> EdgeConfig:
    ids = {"environmentId": new.environment_id, "serviceId": new.service_id}
    return await environment.write(SERVICE_CDN_ENABLE, input={**ids, "config": {"caching": _config_of(new)}})


async def _set(environment: Environment, new: ServiceCdnInputs) -> None:
    ids = {"environmentId": new.environment_id, "serviceId": new.service_id}
    await environment.write(SERVICE_EDGE_UPDATE, input={**ids, "config": {"caching": _config_of(new)}})


def _config_of(new: ServiceCdnInputs) -> EdgeCachingConfig:
    """Return the whole configuration: what is left out, Railway may keep from before."""
    return {
        "mode": ON,
        "defaultTtlSeconds": new.default_ttl_seconds,
        "htmlCaching": new.html_caching.value,
        "purgeOnDeploy": new.purge_on_deploy.value,
        "staleWhileRevalidate": {"enabled": new.stale_while_revalidate},
    }


def _caching(edge: EdgeConfig | None) -> EdgeCachingConfig | None:
    """Return how the edge caches; None when it does not."""
    caching = edge["caching"] if edge and edge["enabled"] else None
    return caching if caching and caching["mode"].lower() != OFF else None


def _state(scope: ServiceScoped, edge: EdgeConfig | None) -> ServiceCdnState | None:
    caching = _caching(edge)
    if caching is None:
        return None
    return ServiceCdnState(
        project_id=scope.project_id,
        environment_id=scope.environment_id,
        service_id=scope.service_id,
        default_ttl_seconds=caching["defaultTtlSeconds"],
        html_caching=choice(HtmlCaching, caching["htmlCaching"]),
        stale_while_revalidate=caching["staleWhileRevalidate"]["enabled"],
        purge_on_deploy=choice(PurgeOnDeploy, caching["purgeOnDeploy"]),
    )
