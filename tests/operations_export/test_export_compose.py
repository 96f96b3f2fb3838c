"""A system leaves as a compose file that compose's own schema takes."""

from __future__ import annotations

import json
import re
import shutil
import stat
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from typer.testing import CliRunner

from railyard.application import application
from railyard.export.command import quoted
from tests.lifecycle.conftest import CODE, COPIED, ROOT
from tests.operations_secrets.conftest import GOOD
from tests.sops import encrypting

VENDORED = resources.files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
SCHEMA: Any = json.loads(VENDORED.read_text(encoding="utf-8"))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with staging's settings, whose sandbox is nobody's business."""
    folder = tmp_path / "railyard"
    folder.mkdir()
    for name in (*COPIED, *CODE):
        (folder / name).symlink_to(ROOT / name) if name != "secrets" else shutil.copytree(ROOT / name, folder / name)
    for stack in ("staging", "production"):
        shutil.copy(ROOT / f"Pulumi.{stack}.yaml", folder)
    monkeypatch.setenv("RAILYARD_PROJECT", str(folder))
    for name in ("RAILYARD_SANDBOX", "RAILYARD_SECRETS", "SOPS_AGE_KEY_FILE", "SOPS_AGE_KEY"):
        monkeypatch.delenv(name, raising=False)
    return folder


def export(system: str, *arguments: str) -> Any:
    """``railyard export compose …`` in this process, as a document."""
    done = CliRunner().invoke(application, ["export", "compose", system, "-s", "staging", *arguments, "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("system", "services"),
    [
        ("omega", {"bot"}),
        ("seance", {"backend", "beholder", "landing", "litellm", "signaling", "valkey"}),
        ("omnistack", {"api", "postgres", "redis", "worker"}),
        ("netia", {"app", "postgres"}),
        ("rose", {"web"}),
    ],
)
def test_each_system_passes_the_schema_of_compose(project: Path, system: str, services: set[str]) -> None:
    """With all of its services, no value of a secret, and nothing of a sandbox left in the project."""
    document = export(system)

    composed = document["compose"]
    jsonschema.validate(composed, SCHEMA)
    assert set(composed["services"]) == services
    references = [value for each in composed["services"].values() for value in each.get("environment", {}).values()]
    assert all(f"${{{name}}}" in references for name in document["secrets"])
    assert "up.railway.app" not in json.dumps(composed)
    assert not (project / ".sandbox").exists()


def test_what_waits_for_what_and_under_which_name(project: Path) -> None:
    """Private names of Railway go on working; a service waits until what it uses is healthy, if that can be asked."""
    del project
    services = export("omnistack")["compose"]["services"]

    assert services["worker"]["depends_on"] == {
        "api": {"condition": "service_healthy"},
        "postgres": {"condition": "service_healthy"},
        "redis": {"condition": "service_healthy"},
    }
    assert services["postgres"]["networks"]["default"]["aliases"] == ["postgres.railway.internal"]
    assert services["postgres"]["volumes"] == ["postgres-data:/var/lib/postgresql/data"]
    assert services["api"]["build"] == {
        "context": "https://github.com/omnistack/omnistack-backend.git#main", "dockerfile": "docker/Dockerfile",
    }  # fmt: skip
    assert services["api"]["healthcheck"]["retries"] == 6
    assert services["api"]["entrypoint"][-1].endswith('--port $$PORT"')
    assert services["api"]["ports"] == ["127.0.0.1:8000:8000"]
    assert "ports" not in services["worker"]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("plain $x ${y} #z", "'plain $x ${y} #z'"),
        ("it's", '"it\'s"'),
        ("a\\", '"a\\\\"'),
        ("\\n '$x' \"", '"\\\\n \'\\$x\' \\""'),
    ],
)
def test_every_value_reaches_compose_as_it_is(value: str, written: str) -> None:
    """Its reader keeps a backslash in single quotes and ends at the next quote; each form was read by its own code."""
    assert quoted(value) == written


def test_replicas_and_commands_work_as_they_are_written(project: Path) -> None:
    """Two replicas cannot have one port of this machine; a command before a deployment is none of the entry point's."""
    del project
    document = export("netia", "--stack", "production")
    (note,) = document["notes"]

    assert document["compose"]["services"]["app"]["ports"] == ["127.0.0.1:4000-4001:4000"]
    assert "docker compose run --rm --entrypoint sh app -c '/entrypoint.sh db migrate'" in note


def test_secrets_are_written_on_request_alone(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the stack's own SOPS file into a file that nobody else may read; the compose file refers to them."""
    encrypting.write(project / "secrets" / "staging.yaml", encrypting.encrypted(GOOD))
    monkeypatch.setenv("SOPS_AGE_KEY", encrypting.KEY)

    document = export("rose", "--output", str(tmp_path / "compose.yaml"), "--env", str(tmp_path / ".env"))

    written = (tmp_path / ".env").read_text()
    assert "WEB_GROQ_API_KEY='planted-groq'\n" in written
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600
    assert "planted" not in (tmp_path / "compose.yaml").read_text() + json.dumps(document)
    assert yaml.safe_load((tmp_path / "compose.yaml").read_text()) == document["compose"]


SHOP = """
config:
  railway:plan: hobby
  railyard:shop:
    services:
      web:
        image: "nginx:1"
        startCommand: serve all
        port: 8080
        railwayDomain: true
        tcpPort: 9000
        variables: {HOST: "${self.domain}", URL: "${self.url}", TCP: "${self.tcpAddress}", DB: "${postgres.publicUrl}"}
        secrets: [B_C]
      web-b: {repo: a/b, dockerfilePath: /Dockerfile, secrets: [C]}
      1app: {image: "a:1", secrets: [C], variables: {BACK: "${secrets.C}@${web.url}"}}
    databases:
      postgres: {tcpPort: 5432}
    secrets: {B_C: {meaning: one}, C: {meaning: another}}
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a system that is settings alone, and its secrets."""
    folder = tmp_path / "shop"
    (folder / "secrets").mkdir(parents=True)
    shutil.copy(ROOT / "__main__.py", folder)
    (folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (folder / "Pulumi.production.yaml").write_text(SHOP)
    secrets = {"shop": {"B_C": "planted-one", "C": "planted-other", "POSTGRES_PASSWORD": "planted-password-1"}}
    encrypting.write(folder / "secrets" / "production.yaml", encrypting.encrypted(secrets))
    monkeypatch.setenv("RAILYARD_PROJECT", str(folder))
    monkeypatch.setenv("SOPS_AGE_KEY", encrypting.KEY)
    for name in ("RAILYARD_SANDBOX", "RAILYARD_SECRETS", "SOPS_AGE_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)
    return folder


def test_no_address_of_the_sandbox_is_left(shop: Path) -> None:
    """Hosts and TCP proxies that Railway would give are those of the containers, in the values of secrets as well."""
    env = shop / ".env"
    services = export("shop", "--stack", "production", "--env", str(env))["compose"]["services"]

    assert services["web"]["environment"] == {
        "B_C": "${WEB_B_C_}", "DB": "${WEB_DB}", "HOST": "localhost", "PORT": "8080",
        "TCP": "web.railway.internal:9000", "URL": "http://localhost:8080",
    }  # fmt: skip
    assert services["web"]["ports"] == ["127.0.0.1:8080:8080", "127.0.0.1:9000:9000"]
    assert services["postgres"]["ports"] == ["127.0.0.1:5432:5432"]
    values = dict(line.split("=", 1) for line in env.read_text().splitlines())
    assert "@postgres.railway.internal:5432/" in values["WEB_DB"]
    assert values["_1APP_BACK"] == "'planted-other@http://localhost:8080'"


def test_each_secret_has_a_variable_of_its_own(shop: Path) -> None:
    """Names of services and variables that run into one another, or begin with a digit, lose no value."""
    env = shop / ".env"
    document = export("shop", "--stack", "production", "--env", str(env))

    services = document["compose"]["services"]
    values = dict(line.split("=", 1) for line in env.read_text().splitlines())
    held = {name: values[services[name]["environment"][key][2:-1]] for name, key in (("web", "B_C"), ("web-b", "C"))}
    assert held == {"web": "'planted-one'", "web-b": "'planted-other'"}
    assert all(re.fullmatch("[A-Z_][A-Z0-9_]*", name) for name in document["secrets"])
    assert services["web-b"]["build"]["dockerfile"] == "Dockerfile"


def test_a_command_that_cannot_be_read_is_an_error_of_its_service(shop: Path) -> None:
    """A quote that is not closed is a mistake of the settings, so that the service is named."""
    file = shop / "Pulumi.production.yaml"
    file.write_text(file.read_text().replace("serve all", "echo it's"))

    done = CliRunner().invoke(application, ["export", "compose", "shop", "-s", "production"])

    assert done.exit_code == 1
    assert "error: web: startCommand has a quote or a backslash without its end: correct it" in done.output


def test_a_system_that_is_not_there(project: Path) -> None:
    """Its neighbours are named."""
    del project
    done = CliRunner().invoke(application, ["export", "compose", "shop", "-s", "staging"])

    assert done.exit_code == 2
    assert "staging has no system 'shop': name one of omega, seance" in done.output
