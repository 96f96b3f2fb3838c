"""The gateway topology: one address for several providers, with the keys to them.

services, internet → gateway ─┬→ provider
                              └→ provider
"""

from __future__ import annotations

from components.topologies import GatewaySettings

__all__ = ["GatewaySettings"]
