"""The gateway topology: one address for several providers, with the keys to them.

services, internet → gateway ─┬→ provider
                              └→ provider
"""

from __future__ import annotations

from stacks.proxy import ProxySettings


class GatewaySettings(ProxySettings):
    """Settings of a gateway: like a proxy, a public address and nothing that it stores.

    The providers' keys reach it as secret variables.
    """

    TOKEN = "railyard:topologies:Gateway"
