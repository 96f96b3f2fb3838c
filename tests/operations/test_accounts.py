"""What commands ask of accounts: which projects are alive, and where an API is."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from railway_api import Client
from railyard.accounts.cloud_addresses import cloudflare_url, digitalocean_url, token_of
from railyard.accounts.github import GitHub
from railyard.accounts.railway_client import projects_in_reach
from railyard.accounts.running_services import Deployed, Load, source_of
from railyard.accounts.spaces_client import spaces_client
from railyard.shared.console import OperationError
from tests.railway_api.test_transport import Wire, transport_of

PROJECT: dict[str, Any] = {
    **dict.fromkeys(("description", "workspaceId", "primaryEnvironmentId", "tracingSampleRate")),
    **dict.fromkeys(("prDeploys", "botPrEnvironments", "focusedPrEnvironments", "tracingEnabled"), False),
    "id": "p",
    "name": "shop",
    "environments": {"edges": [], "pageInfo": {"hasNextPage": False}},
}


@pytest.mark.parametrize(("deleted_at", "number"), [(None, 1), ("2026-11-29T10:00:00.000Z", 0)])
def test_the_deleted_project_of_a_project_token_is_none(deleted_at: str | None, number: int) -> None:
    """Railway shows a deleted project for two days more, and to its own token as well."""
    token = httpx.Response(200, json={"data": {"projectToken": {"projectId": "p", "environmentId": "e"}}})
    project = httpx.Response(200, json={"data": {"project": {**PROJECT, "deletedAt": deleted_at}}})

    async def reach() -> int:
        async with Client(transport_of(Wire([token, project]), "project")) as client:
            return len(await projects_in_reach(client))

    assert asyncio.run(reach()) == number


def test_an_address_ends_without_a_slash(monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths are appended to it, and ``//zones`` is another path than ``/zones``."""
    monkeypatch.setenv("CLOUDFLARE_BASE_URL", "https://proxy.example.com/client/v4/")
    monkeypatch.setenv("DIGITALOCEAN_API_URL", "https://proxy.example.com/")

    assert cloudflare_url() == "https://proxy.example.com/client/v4"
    assert digitalocean_url() == "https://proxy.example.com"


@pytest.mark.parametrize("url", ["github.example.com/api/v3", "https://[github.example.com"])
def test_a_github_without_an_address_is_named(url: str) -> None:
    """To try again would not help, and there is no traceback either."""
    variables = {"GITHUB_TOKEN": "planted", "GITHUB_REPOSITORY": "acme/shop", "GITHUB_API_URL": url}

    with pytest.raises(OperationError, match="GITHUB_API_URL is not a valid address"):
        GitHub(variables)


@pytest.mark.parametrize(
    ("endpoint", "named"),
    [("{{.Region}}.digitaloceanspaces.com", "fra1"), ("https://spaces_of_ours.example", "https://spaces_of_ours")],
)
def test_an_invalid_spaces_endpoint_is_named(monkeypatch: pytest.MonkeyPatch, endpoint: str, named: str) -> None:
    """Without a scheme, or with a host that the S3 library does not take: it would end with a traceback."""
    for name in ("SPACES_ACCESS_KEY_ID", "SPACES_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "planted")
    monkeypatch.setenv("SPACES_ENDPOINT_URL", endpoint)

    with pytest.raises(OperationError, match=f"SPACES_ENDPOINT_URL is not a valid address: {named}"):
        spaces_client("fra1")


def test_what_runs_is_written_for_people() -> None:
    """An upload of Railway's command line has no branch, and a large service no exponent."""
    uploaded = Deployed(id="d", status="SUCCESS", created_at="2026-11-29T10:00:00.000Z")
    load = Load(vcpus=110.4, vcpus_limit=200, memory_gb=0.264, memory_limit_gb=None)

    assert source_of(uploaded) == "source@unknown"
    assert str(load) == "CPU 110 of 200 vCPUs, memory 0.26 GB"


@pytest.mark.parametrize("token", ["abc…xyz", "abc\n", "a b"])
def test_a_token_that_no_cloud_gives_is_named(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Copied with an ellipsis, a line break or a space, it is refused by the name of its variable and never sent."""
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", token)

    with pytest.raises(OperationError, match="CLOUDFLARE_API_TOKEN holds spaces, line breaks or characters"):
        token_of("CLOUDFLARE_API_TOKEN")
