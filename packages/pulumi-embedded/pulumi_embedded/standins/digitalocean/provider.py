"""The stand-in for the DigitalOcean plugin, assembled: its configuration, its resources, its version."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Annotated, Final

from pulumi_embedded.standins.digitalocean.cdn import Cdn
from pulumi_embedded.standins.digitalocean.client import DigitalOceanClient
from pulumi_embedded.standins.digitalocean.spaces_bucket import SpacesBucket
from pulumi_embedded.standins.digitalocean.spaces_bucket_cors_configuration import SpacesBucketCorsConfiguration
from pulumi_embedded.standins.digitalocean.spaces_client import SpacesClient
from pulumi_embedded.standins.digitalocean.spaces_key import SpacesKey
from pulumi_embedded.standins.transport import speed
from pulumi_provider.declaration import Inputs, Property, Provider

VERSION: Final = "4.84.1"
"""Of the real plugin that this one stands in for."""


@dataclass(frozen=True, kw_only=True)
class Configuration(Inputs):
    """Hold what a program may configure; the environment counts where it is silent."""

    token: Annotated[str | None, Property("Default: DIGITALOCEAN_TOKEN.", secret=True)] = None
    api_endpoint: Annotated[str | None, Property("Default: DIGITALOCEAN_API_URL.")] = None
    spaces_access_id: Annotated[str | None, Property("Default: SPACES_ACCESS_KEY_ID.", secret=True)] = None
    spaces_secret_key: Annotated[str | None, Property("Default: SPACES_SECRET_ACCESS_KEY.", secret=True)] = None
    spaces_endpoint: Annotated[str | None, Property("Default: SPACES_ENDPOINT_URL.")] = None


def build_provider() -> Provider:
    """Return the declaration of the whole provider."""
    return Provider(
        name="digitalocean",
        version=VERSION,
        display_name="DigitalOcean (stand-in)",
        description="Spaces buckets, keys and CDN endpoints at the simulated DigitalOcean.",
        config_type=Configuration,
        resources=(SpacesBucket, SpacesBucketCorsConfiguration, SpacesKey, Cdn),
        build_client=_client,
        time_scale=speed,
    )


def _client(configuration: Configuration) -> DigitalOceanClient:
    def either(configured: str | None, variable: str) -> str:
        return configured or os.environ.get(variable, "")

    spaces = SpacesClient(
        endpoint=either(configuration.spaces_endpoint, "SPACES_ENDPOINT_URL"),
        proxy=either(None, "HTTP_PROXY"),
        access_key=either(configuration.spaces_access_id, "SPACES_ACCESS_KEY_ID"),
        secret_key=either(configuration.spaces_secret_key, "SPACES_SECRET_ACCESS_KEY"),
    )
    return DigitalOceanClient(
        address=either(configuration.api_endpoint, "DIGITALOCEAN_API_URL"),
        token=either(configuration.token, "DIGITALOCEAN_TOKEN"),
        spaces=spaces,
    )
