"""Refusals that several modules raise: of a path or an id that does not exist, and of what is not simulated.

Codes and texts are Cloudflare's where they are known. A validation error is the only item of ``errors``, without the
``error_chain`` that Cloudflare retired in October 2024.
"""

from __future__ import annotations

from railway_sandbox.rest import RefusedError


def no_route(path: str) -> RefusedError:
    """Return the refusal of a path, or of an id in it, that does not exist."""
    return RefusedError(404, 7003, f"Could not route to {path}, perhaps your object identifier is invalid?")


def not_simulated(feature: str) -> RefusedError:
    """Return the refusal of a feature that only the real Cloudflare has."""
    return RefusedError(501, 1, f"the sandbox does not simulate {feature} of Cloudflare")
