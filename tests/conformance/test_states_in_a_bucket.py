"""States in a bucket of Spaces: the last step of the demo, and what the workflows give their steps for it."""

from __future__ import annotations

import io
import os
import subprocess
from pathlib import Path

import pytest
import yaml
from rich.console import Console
from typer.testing import CliRunner

from railway_sandbox.addresses import environment
from railway_sandbox.server import Sandbox
from railyard.application import application
from railyard.rehearsal.bucket import states_in_a_bucket
from railyard.rehearsal.project_copy import ProjectCopy
from railyard.rehearsal.rehearsal import Rehearsal
from railyard.rehearsal.report import Report
from tests import forked
from tests.conformance.conftest import program, put_standins
from tests.lifecycle.conftest import LONGEST_S, ROOT

OF_A_BUCKET = {"PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}


def test_a_stack_lives_in_a_bucket_from_its_first_up_to_an_approved_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the demo does it where there is a CLI: a new stack, a plan, its approval, and nothing left to do."""
    printed = io.StringIO()
    report = Report(Console(file=printed, width=120, soft_wrap=True))
    with ProjectCopy(tmp_path / "demo").open() as place:
        (place.directory / ".venv").unlink()
        forked.environment(place.directory / ".venv")
        put_standins(place.directory, tmp_path / "plugins", place.directory / ".venv" / "bin" / "python")
        parts = [str(tmp_path / "plugins"), str(program().parent), os.environ["PATH"]]
        monkeypatch.setenv("PATH", os.pathsep.join(parts))
        (tmp_path / "home").mkdir()
        monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "home"))

        states_in_a_bucket(place, report, Rehearsal(place, report).command)

        requests = (place.directory / ".sandbox" / "requests.jsonl").read_text(encoding="utf-8")
    assert "left out" not in printed.getvalue()
    assert "PUT /demo-states/.pulumi/stacks/railyard/dev.json" in requests
    assert not (place.directory / ".sandbox" / "pulumi" / ".pulumi" / "stacks").exists()


def test_pulumi_keeps_a_stack_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands that ``railyard state init`` prints, with the real CLI."""
    sandbox = Sandbox(tmp_path / ".sandbox")
    (tmp_path / "Pulumi.yaml").write_text("name: railyard\nruntime: yaml\n")
    with sandbox.serve() as address:
        for name, value in environment(address, directory=tmp_path / ".sandbox").items():
            monkeypatch.setenv(name, value)
        made = CliRunner().invoke(
            application, ["state", "init", "--bucket", "example-railyard-state", "--region", "sfo3"]
        )
        login = next(line.strip() for line in made.output.splitlines() if "pulumi login" in line)
        variables = {
            "PATH": os.pathsep.join([str(program().parent), os.environ["PATH"]]),
            "AWS_ACCESS_KEY_ID": os.environ["SPACES_ACCESS_KEY_ID"],
            "AWS_SECRET_ACCESS_KEY": os.environ["SPACES_SECRET_ACCESS_KEY"],
            "PULUMI_HOME": str(tmp_path / "home"),
            "PULUMI_CONFIG_PASSPHRASE": "sandbox",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }

        done = subprocess.run(
            f"{login} && pulumi stack init staging --non-interactive && pulumi stack ls --json",
            shell=True, cwd=tmp_path, env={**os.environ, **variables}, capture_output=True, text=True,
            timeout=LONGEST_S, check=False,
        )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    assert '"name": "staging"' in done.stdout
    log = sandbox.storage.requests.read_text()
    assert "PUT /example-railyard-state/.pulumi/stacks/railyard/staging.json" in log


def test_the_workflows_give_their_steps_what_a_bucket_needs() -> None:
    """Each step that asks Pulumi has it, beside the token of Pulumi Cloud: what is not set is empty, and none."""
    for name in ("deploy", "drift", "real"):
        workflow = yaml.safe_load((ROOT / ".github" / "workflows" / f"{name}.yml").read_text(encoding="utf-8"))
        given = [step.get("env", {}) for job in workflow["jobs"].values() for step in job["steps"]]
        asking = [env for env in given if "PULUMI_ACCESS_TOKEN" in env]

        assert asking
        assert [env for env in asking if not env.keys() >= OF_A_BUCKET] == []
