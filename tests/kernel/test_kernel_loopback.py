"""Which addresses are those of the sandbox."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import pulumi_embedded.loopback
import railway_api.loopback

pytestmark = pytest.mark.parametrize(
    "is_loopback", [railway_api.loopback.is_loopback, pulumi_embedded.loopback.is_loopback], ids=["client", "engine"]
)


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:40123", "http://127.0.0.2/graphql", "http://localhost", "http://[::1]:80/"],
)
def test_addresses_of_this_machine_are_the_sandbox(is_loopback: Callable[[str], bool], url: str) -> None:
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
        "http://127.0.0.1:0",
        "http://127.0.0.1 .example.com",
        "ftp://127.0.0.1",
        "http://",
    ],
)
def test_everything_else_is_a_real_cloud(is_loopback: Callable[[str], bool], url: str) -> None:
    """Also a name that begins as such an address does, and what is no URL at all."""
    assert is_loopback(url) is False
