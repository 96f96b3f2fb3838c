"""A system leaves as a compose file that compose's own schema takes."""

from __future__ import annotations

import json
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


def test_a_system_that_is_not_there(project: Path) -> None:
    """Its neighbours are named."""
    del project
    done = CliRunner().invoke(application, ["export", "compose", "shop", "-s", "staging"])

    assert done.exit_code == 2
    assert "staging has no system 'shop': name one of omega, seance" in done.output
