"""A public TCP port of a service, for protocols other than HTTP: databases, caches, mail.

Owns one such proxy. It is created through the environment's configuration and deleted by an operation of its own,
because a configuration never deletes one. A service has one proxy, so another port is delete, then create.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Final

from pulumi_provider.declaration import Context, Property, Resource
from pulumi_provider.errors import InitializationFailed
from pulumiverse_railway import rules
from railway_api.documents.networking import TCP_PROXIES, TCP_PROXY_DELETE
from railway_api.environment import Environment
from railway_api.errors import NotFound
from railway_api.failure import Failure
from railway_api.retries import retry_on, wait_for
from railway_api.snapshot import Snapshot

from .shared.scopes import ServiceScoped, claimed, commit, delete, environment_of, join, split

if TYPE_CHECKING:
    from railway_api.answers import TCPProxy
    from railway_api.scalars import ServiceConfig


ID_PARTS: Final = ("project id", "environment id", "service id", "application port")


@dataclass(frozen=True, kw_only=True)
class TcpProxyInputs(ServiceScoped):
    """Inputs of a TCP proxy."""

    application_port: Annotated[
        int,
        Property(
            "Port of the service that it leads to (API: applicationPort).",
            replaces=True,
            check=rules.port,
        ),
    ]


@dataclass(frozen=True, kw_only=True)
class TcpProxyState(TcpProxyInputs):
    """A TCP proxy as it is."""

    domain: Annotated[str, Property("Public host, which Railway chooses (API: TCPProxy.domain).", stable=True)]
    proxy_port: Annotated[
        int, Property("Port on that host, which Railway chooses (API: TCPProxy.proxyPort).", stable=True)
    ]


class TcpProxy(Resource[TcpProxyInputs, TcpProxyState]):
    """A public TCP port of a service; one per service. Made after the service runs, it deploys the service again.

    Its id is <project id>/<environment id>/<service id>/<application port>.
    """

    token = "railway:index:TcpProxy"
    inputs_type, state_type = TcpProxyInputs, TcpProxyState
    delete_before_replace = True

    async def create(self, context: Context, new: TcpProxyInputs) -> tuple[str, TcpProxyState]:
        """Open the port, or take the proxy to the same port that an interrupted run left."""
        environment = environment_of(context, new.project_id, new.environment_id)
        id = join(new.project_id, new.environment_id, new.service_id, str(new.application_port))
        proxy = await _left_over(context, environment, new)
        if proxy is not None:
            await context.info(f"took over the TCP proxy to port {new.application_port}, which is there already")
        else:
            opened: ServiceConfig = {"networking": {"tcpProxies": {str(new.application_port): {}}}}
            await commit(context, environment, lambda _: {"services": {new.service_id: opened}})
            try:
                proxy = await _appeared(context, environment, new)
            except Failure as failure:
                # The port is open from here on; the next run reads the address.
                raise InitializationFailed(id, asdict(new), [str(failure)]) from failure
        if not claimed(context, environment, proxy["id"], id):
            raise Failure(f"two resources are the TCP proxy of service {new.service_id}, and a service has one")
        return id, _state(new, proxy)

    async def read(self, context: Context, id: str, old: TcpProxyState | None) -> TcpProxyState | None:
        """Return the proxy with its address."""
        project_id, environment_id, service_id, port = split(id, *ID_PARTS)
        if not port.isdecimal():
            raise Failure(f"the id must be {'/'.join(f'<{name}>' for name in ID_PARTS)}, not {id!r}")
        environment = environment_of(context, project_id, environment_id)
        snapshot = await environment.snapshot_or_none()
        if snapshot is None or not snapshot.has_instance(service_id):
            return None
        inputs = TcpProxyInputs(
            project_id=project_id, environment_id=environment_id, service_id=service_id, application_port=int(port)
        )
        proxy = await _find(environment, inputs)
        return _state(inputs, proxy) if proxy else None

    async def delete(self, context: Context, id: str, old: TcpProxyState) -> None:
        """Close the port."""
        project_id, environment_id, service_id, port = split(id, *ID_PARTS)
        environment = environment_of(context, project_id, environment_id)

        async def action() -> None:
            snapshot = await environment.snapshot_or_none()
            if snapshot is None or not snapshot.has_instance(service_id):
                return
            proxy = next((proxy for proxy in await _list(environment, service_id) if _leads_to(proxy, port)), None)
            if proxy is not None:
                await environment.write(TCP_PROXY_DELETE, id=proxy["id"])

        await delete(context, environment, action, lambda snapshot: port in _ports(snapshot, service_id))


def _state(new: TcpProxyInputs, proxy: TCPProxy) -> TcpProxyState:
    # Railway may give the host as a fully qualified name.
    return TcpProxyState(**asdict(new), domain=proxy["domain"].rstrip("."), proxy_port=proxy["proxyPort"])


def _ports(snapshot: Snapshot, service_id: str) -> Collection[str]:
    """Return the ports that the configuration names."""
    return (snapshot.service_config(service_id).get("networking") or {}).get("tcpProxies") or ()


def _leads_to(proxy: TCPProxy, port: str) -> bool:
    return str(proxy["applicationPort"]) == port


async def _list(environment: Environment, service_id: str) -> list[TCPProxy]:
    every = await environment.ask(TCP_PROXIES, environmentId=environment.environment_id, serviceId=service_id)
    return [proxy for proxy in every if not proxy["deletedAt"]]


async def _find(environment: Environment, new: TcpProxyInputs) -> TCPProxy | None:
    every = await _list(environment, new.service_id)
    return next((proxy for proxy in every if _leads_to(proxy, str(new.application_port))), None)


async def _left_over(context: Context, environment: Environment, new: TcpProxyInputs) -> TCPProxy | None:
    """Return the proxy of the service; one to another port belongs to another resource."""
    every = await retry_on(context, lambda: _list(environment, new.service_id), on=(NotFound,))
    for proxy in every:
        if not _leads_to(proxy, str(new.application_port)):
            port = proxy["applicationPort"]
            id = join(new.project_id, new.environment_id, new.service_id, str(port))
            raise Failure(
                f"service {new.service_id} has a TCP proxy to port {port} already, and a service has one: import it "
                f"with 'pulumi import railway:index:TcpProxy <resource name> {id}', or delete it in the dashboard"
            )
        return proxy
    return None


async def _appeared(context: Context, environment: Environment, new: TcpProxyInputs) -> TCPProxy:
    """Return the new proxy, once the list shows it with its address."""

    async def look() -> TCPProxy | None:
        proxy = await _find(environment, new)
        return proxy if proxy is not None and proxy["domain"] and proxy["proxyPort"] else None

    proxy = await wait_for(context, look, doing="waiting for the address...")
    if proxy is None:
        raise Failure(
            f"Railway accepted the TCP proxy to port {new.application_port} but shows no address for it: "
            "run the command again"
        )
    return proxy
