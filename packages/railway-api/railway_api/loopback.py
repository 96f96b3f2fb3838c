"""Tells whether an address is on this machine, and so the sandbox from a real cloud."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit


def host_of(url: str) -> str | None:
    """Return the host of an address of the Web; None when it is none."""
    try:
        address = urlsplit(url)
        valid = address.scheme in {"http", "https"} and address.port != 0 and not re.search(r"\s", url)
    except ValueError:
        return None
    return address.hostname if valid else None


def is_loopback(url: str) -> bool:
    """Tell whether an address of the Web is on this machine: ``localhost``, 127.0.0.0/8 or ``::1``."""
    host = host_of(url) or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
