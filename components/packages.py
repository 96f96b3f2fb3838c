"""The packages of Cloudflare's and DigitalOcean's providers, loaded when something of them is first used.

They take longer to load than most commands to run, and a command that reads settings needs the arguments of components
and none of their resources.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__all__ = ["cloudflare", "digitalocean"]


class _Later:
    """Stands for a package. Not ``importlib.util.LazyLoader``: ``inspect`` looks at every module, which loads it."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(importlib.import_module(self._name), attribute)


if TYPE_CHECKING:
    import pulumi_cloudflare as cloudflare
    import pulumi_digitalocean as digitalocean
else:
    cloudflare = _Later("pulumi_cloudflare")
    digitalocean = _Later("pulumi_digitalocean")
