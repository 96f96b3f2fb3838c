"""What already runs comes in with the real engine, too: by its own imports, its own state, and with the same proof."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from railyard.engine.engine_choice import States
from tests.conformance.conftest import RealEngine
from tests.conformance.test_plain_commands import run
from tests.lifecycle.conftest import LONGEST_S

FORGOTTEN = "config:\n  railway:plan: hobby\n  railyard:secrets: secrets/staging.yaml\n"


@pytest.fixture
def real(tmp_path: Path, _pulumi: None) -> Iterator[RealEngine]:
    with ExitStack() as running:
        made = RealEngine(tmp_path / "real", running, "production")
        made.stack = "staging"  # which the commands make, so that its salt stands where they keep it
        yield made


def railyard(real: RealEngine, *arguments: str) -> Any:
    """``railyard …`` as a process, with the Pulumi CLI on the simulated clouds; its document."""
    done = subprocess.run(
        [sys.executable, "-m", "railyard", *arguments, "--sandbox", "--json"],
        cwd=real.directory, env={**real.wrapped, "ENGINE": "pulumi"}, capture_output=True, text=True,
        timeout=LONGEST_S, check=False,
    )  # fmt: skip
    document: Any = json.loads(done.stdout or "{}")
    assert "error" not in document, document["error"]
    assert done.stdout, done.stderr[-3000:]
    return document


def requests(real: RealEngine) -> list[str]:
    lines = (real.sandbox / "requests.jsonl").read_text().splitlines()
    return [str(json.loads(line)["operation"]) for line in lines]


@pytest.mark.parametrize("system", ["rose", "seance"])
def test_a_system_is_adopted_with_the_pulumi_cli(real: RealEngine, system: str) -> None:
    """Nothing is written anywhere, the preview is empty, and the state forgets it again without deleting anything."""
    up = run(real, "up", "-s", "staging", "--system", system)
    assert up.returncode == 0, up.stdout + up.stderr
    shutil.rmtree(States(directory=real.sandbox, stack="staging").backend)
    (real.directory / "Pulumi.staging.yaml").write_text(FORGOTTEN)
    before = len(requests(real))

    adopted = railyard(real, "adopt", system, "-s", "staging", "--yes")

    assert adopted["left"] == []
    assert adopted["imported"] >= 5
    later = requests(real)[before:]
    assert [each for each in later if not each.startswith(("query ", "GET ", "HEAD "))] == []
    again = railyard(real, "adopt", system, "-s", "staging", "--yes")
    assert (again["imported"], again["left"]) == (0, [])
    assert railyard(real, "abandon", system, "-s", "staging", "--yes")["forgotten"] > adopted["imported"]
    assert railyard(real, "abandon", system, "-s", "staging", "--yes")["forgotten"] == 0
    assert [each for each in requests(real)[before:] if not each.startswith(("query ", "GET ", "HEAD "))] == []
