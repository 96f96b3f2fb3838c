"""The nightly backup: the job's own commands dump production's database and rehearse its restore in staging."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from railway_sandbox.server import Sandbox
from railyard.data.due import scheduled_copies
from railyard.shared import stack as stack_module
from stacks.settings import StackSettings
from tests.lifecycle.conftest import ROOT, Checkout
from tests.operations.conftest import Railyard
from tests.operations_backup import servers
from tests.operations_backup.conftest import spaces
from tests.operations_workflows.conftest import Repository
from tests.operations_workflows.runner import Job
from tests.operations_workflows.simulated_github import SimulatedGitHub
from tests.operations_workflows.test_workflow_rules import FOLDER, read

NETIA = {"matrix.stack": "production", "matrix.system": "netia", "matrix.rehearse": "staging"}
BUCKET = "railyard-backups-production"


def password_of(clouds: Path) -> str:
    """With which the simulated Railway runs the database."""
    for environment in Sandbox(clouds).railway.state.environments.values():
        for service in environment.config.get("services", {}).values():
            if found := service.get("variables", {}).get("POSTGRES_PASSWORD"):
                return found["value"]
    raise AssertionError("no database is up")


def test_the_jobs_commands_dump_and_rehearse(
    repository: Repository, github: SimulatedGitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a clean clone, with a real PostgreSQL behind Railway's proxies; a bucket that is missing fails the job."""
    brought_up = Checkout(tmp_path / "brought-up")
    for stack in ("staging", "production"):
        brought_up.json("up", "--stack", stack, "--system", "netia")
        repository.write(f"Pulumi.{stack}.yaml", (ROOT / f"Pulumi.{stack}.yaml").read_text())
    repository.commit("Netia")
    job = Job(repository, github, tmp_path)
    shutil.copytree(brought_up.sandbox, job.clouds)
    monkeypatch.setenv("PATH", f"{servers.binaries()}{os.pathsep}{os.environ['PATH']}")

    with servers.running(password_of(job.clouds)) as server:
        leads_to = ",".join(f"netia-{stack}/postgres={server.port}" for stack in ("staging", "production"))
        job.variables["RAILYARD_SANDBOX_TCP"] = leads_to
        missing, told = job.run("backup", "dump", **NETIA)
        assert missing == 1
        assert f"bucket {BUCKET} in nyc3 cannot be used" in told
        (message,) = github.sent["/discord"]
        assert message["embeds"][0]["title"].startswith("netia was not copied out of Railway")
        with spaces(Railyard(job.clouds)) as client:
            client.create_bucket(Bucket=BUCKET)
        code, told = job.run("backup", "dump", **NETIA)

    assert code == 0, told
    assert f"{BUCKET}/netia/production/" in told
    assert len(github.sent["/discord"]) == 1
    assert "comes back as it was dumped" in told
    assert "the live one of staging/netia/postgres was not touched" in told


def test_every_database_of_production_is_dumped() -> None:
    """A system that gets a PostgreSQL gets its backup, or this fails. So does one whose volume is to be copied."""
    production = stack_module.read_stack("production")
    settings: StackSettings = production.settings
    with_database = {name for name, system in settings.systems.items() if hasattr(system, "postgres")}
    asked = {each.system for each in scheduled_copies(production)}

    assert asked == with_database | {"omega", "rose"}
    entries = read(FOLDER / "backup.yml")["jobs"]["dump"]["strategy"]["matrix"]["include"]
    assert {each["system"] for each in entries} == asked
    assert {(each["stack"], each["rehearse"]) for each in entries} == {("production", "staging")}
