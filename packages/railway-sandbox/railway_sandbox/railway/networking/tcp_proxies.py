"""TCP proxies: a public port for a service that does not speak HTTP.

Owns creation by patch and by mutation; a patch never deletes one.
"""

from __future__ import annotations

import os

from railway_sandbox.identifiers import short_of
from railway_sandbox.railway.access import Arguments, Caller, FieldResolvers, Operations
from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.railway.errors import Refused, in_progress, invalid, not_found
from railway_sandbox.railway.records import Config, Environment, TCPProxy, of_service, part

CREATING_S = 2.0
LEADS_TO = "RAILYARD_SANDBOX_TCP"
"""Environment variable that lets proxies lead to ports of this machine: ``<project>/<service>=<port>,…``."""
HOSTS = ("shuttle", "monorail", "roundhouse", "viaduct", "turntable")


def check_ports(entry: Config) -> None:
    """Refuse proxies whose key is not a valid port."""
    for port in part(part(entry, "networking"), "tcpProxies"):
        if not (port.isdecimal() and 0 < int(port) < 65_536):
            raise invalid(f"networking.tcpProxies.{port}")


def _make(cloud: RailwayCloud, environment: Environment, service_id: str, port: int, at: float) -> TCPProxy:
    new_id = cloud.new_id()
    number = int(short_of(new_id), 16)
    proxy = TCPProxy(
        id=new_id,
        environment_id=environment.id,
        service_id=service_id,
        application_port=port,
        domain=f"{HOSTS[number % len(HOSTS)]}.proxy.rlwy.net",
        proxy_port=10_000 + number % 50_000,
        created_at=at,
        updated_at=at,
    )
    cloud.state.tcp_proxies[new_id] = proxy
    return proxy


def from_patch(cloud: RailwayCloud, environment: Environment, service_id: str, entry: Config, at: float) -> None:
    """Create the proxies that a patch names and that are not there; null does nothing."""
    for port, settings in part(part(entry, "networking"), "tcpProxies").items():
        if settings is not None and not of_service(cloud.state.tcp_proxies, environment.id, service_id):
            _make(cloud, environment, service_id, int(port), at)


def _create(caller: Caller, arguments: Arguments) -> TCPProxy:
    inputs = arguments["input"]
    environment, instance = caller.instance(inputs)
    if not 0 < inputs["applicationPort"] < 65_536:
        raise invalid("applicationPort")
    if of_service(caller.cloud.state.tcp_proxies, environment.id, instance.service_id):
        raise Refused("A TCP proxy already exists for this service")
    return _make(caller.cloud, environment, instance.service_id, inputs["applicationPort"], caller.now)


def _delete(caller: Caller, arguments: Arguments) -> bool:
    proxy = caller.cloud.state.tcp_proxies.get(arguments["id"])
    if proxy is None or proxy.deleted_at is not None:
        raise not_found("TCPProxy")
    caller.environment(proxy.environment_id)
    if caller.now < proxy.created_at + CREATING_S:
        raise in_progress("Cannot delete TCP proxy")
    proxy.deleted_at = caller.now
    return True


def _list(caller: Caller, arguments: Arguments) -> list[TCPProxy]:
    environment, service = caller.environment_and_service(arguments)
    return of_service(caller.cloud.state.tcp_proxies, environment.id, service.id)


def _local_port(caller: Caller, proxy: TCPProxy) -> str | None:
    """Return the port of this machine that stands for the service, where ``LEADS_TO`` names one."""
    environment = caller.cloud.state.environments[proxy.environment_id]
    project = caller.cloud.state.projects[environment.project_id]
    service = caller.cloud.state.services[proxy.service_id]
    ports = dict(each.split("=", 1) for each in os.environ.get(LEADS_TO, "").split(",") if "=" in each)
    return ports.get(f"{project.name}/{service.name}")


def _domain(caller: Caller, proxy: TCPProxy, _arguments: Arguments) -> str:
    return "127.0.0.1" if _local_port(caller, proxy) else proxy.domain


def _proxy_port(caller: Caller, proxy: TCPProxy, _arguments: Arguments) -> int:
    return int(_local_port(caller, proxy) or proxy.proxy_port)


def _sync_status(caller: Caller, proxy: TCPProxy, _arguments: Arguments) -> str:
    if proxy.deleted_at is not None:
        return "DELETED"
    return "CREATING" if caller.now < proxy.created_at + CREATING_S else "ACTIVE"


QUERIES: Operations = {"tcpProxies": _list}
MUTATIONS: Operations = {"tcpProxyCreate": _create, "tcpProxyDelete": _delete}
FIELDS: FieldResolvers = {
    "TCPProxy.domain": _domain,
    "TCPProxy.proxyPort": _proxy_port,
    "TCPProxy.syncStatus": _sync_status,
}
