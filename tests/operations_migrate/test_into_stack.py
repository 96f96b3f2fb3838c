"""What a migration writes into a stack that runs the system: single values, and secrets of its own environment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from tests.operations_migrate.conftest import Said

DEFAULTS = """
config:
  railyard:shop:
    services:
      web:
        repo: acme/shop
        builder: DOCKERFILE
        variables: {SHARED: "1"}
"""
PRODUCTION = """
config:
  railyard:shop:
    services:
      web:
        volume:
          mountPath: /data
          sizeGb: 5
        variables:
          OWN: "2"
        secrets: [API_KEY, OTHER_KEY]
"""
COMPOSE = """
services:
  web:
    build: .
    environment: {SHARED: "1", OWN: "2", NEW: "3"}
    volumes: ["data:/data"]
volumes: {data: {}}
"""


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one system that is settings alone; gives the settings file of its stack."""
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (tmp_path / "defaults.yaml").write_text(dedent(DEFAULTS))
    monkeypatch.setenv("RAILYARD_PROJECT", str(tmp_path))
    file = tmp_path / "Pulumi.production.yaml"
    file.write_text(dedent(PRODUCTION))
    return file


@pytest.fixture
def into(railyard: Callable[..., Said], folder: Callable[..., Path]) -> Callable[..., Said]:
    """``railyard migrate --into production`` of files."""

    def run(files: dict[str, str], *options: str) -> Said:
        call = ("--name", "shop", "--repo", "acme/shop", "--into", "production")
        return railyard("migrate", folder(files), *call, *options)

    return run


def test_only_what_differs_is_written_key_by_key(into: Callable[..., Said], stack: Path) -> None:
    """Of a group that the file writes over several lines one key is added, and what all stacks share stays shared."""
    before = stack.read_text()

    said = into({"compose.yaml": COMPOSE})

    assert said.code == 0, said.text + said.errors
    assert stack.read_text() == before.replace('          OWN: "2"\n', '          OWN: "2"\n          NEW: "3"\n')


def test_regions_are_written_whole(into: Callable[..., Said], stack: Path) -> None:
    """A region in which the service no longer runs does not stay beside the others."""
    regions = "{us-west2: 2, europe-west4-drams3a: 1}"
    stack.write_text(f"config: {{'railyard:shop': {{services: {{web: {{regions: {regions}}}}}}}}}\n")
    files = "[deploy.multiRegionConfig]\nus-west2 = {numReplicas = 1}\nus-east4-eqdc4a = {numReplicas = 1}\n"

    said = into({"railway.toml": files})

    assert said.code == 0, said.text + said.errors
    assert "regions: {us-west2: 1, us-east4-eqdc4a: 1}" in stack.read_text()


def test_secrets_of_another_environment_are_not_stored(into: Callable[..., Said], stack: Path) -> None:
    """The file of the stack's own environment and the one for all of them are read; the others are named."""
    files = {
        "Procfile": "web: x\n",
        ".env": "API_KEY=planted_for_all\n",
        ".env.production": "OTHER_KEY=planted_here\nAPI_KEY=planted_for_all\n",
        ".env.staging": "API_KEY=planted_elsewhere\nOTHER_KEY=planted_elsewhere\n",
        ".envrc": "export API_KEY=planted_of_a_shell\n",
    }

    said = into(files, "--dry-run", "--json")

    assert said.code == 0, said.text + said.errors
    assert sorted(said.json["into"]["stored"]) == ["shop.WEB_API_KEY", "shop.WEB_OTHER_KEY"]
    assert said.json["into"]["skipped"] == [".env.staging"]
    assert "planted" not in said.text + said.errors
    assert ".env.staging: not read, since it is of another environment" in into(files, "--dry-run").text


def test_two_values_of_one_secret_are_refused(into: Callable[..., Said], stack: Path) -> None:
    """Which of them production runs with is a decision, so neither file wins by its name."""
    before = stack.read_text()

    said = into({"Procfile": "web: x\n", ".env": "API_KEY=planted_a\n", ".env.production": "API_KEY=planted_b\n"})

    assert said.code == 1
    assert ".env and .env.production give API_KEY different values, so nothing was written" in said.errors
    assert "planted" not in said.text + said.errors
    assert stack.read_text() == before


def test_the_file_of_the_settings_is_shown_or_named(
    railyard: Callable[..., Said], into: Callable[..., Said], folder: Callable[..., Path], stack: Path, tmp_path: Path
) -> None:
    """A dry run shows what it would write, and beside --into the file is named, too."""
    del stack
    output = tmp_path / "out.yaml"
    call = ("migrate", folder({"Procfile": "web: x\n"}), "--repo", "acme/shop", "--output", output)

    dry = railyard(*call, "--dry-run")
    assert "startCommand: x" in dry.text
    assert "out.yaml: the settings of shop would be written" in dry.text
    assert not output.exists()

    both = into({}, "--output", str(output))
    assert "out.yaml: the settings of shop\n" in both.text
    assert "startCommand: x" in output.read_text()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--to-railway", "--project", "shop", "--name", "a", "--output", "x"), "--name, --output: of a folder"),
        (("--to-railway", "--project", "shop", "--service", "api"), "--service: of a folder"),
        ((".", "--project", "shop", "--yes"), "--project, --yes: of --to-railway alone"),
    ],
)
def test_options_that_would_be_ignored_are_refused(
    railyard: Callable[..., Said], options: tuple[str, ...], message: str
) -> None:
    """A call that asks for something else than it gets ends before anything is read."""
    said = railyard("migrate", *options)

    assert (said.code, message in said.errors) == (2, True), said.errors
