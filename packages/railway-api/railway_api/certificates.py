"""The certificates that HTTP clients trust."""

from __future__ import annotations

import os
import ssl
from functools import cache
from urllib.parse import urlsplit


def trusted(url: str) -> ssl.SSLContext:
    """Return a TLS context with the usual certificate authorities; with none for an address without TLS.

    Reading them takes 20 ms.
    """
    if urlsplit(url).scheme == "http":
        return _no_authorities()
    return _authorities(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))


@cache
def _no_authorities() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@cache
def _authorities(_file: str | None, _directory: str | None) -> ssl.SSLContext:
    """Read the authorities of this machine, or those that the environment names, once for all clients of a process."""
    import httpx  # noqa: PLC0415 a plugin starts without it

    return httpx.create_ssl_context()
