"""Which addresses are those of the sandbox."""

from __future__ import annotations

import pytest

from railway_api.loopback import is_loopback


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:40123", "http://127.0.0.2/graphql", "http://localhost", "http://[::1]:80/"],
)
def test_addresses_of_this_machine_are_the_sandbox(url):
    """All of them, however they are written."""
    assert is_loopback(url) is True


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1",
        "https://127.0.0.1.example.com",
        "https://localhost.example.com",
        "http://10.0.0.1",
        "http://[::1",
    ],
)
def test_everything_else_is_a_real_cloud(url):
    """Also a name that begins as such an address does, and what is no URL at all."""
    assert is_loopback(url) is False
