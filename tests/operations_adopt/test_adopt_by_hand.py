"""A project made by hand in the dashboard comes in as it is, or it is said exactly what is otherwise."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest

from railway_sandbox.clock import ManualClock
from railway_sandbox.railway import operations
from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.railway.deployments import deployments
from railway_sandbox.server import Sandbox
from railyard.adopt import adoption
from stacks.rose import UVICORN
from tests.lifecycle.conftest import ROOT
from tests.operations_adopt.conftest import FORGOTTEN, Elsewhere
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
THE_SANDBOX_S = (ROOT / "secrets" / ".sops.yaml").read_text().partition("age: ")[2].split()[0]


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
    config[umami]["variables"] = {
        "DATABASE_URL": {"value": "${{Postgres.DATABASE_URL}}"},
        "APP_SECRET": {"value": "made-by-hand-umami"},
        "PORT": {"value": "3000"},
    }
    config[postgres]["variables"] = {
        "POSTGRES_PASSWORD": {"value": "made-by-hand-postgres"},
        "DATABASE_URL": {
            "value": "postgresql://postgres:${{POSTGRES_PASSWORD}}@${{RAILWAY_PRIVATE_DOMAIN}}:5432/railway"
        },
        "LEGACY_URL": {"value": "postgresql://postgres:made-by-hand-postgres@old.example:5432/railway"},
    }
    config[app] |= {
        "build": {"builder": "NIXPACKS", "buildCommand": "make"},
        "deploy": {"healthcheckPath": "/api/health"},
        "variables": {name: {"value": value} for name, value in ROSE.items()},
    }
    patch(railway, environment, services=config)
    for _ in range(3):
        clock.advance(300)
        operations.catch_up(railway)
    _decided_by_a_file(railway, environment, app)
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


def _decided_by_a_file(railway: RailwayCloud, environment: str, service: str) -> None:
    """Let a ``railway.toml`` say how the service starts, which Railway's own settings do not."""
    railway.state.environments[environment].config["services"][service]["configFile"] = "railway.toml"
    latest = deployments.latest(railway, environment, service)
    assert latest is not None
    manifest = latest.meta["serviceManifest"]
    latest.meta |= {
        "configFile": "railway.toml",
        "propertyFileMapping": {"deploy.startCommand": "$.deploy.startCommand"},
        "serviceManifest": {**manifest, "deploy": {**manifest["deploy"], "startCommand": f"{UVICORN} --workers 3"}},
    }


def test_a_project_made_by_hand(elsewhere: Elsewhere) -> None:
    """Names, a command of its own and a variable too many are kept in settings; the rest is told, and nothing done."""
    with elsewhere.world() as (cloud, clock):
        by_hand(cloud, clock)
    before = elsewhere.writes() if (elsewhere.clouds / "requests.jsonl").exists() else []

    said = elsewhere.railyard(
        "adopt", "rose", "-s", "staging", "--project", "voice", "--environment", "production", "--service",
        "web=companion", "--yes", "--json",
    )  # fmt: skip

    report = said.json
    assert "error" not in report, report
    assert elsewhere.writes() == before
    assert report["strangers"] == ["Postgres", "umami"]
    web = elsewhere.of_systems["railyard:rose"]["web"]
    assert web["variables"] == {"TIMEZONE": "Europe/Berlin"}
    assert web["buildCommand"] == "make"
    assert web["domains"] == [{"hostname": HOST}]
    assert web["volume"] is None
    notes = " ".join(report["notes"])
    assert "companion: SENTRY_TOKEN may be secrets, and no secret of rose" in notes
    assert "companion: railway.toml decides deploy.startCommand; the settings say it from now on" in notes
    assert elsewhere.of_systems["railyard:rose"]["workers"] == 3  # as that command says
    left = {
        each["name"]: (each["op"], dict(zip(each["keys"], each["reasons"], strict=True))) for each in report["left"]
    }
    assert left["rose-web-service"] == ("update", {"name": '"companion" → "web"'})
    assert left["rose-web-instance"][1]["startCommand"] == "railway.toml says it, Railway's settings do not"
    assert left["rose-web-instance"][1]["variables.SENTRY_TOKEN"] == "only on Railway"
    assert left["rose-web-instance"][1]["variables.GROQ_API_KEY"] == "the sandbox has a value of its own"
    assert {op for op, _ in left.values()} == {"update"}, left
    assert set(left) == {"rose-web-service", "rose-web-instance", "rose-project"}
    assert said.code == 1
    assert "made-by-hand" not in said.text + said.errors + elsewhere.settings.read_text()

    written = elsewhere.railyard("migrate", "--to-railway", "--project", "voice", "--yes", "--sandbox")
    assert "1 setting written and read back, 0 deployments" in written.text, written.errors
    again = elsewhere.railyard(
        "adopt", "rose", "-s", "staging", "--project", "voice", "--service", "web=companion", "--yes", "--json"
    )
    left = {each["name"]: each["keys"] for each in again.json["left"]}
    assert again.json["imported"] == 0
    assert "startCommand" not in left["rose-web-instance"]


def test_what_fits_is_proposed_and_the_rest_is_a_system_of_its_own(
    elsewhere: Elsewhere, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rehearsed with made-up secrets: which system it is follows from its variables; no secret leaves Railway."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    finish = adoption.finish
    searched: list[str] = []

    def finish_and_search(*given: Any) -> None:
        finish(*given)
        files = [path for path in temporary.rglob("*") if path.is_file() and not path.is_symlink()]
        searched.extend(path.name for path in files)
        assert [path.name for path in files if b"made-by-hand" in path.read_bytes()] == []

    monkeypatch.setattr(adoption, "finish", finish_and_search)
    with elsewhere.world() as (cloud, clock):
        by_hand(cloud, clock)

    rose = elsewhere.railyard("adopt", "--project", "voice", "-s", "staging", "--rehearse", "--json")
    own = elsewhere.railyard("adopt", "umami", "--own", "--project", "voice", "-s", "staging", "--rehearse", "--json")

    assert (rose.json["system"], rose.json["services"]) == ("rose", {"web": "companion"}), rose.text
    assert "GROQ_API_KEY" in rose.json["reasons"]
    assert [each["name"] for each in rose.json["left"]] == ["rose-project", "rose-web-service", "rose-web-instance"]
    assert (own.json["own"], own.json["strangers"]) == (True, []), own.text
    assert "clouds.sqlite3" in searched
    assert "made-by-hand" not in rose.text + rose.errors + own.text + own.errors
    assert list(temporary.iterdir()) == []
    assert elsewhere.settings.read_text() == FORGOTTEN


def test_services_that_are_nobodys_come_in_beside_the_system(elsewhere: Elsewhere) -> None:
    """A system of their own in the project of Rose: Rose's service is left to Rose, and nothing of theirs is lost."""
    with elsewhere.world() as (cloud, clock):
        by_hand(cloud, clock)
    elsewhere.railyard("adopt", "rose", "-s", "staging", "--project", "voice", "--service", "web=companion", "--yes")

    said = elsewhere.railyard("adopt", "umami", "--own", "-s", "staging", "--project", "voice", "--yes", "--json")

    assert (said.json.get("imported"), said.json.get("strangers")) == (4, []), said.text
    assert said.json["fits"] == ["umami", "Postgres", "zone rose.example"]
    settings = elsewhere.of_systems["railyard:umami"]
    assert settings["project"] == elsewhere.of_systems["railyard:rose"]["project"]
    assert settings["services"]["Postgres"]["secrets"] == ["POSTGRES_PASSWORD", "LEGACY_URL"]
    assert settings["services"]["umami"] == {
        "image": "umami/umami:2", "port": 3000, "secrets": ["APP_SECRET"],
        "variables": {"DATABASE_URL": "${{Postgres.DATABASE_URL}}"},
    }  # fmt: skip
    # The sandbox has secrets of its own, and those are all that is left.
    left = {each["name"]: each["keys"] for each in said.json["left"]}
    assert left == {
        "umami-umami-instance": ["variables.APP_SECRET"],
        "umami-Postgres-instance": ["variables.LEGACY_URL", "variables.POSTGRES_PASSWORD"],
    }
    assert "stands in the project of rose: abandon it first" in elsewhere.railyard(
        "abandon", "rose", "-s", "staging", "--yes"
    ).errors  # fmt: skip


def test_secrets_go_from_railway_into_the_encrypted_file_and_nowhere_else(
    elsewhere: Elsewhere, sops_calls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No message, no file, no command line and no list of requests has a value of theirs in clear.

    Neither has a file that is gone afterwards: each folder of temporary ones is searched before it is removed.
    """
    monkeypatch.setenv("SOPS_AGE_KEY", encrypting.KEY)
    monkeypatch.chdir(elsewhere.directory)
    passing: list[str] = []
    clean_up = tempfile.TemporaryDirectory[str].cleanup

    def search_and_clean_up(folder: tempfile.TemporaryDirectory[str]) -> None:
        passing.extend(holding_a_secret(Path(folder.name)))
        clean_up(folder)

    monkeypatch.setattr(tempfile.TemporaryDirectory, "cleanup", search_and_clean_up)
    with elsewhere.world() as (cloud, clock):
        by_hand(cloud, clock)

    said = elsewhere.railyard(
        "adopt", "rose", "-s", "staging", "--project", "voice", "--environment", "production", "--service",
        "web=companion", "--age", encrypting.RECIPIENT, "--yes", "--json",
    )  # fmt: skip
    own = elsewhere.railyard("adopt", "umami", "--own", "-s", "staging", "--project", "voice", "--yes", "--json")

    assert said.json.get("stored") == [
        "rose.GROQ_API_KEY", "rose.ELEVENLABS_API_KEY", "rose.QDRANT_URL", "rose.QDRANT_API_KEY",
    ]  # fmt: skip
    assert set(own.json.get("stored")) == {
        "umami.UMAMI_APP_SECRET", "umami.POSTGRES_POSTGRES_PASSWORD", "umami.POSTGRES_LEGACY_URL",
    }  # fmt: skip
    stored = sops_files.opened(elsewhere.directory / "secrets" / "staging.yaml")
    assert stored["rose"]["GROQ_API_KEY"] == "made-by-hand-groq"
    assert stored["umami"]["POSTGRES_POSTGRES_PASSWORD"] == "made-by-hand-postgres"
    assert "made-by-hand" not in said.text + said.errors + own.text + own.errors
    assert sops_calls.exists()  # what stood on the command lines is among the files
    assert (holding_a_secret(tmp_path), passing) == ([], [])


def test_in_the_sandbox_the_user_s_own_key_writes_the_stack_s_file(
    elsewhere: Elsewhere, sops_calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SOPS_AGE_KEY_FILE names it: the sandbox's opens made-up secrets alone, also where RAILYARD_SECRETS is set."""
    monkeypatch.setenv("SOPS_AGE_KEY_FILE", str(encrypting.KEY_FILE))
    monkeypatch.setenv("RAILYARD_SECRETS", str(elsewhere.directory / "secrets" / "sandbox.yaml"))
    before = (elsewhere.directory / "secrets" / "sandbox.yaml").read_bytes()

    said = elsewhere.railyard(
        "adopt", "rose", "-s", "staging", "--project", "rose-staging", "--yes", "--sandbox",
        "--age", encrypting.RECIPIENT, "--json",
    )  # fmt: skip

    assert (said.code, said.json["left"]) == (0, []), said.text + said.errors
    assert "rose.GROQ_API_KEY" in said.json["stored"]
    stored = sops_files.opened(elsewhere.directory / "secrets" / "staging.yaml")
    assert set(stored["rose"]) >= {name.removeprefix("rose.") for name in said.json["stored"]}
    assert all(stored["rose"][name.removeprefix("rose.")] for name in said.json["stored"])
    assert (elsewhere.directory / "secrets" / "sandbox.yaml").read_bytes() == before


@pytest.mark.parametrize(
    ("options", "key", "message"),
    [
        ((), encrypting.KEY_FILE, "no rule says who can open it: give --age with a public age key"),
        (("--age", "age1nobody"), encrypting.KEY_FILE, "that is not a public age key"),
        (("--age", THE_SANDBOX_S), encrypting.KEY_FILE, "that is the sandbox's key"),
        (("--age", encrypting.RECIPIENT), encrypting.OTHER_KEY_FILE, "set SOPS_AGE_KEY_FILE to its file"),
        (("--age", encrypting.RECIPIENT), None, "set SOPS_AGE_KEY_FILE to its file"),
    ],
)
def test_where_a_secret_could_not_be_stored_nothing_is_written(
    elsewhere: Elsewhere,
    sops_calls,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
    key: Path | None,
    message: str,
) -> None:
    """Recipient, key and program are looked at before the question and before any file."""
    if key:
        monkeypatch.setenv("SOPS_AGE_KEY_FILE", str(key))
    rules = (elsewhere.directory / "secrets" / ".sops.yaml").read_bytes()

    said = elsewhere.railyard("adopt", "rose", "-s", "staging", "--yes", "--sandbox", *options)

    assert said.code in (1, 2)
    assert message in " ".join(said.errors.split())
    assert elsewhere.settings.read_text() == FORGOTTEN
    assert not (elsewhere.directory / "secrets" / "staging.yaml").exists()
    assert (elsewhere.directory / "secrets" / ".sops.yaml").read_bytes() == rules
    assert not (elsewhere.clouds / "staging.json").exists()


def holding_a_secret(folder: Path) -> list[str]:
    """Files with a value in clear, without those in which the simulated Railway itself keeps what it has."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    others = [path for path in files if not path.name.startswith("clouds.sqlite3")]
    return [str(path) for path in others if b"made-by-hand" in path.read_bytes()]
