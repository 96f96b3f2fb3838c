"""The Railway provider, assembled from its parts.

Owns the names under which it is known. What it serves is in ``resources``, how it is configured in
``configuration``, and how it is served in ``pulumi_provider``.
"""

from __future__ import annotations

from pulumi_provider.declaration import Provider
from railway_api.failure import Failure
from railway_api.status_context import bind_status

from .configuration import Configuration, build_client, time_scale
from .functions import ALL as FUNCTIONS
from .resources import ALL

VERSION = "0.1.0"


def build_provider() -> Provider:
    """Return the declaration of the whole provider."""
    return Provider(
        name="railway",
        version=VERSION,
        display_name="Railway",
        description="Projects, services, volumes and domains on Railway.",
        config_type=Configuration,
        resources=ALL,
        functions=FUNCTIONS,
        create_adopts_existing=True,
        build_client=build_client,
        time_scale=time_scale,
        python_package="pulumiverse_railway",
        failures=(Failure,),
        bind_status=bind_status,
    )
