"""The proxy topology: a public door that passes requests on to a service of somebody else.

internet → Cloudflare → proxy → upstream
"""

from __future__ import annotations

from components.topologies import ProxySettings

__all__ = ["ProxySettings"]
