"""The stand-in for the Cloudflare plugin, assembled: its configuration, its resources, its version."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Annotated, Final

from pulumi_embedded.standins.cloudflare.client import CloudflareClient
from pulumi_embedded.standins.cloudflare.dns_record import DnsRecord
from pulumi_embedded.standins.cloudflare.get_zone import GetZone
from pulumi_embedded.standins.cloudflare.ruleset import Ruleset
from pulumi_embedded.standins.cloudflare.zone_setting import UniversalSslSetting, ZoneSetting
from pulumi_embedded.standins.transport import speed
from pulumi_provider.declaration import Inputs, Property, Provider

VERSION: Final = "6.23.1"
"""Of the real plugin that this one stands in for."""


@dataclass(frozen=True, kw_only=True)
class Configuration(Inputs):
    """Hold what a program may configure; the environment counts where it is silent."""

    api_token: Annotated[str | None, Property("Default: CLOUDFLARE_API_TOKEN.", secret=True)] = None
    base_url: Annotated[str | None, Property("Default: CLOUDFLARE_BASE_URL.")] = None


def build_provider() -> Provider:
    """Return the declaration of the whole provider."""
    return Provider(
        name="cloudflare",
        version=VERSION,
        display_name="Cloudflare (stand-in)",
        description="DNS records, zone settings and redirect rules at the simulated Cloudflare.",
        config_type=Configuration,
        resources=(DnsRecord, Ruleset, UniversalSslSetting, ZoneSetting),
        functions=(GetZone,),
        build_client=_client,
        time_scale=speed,
    )


def _client(configuration: Configuration) -> CloudflareClient:
    return CloudflareClient(
        base_url=configuration.base_url or os.environ.get("CLOUDFLARE_BASE_URL", ""),
        token=configuration.api_token or os.environ.get("CLOUDFLARE_API_TOKEN", ""),
    )
