"""The answers of Cloudflare to a path that is not there, and of the sandbox to one that it does not have.

All other refusals stand where they are decided. Codes and texts are Cloudflare's where they are known. Validation
errors stand alone in ``errors``, without the ``error_chain`` that Cloudflare retired in October 2024.
"""

from __future__ import annotations

from railway_sandbox.rest import RefusedError


def no_route(path: str) -> RefusedError:
    """Return the refusal of a path, or of an id in it, that does not exist."""
    return RefusedError(404, 7003, f"Could not route to {path}, perhaps your object identifier is invalid?")


def not_simulated(feature: str) -> RefusedError:
    """Return the answer to what only the real Cloudflare can do."""
    return RefusedError(501, 1, f"the sandbox does not simulate {feature} of Cloudflare")
