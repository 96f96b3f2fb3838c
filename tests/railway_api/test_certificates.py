"""Whom clients trust: certificate authorities are read once, and for addresses with TLS alone."""

from __future__ import annotations

import ssl

import pytest

from railway_api.certificates import trusted


@pytest.mark.parametrize(("url", "authorities"), [("https://railway.com", True), ("http://127.0.0.1:80", False)])
def test_authorities_are_there_for_tls_alone(url: str, authorities: bool) -> None:
    """A certificate is checked in any case: without TLS there is none, and nobody is trusted."""
    context = trusted(url)

    assert bool(context.get_ca_certs()) is authorities
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_the_authorities_are_read_once() -> None:
    """Each client of a process has the same ones."""
    assert trusted("https://railway.com") is trusted("https://api.cloudflare.com")
