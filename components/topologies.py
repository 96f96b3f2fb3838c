"""The topologies: kinds of services by what they are for, each a rule for the settings and a type token."""

from __future__ import annotations

from typing import Annotated, Final, Self

from pydantic import AfterValidator, model_validator

from components.service_kind import ServiceSettings

_ONCE: Final = "since each replica connects to the chat service by itself and would answer every message again"


def _exactly_one(replicas: int) -> int:
    if replicas != 1:
        raise ValueError(f"exactly 1, {_ONCE}: remove replicas, and raise memoryMb for more power")
    return replicas


class BotSettings(ServiceSettings):
    """Settings of a bot: a service that runs exactly once.

    chat service ⇄ bot ─ volume
                    ↑
    browser → Railway domain (for what the bot shows)
    """

    TOKEN = "railyard:topologies:Bot"

    replicas: Annotated[int, AfterValidator(_exactly_one)] = 1
    """Number of instances: 1."""

    @model_validator(mode="after")
    def _in_one_place(self) -> Self:
        if self.instances != 1:
            raise ValueError(
                f"1 replica in one region, {_ONCE}: write region in place of regions, and raise memoryMb for more power"
            )
        return self


class BackendSettings(ServiceSettings):
    """Settings of a backend: an application, connected to what it stores its data in.

    internet → backend ─┬→ PostgreSQL ─ volume
                        └→ Redis
    """

    TOKEN = "railyard:topologies:Backend"


class ProxySettings(ServiceSettings):
    """Settings of a proxy: a public address, and nothing that it stores.

    internet → Cloudflare → proxy → upstream
    """

    TOKEN = "railyard:topologies:Proxy"

    @model_validator(mode="after")
    def _public_and_stateless(self) -> Self:
        if not (self.domains or self.railway_domain):
            raise ValueError("a proxy only with a public address: add domains, or set railwayDomain to true")
        if self.volume:
            raise ValueError("a proxy only without a volume, since it stores nothing: remove volume")
        return self


class GatewaySettings(ProxySettings):
    """Settings of a gateway: like a proxy, a public address and nothing that it stores.

    services, internet → gateway ─┬→ provider
                                  └→ provider

    The providers' keys reach it as secret variables.
    """

    TOKEN = "railyard:topologies:Gateway"
