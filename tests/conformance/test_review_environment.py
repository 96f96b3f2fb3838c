"""A review environment that the Pulumi CLI brings up: the same names, the same end, and nothing in its backend."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from tests.conformance.conftest import RealEngine
from tests.environments.conftest import left
from tests.operations_workflows.conftest import Repository
from tests.operations_workflows.test_review_jobs import SETTINGS


def test_an_environment_comes_up_and_goes_with_the_real_engine(tmp_path: Path) -> None:
    """Its state stands where the CLI keeps states, and goes with everything else."""
    with ExitStack() as running:
        real = RealEngine(tmp_path / "real", running, "production")
        place = Repository(real.directory)
        (place.directory / "Pulumi.production.yaml").unlink()
        place.write("Pulumi.staging.yaml", SETTINGS)

        up = real.railyard("review", "up", "3", "--json", ENGINE="pulumi")
        state = [file.name for file in place.directory.rglob("pr-3.json")]
        again = real.railyard("review", "up", "3", "--json", ENGINE="pulumi")
        down = real.railyard("review", "down", "3", ENGINE="pulumi")

        assert (up.code, again.code, down.code) == (0, 0, 0), up.text + up.errors + again.errors + down.errors
        assert "engine: the Pulumi CLI" in up.errors
        assert up.json["state"] == again.json["state"] == "up"
        assert len(state) == 2  # the CLI's checkpoint, and the record
        assert left(real.simulated) == {}
        assert [str(file) for file in place.directory.rglob("pr-3*")] == []
