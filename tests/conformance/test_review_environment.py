"""A review environment that the Pulumi CLI brings up: the same names, the same end, and nothing in its backend."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from tests.conformance.conftest import RealEngine
from tests.environments.conftest import left
from tests.lifecycle.conftest import CODE, copy
from tests.operations_workflows.conftest import Repository
from tests.operations_workflows.test_review_jobs import SETTINGS


def test_an_environment_comes_up_and_goes_with_the_real_engine(tmp_path: Path) -> None:
    """Its state stands where the CLI keeps states, and goes with everything else."""
    with ExitStack() as running:
        real = RealEngine(tmp_path / "real", running, "production")
        place = Repository(real.directory)
        for name in CODE:
            (place.directory / name).unlink()
        copy(CODE, place.directory)
        (place.directory / "Pulumi.production.yaml").unlink()
        place.write("Pulumi.staging.yaml", SETTINGS)
        here = {name: real.wrapped[name] for name in ("PATH", "PULUMI_HOME")} | {"ENGINE": "pulumi"}

        up = place.railyard("review", "up", "3", "--json", **here)
        state = [file.name for file in place.directory.rglob("pr-3.json")]
        again = place.railyard("review", "up", "3", "--json", **here)
        down = place.railyard("review", "down", "3", **here)

        assert (up.code, again.code, down.code) == (0, 0, 0), up.text + up.errors + again.errors + down.errors
        assert "engine: the Pulumi CLI" in up.errors
        assert up.json["state"] == again.json["state"] == "up"
        assert len(state) == 2  # the CLI's checkpoint, and the record
        assert left(real.simulated) == {}
        assert [str(file) for file in place.directory.rglob("pr-3*")] == []
