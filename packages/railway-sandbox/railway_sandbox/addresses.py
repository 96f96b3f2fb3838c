"""Addresses and credentials of the simulated APIs: the variables that point ordinary tools at them.

Owns paths, tokens and the list of variables. Imports nothing heavy: a preview needs the variables and no server.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from railway_sandbox.clock import SPEED

RAILWAY_PATH: Final = "/graphql/v2"
RAILWAY_HOST: Final = "backboard.railway.com"
"""The real host, which clients that take the sandbox as their proxy reach there."""
CLOUDFLARE_PATH: Final = "/client/v4"
DNS_PATH: Final = "/dns-query"
CONTROL_PATH: Final = "/sandbox/"
"""The paths of the sandbox's own API (``control``) begin with it; no cloud has such a path."""
AUTHORITY_FILE: Final = "edge-authority.pem"
"""The certificate, in the sandbox directory, by which those of the simulated edges are checked."""

RAILWAY_TOKEN: Final = "sandbox-railway-token"
"""An account token of the simulated Railway account."""
CLOUDFLARE_TOKEN: Final = "sandbox-cloudflare-token"
DIGITALOCEAN_TOKEN: Final = "sandbox-digitalocean-token"
SPACES_ACCESS_KEY: Final = "SANDBOXSPACESKEY0001"
"""The key of the whole team: it may do everything in Spaces."""
SPACES_SECRET_KEY: Final = "sandbox-spaces-secret"


def environment(address: str, speed: float = SPEED, directory: Path | None = None) -> dict[str, str]:
    """Return the environment variables that point programs, providers and plugins at the sandbox at ``address``.

    With its ``directory`` those of the edge too: real TLS needs the certificate that lies there.
    """
    # Programs differ in which case they read, and a machine may have either set already.
    proxies = {"HTTP_PROXY": address, "HTTPS_PROXY": address, "NO_PROXY": "127.0.0.1,localhost"}
    edge = {
        "RAILYARD_EDGE": address.partition("://")[2],
        "RAILYARD_EDGE_AUTHORITY": str(directory and directory.absolute() / AUTHORITY_FILE),
        "RAILYARD_DNS_URL": f"{address}{DNS_PATH}",
    }
    return {
        "RAILWAY_API_URL": f"{address}{RAILWAY_PATH}",
        "RAILWAY_API_TOKEN": RAILWAY_TOKEN,
        "RAILWAY_TOKEN": "",  # a project's token that a machine may have set would contradict the account's
        "RAILWAY_SANDBOX_SPEED": f"{speed:g}",
        "CLOUDFLARE_BASE_URL": f"{address}{CLOUDFLARE_PATH}",
        "CLOUDFLARE_API_TOKEN": CLOUDFLARE_TOKEN,
        "DIGITALOCEAN_API_URL": address,
        "DIGITALOCEAN_TOKEN": DIGITALOCEAN_TOKEN,
        "SPACES_ACCESS_KEY_ID": SPACES_ACCESS_KEY,
        "SPACES_SECRET_ACCESS_KEY": SPACES_SECRET_KEY,
        "SPACES_ENDPOINT_URL": "http://{{.Region}}.digitaloceanspaces.com",
        **proxies,
        **{name.lower(): value for name, value in proxies.items()},
        **(edge if directory else {}),
    }
