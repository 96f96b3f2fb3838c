"""The type tokens of resources that commands and rules look for in steps and states."""

from __future__ import annotations

from typing import Final

SYSTEMS: Final = "railyard:systems:"
"""Beginning of the type of every system."""
PROVIDERS: Final = "pulumi:providers:"
"""Beginning of the type of every provider."""
STACK: Final = "pulumi:pulumi:Stack"

PROJECT: Final = "railway:index:Project"
SERVICE: Final = "railway:index:Service"
SERVICE_INSTANCE: Final = "railway:index:ServiceInstance"
VOLUME: Final = "railway:index:Volume"
SERVICE_DOMAIN: Final = "railway:index:ServiceDomain"
CUSTOM_DOMAIN: Final = "railway:index:CustomDomain"
TCP_PROXY: Final = "railway:index:TcpProxy"
RAILWAY_BUCKET: Final = "railway:index:Bucket"
SPACES_BUCKET: Final = "digitalocean:index/spacesBucket:SpacesBucket"
SPACES_KEY: Final = "digitalocean:index/spacesKey:SpacesKey"
RULESET: Final = "cloudflare:index/ruleset:Ruleset"
