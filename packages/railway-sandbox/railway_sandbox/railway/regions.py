"""Railway's regions.

Owns the list. The older names still answer, as deprecated ones with their replacement.
"""

from __future__ import annotations

from typing import Any

from railway_sandbox.railway.access import Arguments, Caller, Operations

CURRENT = {
    "us-west2": ("US", "California"),
    "us-east4-eqdc4a": ("US", "Virginia"),
    "europe-west4-drams3a": ("NL", "Amsterdam"),
    "asia-southeast1-eqsg3a": ("SG", "Singapore"),
}
DEPRECATED = {
    "us-west1": "us-west2",
    "us-east4": "us-east4-eqdc4a",
    "europe-west4": "europe-west4-drams3a",
    "asia-southeast1": "asia-southeast1-eqsg3a",
}


def known(region: str) -> bool:
    """Tell whether services can run there."""
    return region in CURRENT or region in DEPRECATED


def _regions(_caller: Caller, _arguments: Arguments) -> list[dict[str, Any]]:
    regions: list[dict[str, Any]] = []
    for name in [*CURRENT, *DEPRECATED]:
        replacement = DEPRECATED.get(name)
        country, location = CURRENT[replacement or name]
        deprecation = replacement and {"isDeprecated": True, "replacementRegion": replacement}
        regions.append(
            {
                "id": name,
                "name": name,
                "region": name,
                "country": country,
                "location": location,
                "workspaceId": None,
                "deploymentConstraints": {"deprecationInfo": deprecation},
            }
        )
    return regions


QUERIES: Operations = {"regions": _regions}
