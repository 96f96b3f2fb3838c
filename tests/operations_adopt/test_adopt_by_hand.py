"""A project made by hand in the dashboard comes in as it is, or it is said exactly what is otherwise."""

from __future__ import annotations

from typing import Any

import pytest

from railway_sandbox.clock import ManualClock
from railway_sandbox.railway import operations
from railway_sandbox.server import Sandbox
from tests.operations_adopt.conftest import Elsewhere
from tests.operations_secrets import sops_files
from tests.operations_secrets.conftest import sops_calls
from tests.provider.dashboard import click, patch
from tests.sops import encrypting

HOST = "rose.rose.example"
ROSE = {
    "ENVIRONMENT": "staging", "LOG_LEVEL": "INFO", "LOG_FORMAT": "json", "RATE_LIMIT_ENABLED": "true",
    "RATE_LIMIT_PER_MINUTE": "10", "ENABLE_API_DOCS": "false", "WORKFLOW_TIMEOUT_SECONDS": "60",
    "SESSION_RETENTION_DAYS": "7", "ALLOWED_ORIGINS": f"https://{HOST}", "PORT": "8080",
    "GROQ_API_KEY": "made-by-hand-groq", "ELEVENLABS_API_KEY": "made-by-hand-eleven",
    "QDRANT_URL": "https://by-hand.example", "QDRANT_API_KEY": "made-by-hand-qdrant",
    "TIMEZONE": "Europe/Berlin", "SENTRY_TOKEN": "made-by-hand-sentry",
}  # fmt: skip
__all__ = ["sops_calls"]


def by_hand(cloud: Sandbox, clock: ManualClock) -> None:
    """Make Rose as somebody might have: under another name, with more than it needs."""
    railway = cloud.railway
    workspace = next(iter(railway.state.workspaces))
    made = click(
        railway,
        "projectCreate",
        input={"name": "voice", "workspaceId": workspace},
        selection="{ id environments(first: 1) { edges { node { id } } } }",
    )
    project, environment = made["id"], made["environments"]["edges"][0]["node"]["id"]
    names = ("companion", "umami", "Postgres")
    app, umami, postgres = (
        click(railway, "serviceCreate", input={"projectId": project, "name": name})["id"] for name in names
    )
    sources = {
        app: {"repo": "rose/rose", "branch": "main"},
        umami: {"image": "umami/umami:2"},
        postgres: {"image": "ghcr.io/railwayapp-templates/postgres-ssl:16"},
    }
    config: dict[str, Any] = {service: {"source": source} for service, source in sources.items()}
    config[app] |= {
        "build": {"builder": "NIXPACKS", "buildCommand": "make"},
        "deploy": {"healthcheckPath": "/api/health"},
        "variables": {name: {"value": value} for name, value in ROSE.items()},
    }
    patch(railway, environment, services=config)
    for _ in range(3):
        clock.advance(300)
        operations.catch_up(railway)
    railway.state.environments[environment].config["services"][app]["configFile"] = "railway.toml"
    where = {"projectId": project, "environmentId": environment, "serviceId": app}
    click(railway, "customDomainCreate", input={**where, "domain": HOST, "targetPort": 8080})
    domain = next(each for each in railway.state.custom_domains.values() if each.domain == HOST)
    token = domain.token.removeprefix("railway-verify=")  # which Railway shows with some domains, and not with others
    (zone,) = cloud.cloudflare.zones("rose.example")
    for type_, name, content in (
        ("CNAME", HOST, domain.cname_target),
        ("TXT", f"_railway-verify.{HOST}", f'"railway-verify={token}"'),
    ):
        cloud.cloudflare.create_record(zone["id"], {"type": type_, "name": name, "content": content, "ttl": 1})


def test_a_project_made_by_hand(elsewhere: Elsewhere) -> None:
    """Names, a command of its own and a variable too many are kept in settings; the rest is told, and nothing done."""
    with elsewhere.world() as (cloud, clock):
        by_hand(cloud, clock)
    before = elsewhere.writes() if (elsewhere.clouds / "requests.jsonl").exists() else []

    said = elsewhere.railyard(
        "adopt", "rose", "-s", "staging", "--project", "voice", "--environment", "production", "--service",
        "web=companion", "--yes", "--json",
    )  # fmt: skip

    found = said.json
    assert "error" not in found, found
    assert elsewhere.writes() == before
    assert found["strangers"] == ["Postgres", "umami"]
    web = elsewhere.of_systems["railyard:rose"]["web"]
    assert web["variables"] == {"TIMEZONE": "Europe/Berlin"}
    assert web["buildCommand"] == "make"
    assert web["domains"] == [{"hostname": HOST}]
    assert web["volume"] is None
    notes = " ".join(found["notes"])
    assert "companion: SENTRY_TOKEN may be secrets, and no secret of rose" in notes
    assert "companion: railway.toml may decide settings of it, and no deployment tells which" in notes
    left = {each["name"]: (each["op"], each["keys"]) for each in found["left"]}
    assert left["rose-web-service"] == ("update", ["name"])
    assert {op for op, _ in left.values()} == {"update"}, left
    assert set(left) == {"rose-web-service", "rose-web-instance", "rose-project"}
    assert said.code == 1
    assert "made-by-hand" not in said.text + said.errors + elsewhere.settings.read_text()


def test_secrets_go_from_railway_into_the_encrypted_file_and_nowhere_else(
    elsewhere: Elsewhere, sops_calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No message, no file, no command line and no list of requests has a value of theirs in clear."""
    del sops_calls
    monkeypatch.setenv("SOPS_AGE_KEY", encrypting.KEY)
    monkeypatch.chdir(elsewhere.directory)
    with elsewhere.world() as (cloud, clock):
        by_hand(cloud, clock)

    said = elsewhere.railyard(
        "adopt", "rose", "-s", "staging", "--project", "voice", "--environment", "production", "--service",
        "web=companion", "--age", encrypting.RECIPIENT, "--yes", "--json",
    )  # fmt: skip

    assert said.json.get("stored") == [
        "rose.GROQ_API_KEY", "rose.ELEVENLABS_API_KEY", "rose.QDRANT_URL", "rose.QDRANT_API_KEY",
    ]  # fmt: skip
    stored = sops_files.opened(elsewhere.directory / "secrets" / "staging.yaml")["rose"]
    assert stored["GROQ_API_KEY"] == "made-by-hand-groq"
    clouds = {elsewhere.clouds / "clouds.sqlite3"}  # Railway itself
    places = [elsewhere.directory / name for name in ("secrets", "Pulumi.staging.yaml")]
    files = [path for place in (*places, elsewhere.clouds) for path in (place, *place.rglob("*")) if path.is_file()]
    told = said.text + said.errors
    assert "made-by-hand" not in told
    assert [path.name for path in files if path not in clouds and b"made-by-hand" in path.read_bytes()] == []
