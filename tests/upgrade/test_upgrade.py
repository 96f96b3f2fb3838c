"""A stack that an earlier version brought up: a preview replaces nothing, and changes what is announced."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from railyard.engine.engine import code_of
from tests.lifecycle.conftest import LONGEST_S, ROOT

STATES = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """A stack as an earlier version left it in the sandbox: its state stands in the file of the same name."""

    name: str
    project: str
    """Pulumi.yaml."""
    settings: str
    """Pulumi.staging.yaml, as it was brought up."""
    changes: dict[str, list[str]]
    """Resource → its inputs that this version changes, each announced in CHANGELOG.md."""


EARLIER = (
    # Written by commit 4c75ee6 of 2026-11-29.
    Earlier(
        name="omega",
        project='name: railyard\nruntime: python\nrailyard: {systems: {omega: "stacks.omega:Omega"}}\n',
        settings="""
config:
  railway:plan: hobby
  railyard:omega:
    project: {name: omega-staging, environment: staging}
    logLevel: debug
""",
        changes={"omega-bot-volume-disk": ["usageAlerts"]},
    ),
    # Written by version 0.1.0: a system that is settings alone, in a project as `railyard init` makes it.
    Earlier(
        name="pingbot",
        project="name: pingbot\nruntime: python\n",
        settings="""
config:
  railway:plan: hobby
  railyard:pingbot:
    services:
      bot:
        topology: bot
        image: ghcr.io/example/pingbot:1.0.0
        secrets: [DISCORD_TOKEN]
        variables: {DATABASE_URL: "${postgres.url}"}
        volume: {mountPath: /data, sizeGb: 1}
    databases:
      postgres: {version: "16"}
""",
        changes={},
    ),
)


@pytest.mark.parametrize("earlier", EARLIER, ids=lambda each: each.name)
def test_a_state_of_an_earlier_version_is_taken_over(earlier: Earlier, tmp_path: Path) -> None:
    """The same settings ask for the same resources: nothing is created, replaced or deleted."""
    (tmp_path / "Pulumi.yaml").write_text(earlier.project)
    (tmp_path / "Pulumi.staging.yaml").write_text(earlier.settings)
    shutil.copy(ROOT / "__main__.py", tmp_path)
    (tmp_path / ".sandbox").mkdir()
    shutil.copy(STATES / f"{earlier.name}.json", tmp_path / ".sandbox" / "staging.json")
    if earlier.name == "omega":
        shutil.copytree(ROOT / "secrets", tmp_path / "secrets")

    done = subprocess.run(
        [sys.executable, "-m", "railyard.engine", "preview", "--json"], cwd=tmp_path, timeout=LONGEST_S, check=False,
        env={**os.environ, **code_of(ROOT), "RAILYARD_PROJECT": str(tmp_path), "ENGINE": "embedded"},
        capture_output=True, text=True,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    document = json.loads(done.stdout)
    changed = {step["urn"].rpartition("::")[2]: list(step["detailedDiff"]) for step in document["steps"]}
    assert document["changeSummary"].keys() <= {"same", "update"}
    assert changed == earlier.changes
    resources = json.loads((STATES / f"{earlier.name}.json").read_text())["deployment"]["resources"]
    assert sum(document["changeSummary"].values()) == sum(not each["type"].startswith("pulumi:") for each in resources)
