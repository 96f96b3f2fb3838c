"""The provider's configuration: what is missing or wrong is told before anything is sent."""

from __future__ import annotations

import pytest

from pulumiverse_railway.provider.configuration import Configuration, build_client, time_scale
from railway_api.failure import Failure


@pytest.mark.parametrize(
    ("variables", "text"),
    [
        ({}, "export RAILWAY_API_TOKEN=<token>"),
        ({}, "pulumi config set --secret railway:token <token>"),
        ({"RAILWAY_API_TOKEN": "a", "RAILWAY_TOKEN": "b"}, "both an account token and a project token are set"),
        ({"RAILWAY_API_TOKEN": "a", "RAILWAY_API_URL": "http://example.com/graphql"}, "must begin with https"),
        ({"RAILWAY_API_TOKEN": "a", "RAILWAY_API_URL": "example.com"}, "must be an address"),
        ({"RAILWAY_API_TOKEN": "a", "RAILWAY_API_URL": "127.0.0.1:8080"}, "must be an address"),
        ({"RAILWAY_API_TOKEN": "a", "RAILWAY_API_URL": "http://[::1"}, "must be an address"),
        ({"RAILWAY_API_TOKEN": "a", "RAILWAY_API_URL": "https://example.com:99999"}, "must be an address"),
        ({"RAILWAY_API_TOKEN": "a", "ALL_PROXY": "socks5://user:password@proxy:1080"}, "SOCKS is not supported"),
        ({"RAILWAY_API_TOKEN": "a", "SSL_CERT_FILE": "/nowhere/ca.pem"}, "SSL_CERT_FILE"),
        ({"RAILWAY_API_TOKEN": "two words"}, "copy it again"),
    ],
)
def test_bad_configuration_says_what_to_set(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], text: str
) -> None:
    """A missing or doubled token, or a wrong address, is explained before anything is sent."""
    for name in ("RAILWAY_API_TOKEN", "RAILWAY_TOKEN", "RAILWAY_API_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert time_scale() == 1.0
    with pytest.raises(Failure, match=text.replace("(", r"\(")) as refused:
        build_client(Configuration())
    assert "password" not in str(refused.value)


def test_speed_is_for_the_sandbox_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits are real waits wherever the API is not on this machine."""
    monkeypatch.setenv("RAILWAY_SANDBOX_SPEED", "100")
    assert build_client(Configuration(token="t")).clock.speed == 1.0
    assert build_client(Configuration(token="t", api_url="http://127.0.0.1:9/graphql/v2")).clock.speed == 100.0
