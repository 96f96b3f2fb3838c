"""The zones that exist in the sandbox, with ids that never change.

The one place that settings files may name: zones are made by hand in Cloudflare (a registrar has to point at them), so
the simulated account has them from the start and none can be added.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

ZONE_IDS: Final[Mapping[str, str]] = {
    "seance.dev": "5ea9ce0de7000000000000000000d001",
    "omnistack.example": "03915fac000000000000000000000e02",
    "netia.example": "0e71a000000000000000000000000e03",
    "rose.example": "905e0000000000000000000000000e04",
}
"""Zone id (32 hexadecimal digits) by zone name."""

ACCOUNT_ID: Final = "acc0000000000000000000000000000a"
"""The simulated Cloudflare account that owns every zone."""

NAME_SERVERS: Final = ("ada.ns.cloudflare.com", "bob.ns.cloudflare.com")
