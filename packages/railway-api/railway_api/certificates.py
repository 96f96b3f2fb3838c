"""The certificates that HTTP clients trust."""

from __future__ import annotations

import ssl
from functools import cache
from urllib.parse import urlsplit

import httpx


def trusted(url: str) -> ssl.SSLContext:
    """Return the usual certificate authorities, and none for an address without TLS: to read them takes 20 ms."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if urlsplit(url).scheme == "http" else _authorities()


@cache
def _authorities() -> ssl.SSLContext:
    """Read the authorities of this machine, once for all clients of a process."""
    return httpx.create_ssl_context()
