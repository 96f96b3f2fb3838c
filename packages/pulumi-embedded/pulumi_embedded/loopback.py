"""The rule that keeps the engine and its stand-ins on this machine.

Owns nothing else. Railway's client has the same rule of its own, since neither package may need the other; one test
holds both to it.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit


def is_loopback(url: str) -> bool:
    """Tell whether an address of the Web is on this machine: ``localhost``, 127.0.0.0/8 or ``::1``."""
    try:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or parts.port == 0 or re.search(r"\s", url):
            return False
    except ValueError:
        return False
    host = parts.hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
