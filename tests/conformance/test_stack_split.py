"""A system moves into a stack of its own with the real engine, too: by its own export and import of states."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from railyard.engine.engine_choice import States
from tests.conformance.conftest import RealEngine
from tests.conformance.test_adoption import railyard, requests
from tests.conformance.test_plain_commands import run


@pytest.fixture
def real(tmp_path: Path) -> Iterator[RealEngine]:
    with ExitStack() as running:
        made = RealEngine(tmp_path / "real", running, "staging")
        made.stack = "production"  # which the commands make, so that its salt stands where they keep it
        yield made


def ids(real: RealEngine, stack: str) -> dict[str, str]:
    """Name of each resource of a stack → its id; without providers and the stack itself."""
    text = States(directory=real.sandbox, stack=stack).checkpoint.read_text()
    records: list[dict[str, Any]] = json.loads(text)["checkpoint"]["latest"]["resources"]
    own_records = [each for each in records if not each["type"].startswith("pulumi:")]
    return {each["urn"].rpartition("::")[2]: each.get("id", "") for each in own_records}


def test_a_system_moves_with_the_pulumi_cli(real: RealEngine) -> None:
    """Ids stay, nothing is asked of any cloud, both previews are empty, and the next ``up`` of each does nothing."""
    real.keep("omega", "rose")
    up = run(real, "up", "-s", "production")
    assert up.returncode == 0, up.stdout + up.stderr
    before, asked = ids(real, "production"), len(requests(real))
    omega = {name: id_ for name, id_ in before.items() if name == "omega" or name.startswith("omega-")}

    said = railyard(real, "stack", "split", "production", "--systems", "omega", "--to", "omega-production", "--yes")

    assert said["left"] == {"production": [], "omega-production": []}
    assert len(requests(real)) == asked
    assert ids(real, "omega-production") == omega
    assert ids(real, "production") == {name: id_ for name, id_ in before.items() if name not in omega}
    assert "encryptionsalt" not in (real.directory / "Pulumi.omega-production.yaml").read_text()
    for stack in ("omega-production", "production"):
        again = run(real, "up", "-s", stack)
        assert again.returncode == 0, again.stdout + again.stderr
        assert "unchanged" in again.stdout
        assert not {"created", "deleted", "replaced"} & set(again.stdout.split()), again.stdout
    assert [each for each in requests(real)[asked:] if not each.startswith(("query ", "GET ", "HEAD "))] == []
    assert {**ids(real, "production"), **ids(real, "omega-production")} == before

    # A token and a plan of its own: another provider, by which nothing is replaced.
    file = real.directory / "Pulumi.omega-production.yaml"
    account = "    railway: {tokenVariable: OMEGA_RAILWAY_TOKEN, plan: pro}\n    project:"
    file.write_text(file.read_text().replace("    project:", account))
    moved = run(real, "up", "-s", "omega-production")
    assert moved.returncode == 0, moved.stdout + moved.stderr
    assert ids(real, "omega-production") == omega
