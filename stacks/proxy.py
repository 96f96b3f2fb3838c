"""The proxy topology: a public door that passes requests on to a service of somebody else.

internet → Cloudflare → proxy → upstream
"""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from components.service_kind import ServiceSettings


class ProxySettings(ServiceSettings):
    """Settings of a proxy: a public address, and nothing that it stores."""

    TOKEN = "railyard:topologies:Proxy"

    @model_validator(mode="after")
    def _public_and_stateless(self) -> Self:
        if not (self.domains or self.railway_domain):
            raise ValueError("a proxy only with a public address: add domains, or set railwayDomain to true")
        if self.volume:
            raise ValueError("a proxy only without a volume, since it stores nothing: remove volume")
        return self
