"""Services whose settings come from a file: what they run with is written into the API, and nothing is deployed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from railway_sandbox.clock import ManualClock
from railway_sandbox.railway import operations
from railway_sandbox.railway.deployments import deployments
from railway_sandbox.server import SANDBOX, Sandbox
from tests.operations_migrate.conftest import Said
from tests.provider.dashboard import click, patch

CALL = ("migrate", "--to-railway", "--project", "shop", "--sandbox")
WRITES = {"mutation environmentStageChanges", "mutation environmentPatchCommitStaged"}


class Shop:
    """A project with the service ``web`` of a repository in whose ``railway.toml`` two settings stand."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        with self.clouds() as (cloud, clock):
            workspace = next(iter(cloud.railway.state.workspaces))
            made = click(
                cloud.railway,
                "projectCreate",
                input={"name": "shop", "workspaceId": workspace},
                selection="{ id environments(first: 1) { edges { node { id } } } }",
            )
            self.environment = made["environments"]["edges"][0]["node"]["id"]
            self.service = click(cloud.railway, "serviceCreate", input={"projectId": made["id"], "name": "web"})["id"]
            config = {"source": {"repo": "acme/shop", "branch": "main"}, "deploy": {"healthcheckTimeout": 200}}
            patch(cloud.railway, self.environment, services={self.service: config})
            for _ in range(3):  # the patch is applied, the deployment begins, it serves
                clock.advance(300)
                operations.catch_up(cloud.railway)
            self._deployed_with_file(cloud)

    def _deployed_with_file(self, cloud: Sandbox) -> None:
        latest = deployments.latest(cloud.railway, self.environment, self.service)
        assert latest is not None
        manifest = latest.meta["serviceManifest"]
        deploy = {**manifest["deploy"], "startCommand": "npm start", "healthcheckTimeout": 200}
        latest.meta |= {
            "configFile": "railway.toml",
            "propertyFileMapping": {
                "deploy.startCommand": "$.deploy.startCommand",
                "deploy.healthcheckTimeout": "$.deploy.healthcheckTimeout",
            },
            "serviceManifest": {**manifest, "deploy": deploy},
        }

    @contextmanager
    def clouds(self) -> Iterator[tuple[Sandbox, ManualClock]]:
        """Change what is in the clouds between two commands."""
        clock = ManualClock()
        sandbox = Sandbox(self.directory, clock=clock)
        clock.current_s = json.loads(sandbox.storage.read_state(SANDBOX).get(SANDBOX, {}).get("time_s", "0"))
        yield sandbox, clock
        sandbox.save()

    @property
    def config(self) -> dict[str, Any]:
        with self.clouds() as (cloud, _):
            return dict(cloud.railway.state.environments[self.environment].config["services"][self.service])

    @property
    def deployments(self) -> list[str]:
        with self.clouds() as (cloud, _):
            state = cloud.railway.state
            return [each.id for each in state.deployments.values() if each.environment_id == self.environment]

    def writes(self) -> set[str]:
        lines = (self.directory / "requests.jsonl").read_text().splitlines()
        return {name for line in lines if (name := json.loads(line)["operation"]).startswith("mutation")}


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setenv("RAILYARD_SANDBOX", str(tmp_path / "clouds"))
    return Shop(tmp_path / "clouds")


def test_what_only_a_file_says_is_written_without_a_deployment(railyard: Callable[..., Said], shop: Shop) -> None:
    """The difference first; then the API says it, the same deployment serves, and a second run has nothing to do."""
    before = shop.deployments

    shown = railyard(*CALL, "--dry-run")
    assert 'deploy.startCommand: nothing → "npm start"' in shown.text
    assert "deploy.healthcheckTimeout: the settings say it already" in shown.text
    assert shown.code == 1
    assert shop.writes() == set()

    said = railyard(*CALL, "--yes")
    assert said.code == 0, said.errors
    assert "1 setting written and read back, 0 deployments" in said.text
    assert shop.config["deploy"]["startCommand"] == "npm start"
    assert shop.deployments == before
    assert shop.writes() == WRITES

    again = railyard(*CALL, "--json", "--yes")
    assert again.code == 0
    (web,) = again.json["environments"][0]["services"]
    assert web["changes"] == []
    assert web["same"] == ["deploy.healthcheckTimeout", "deploy.startCommand"]


def test_changes_that_somebody_laid_aside_are_not_committed_with_it(railyard: Callable[..., Said], shop: Shop) -> None:
    """They are somebody else's decision."""
    with shop.clouds() as (cloud, _):
        aside = {"services": {shop.service: {"deploy": {"numReplicas": 3}}}}
        click(cloud.railway, "environmentStageChanges", environmentId=shop.environment, input=aside)

    said = railyard(*CALL, "--yes")

    assert said.code == 1
    assert "changes are staged there" in said.errors
    assert "startCommand" not in shop.config.get("deploy", {})


def test_a_credential_in_a_setting_is_not_shown(railyard: Callable[..., Said], shop: Shop) -> None:
    """Neither to people nor to programs; what is written is the whole value."""
    command = "psql postgres://u:hunter2hunter2@db/x"
    with shop.clouds() as (cloud, _):
        latest = deployments.latest(cloud.railway, shop.environment, shop.service)
        assert latest is not None
        latest.meta["serviceManifest"]["deploy"]["startCommand"] = command

    texts = [railyard(*CALL, "--dry-run").text, railyard(*CALL, "--yes", "--json").text]

    assert all("startCommand" in text and "hunter2" not in text for text in texts)
    assert shop.config["deploy"]["startCommand"] == command


def test_nobody_is_asked_where_nobody_answers(railyard: Callable[..., Said], shop: Shop) -> None:
    """A program gives --yes."""
    said = railyard(*CALL)

    assert said.code == 2
    assert "nobody can be asked here: give --yes" in said.errors
    assert shop.writes() == set()


def test_a_project_that_is_not_there(railyard: Callable[..., Said], shop: Shop) -> None:
    """The projects that the token reaches are named."""
    said = railyard("migrate", "--to-railway", "--project", "shp", "--sandbox", "--yes")

    assert "the token reaches no project called 'shp': give the id, or one of shop" in said.errors
