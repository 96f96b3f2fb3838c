"""The Railway provider, assembled from its parts, and started as a plugin.

Owns the names under which it is known. What it serves stands in ``resources``, how it is configured in
``configuration``; how it is served, in ``kernel``.
"""

from __future__ import annotations

from .configuration import Configuration, build_client, time_scale
from .functions import ALL as FUNCTIONS
from .kernel.declaration import Provider
from .kernel.main import main
from .resources import ALL

VERSION = "0.1.0"


def build_provider() -> Provider:
    """The declaration of the whole provider."""
    return Provider(
        name="railway",
        version=VERSION,
        display_name="Railway",
        description="Projects, services, volumes and domains on Railway.",
        config_type=Configuration,
        resources=ALL,
        functions=FUNCTIONS,
        takes_over=True,
        build_client=build_client,
        time_scale=time_scale,
        python_package="pulumiverse_railway",
    )


def run() -> None:
    """Serve until the engine stops us."""
    main(build_provider())
