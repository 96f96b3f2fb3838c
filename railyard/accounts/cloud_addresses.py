"""The addresses and tokens of Cloudflare's and DigitalOcean's APIs, by the variables of Pulumi's plugins.

Spaces, which has an address for each region, is in ``spaces_client``; Railway in ``railway_client``.
"""

from __future__ import annotations

import os

from railyard.shared.console import OperationError


def token_of(variable: str) -> str:
    """Return the token in an environment variable, "" where it is not set; raises ``OperationError`` if none is so."""
    token = os.environ.get(variable, "")
    if not token.isascii() or not token.isprintable() or " " in token:
        raise OperationError(f"{variable} holds spaces, line breaks or characters that no token has: copy it again")
    return token


def cloudflare_url() -> str:
    """Return the address below which Cloudflare's API is: ``CLOUDFLARE_BASE_URL``, or the public one."""
    return _address("CLOUDFLARE_BASE_URL", "https://api.cloudflare.com/client/v4")


def digitalocean_url() -> str:
    """Return the address of DigitalOcean's API: ``DIGITALOCEAN_API_URL``, or the public one."""
    return _address("DIGITALOCEAN_API_URL", "https://api.digitalocean.com")


def _address(variable: str, public: str) -> str:
    """Return an address without a final slash, so that a path can follow."""
    return (os.environ.get(variable) or public).rstrip("/")
