"""``railyard`` on a stack that ``make up`` brought up with the Pulumi CLI: the same state, the same clouds, once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from railyard.engine.engine_choice import States
from tests.conformance.conftest import RealEngine
from tests.conformance.test_drift_is_read import by_hand
from tests.conformance.test_plain_commands import run
from tests.lifecycle.conftest import CODE, ROOT, world
from tests.operations_secrets import sops_files
from tests.operations_workflows.conftest import SETTINGS, Repository
from tests.railyard_command import Said

STAGING = "Pulumi.staging.yaml"
NOT_COMMITTED = (*CODE, ".sandbox", ".venv", "home", "plugins")
TOLD = "engine: the Pulumi CLI (stack staging is up with it); state in "


class Place(Repository):
    """A repository whose stack ``make up`` has brought up."""

    def __init__(self, real: RealEngine) -> None:
        super().__init__(real.directory)
        self.real = real
        self.change("Pulumi.yaml", "./packages", f"{ROOT}/packages")
        for stack in ("staging", "production"):
            of = "  railyard:promotesFrom: staging\n" if stack == "production" else ""
            self.write(f"Pulumi.{stack}.yaml", SETTINGS.format(stack=stack, plan="hobby") + of)
        self.write(".gitignore", "".join(f"/{name}\n" for name in NOT_COMMITTED))
        self.git("init", "--quiet", "--initial-branch=main")
        self.commit("First")
        up = run(real, "up", "-s", "staging")
        assert up.returncode == 0, up.stdout + up.stderr

    def railyard(self, *arguments: str, **variables: str) -> Said:
        """``railyard …`` where the Pulumi CLI and its plugins are found."""
        said = self.real.railyard(*arguments, **{"ENGINE": "", **variables})
        assert TOLD in said.errors, said
        return said

    def release(self, image: str) -> str:
        """Commit settings with another image; the commit."""
        settings = (self.directory / STAGING).read_text()
        self.change(STAGING, settings.partition('image: "')[2].partition('"')[0], image)
        return self.commit(image)

    @property
    def runs(self) -> str:
        """The image that the simulated Railway runs the one service with; there is but one project."""
        assert world(self.real.simulated)["projects"] == ["omega-staging"]
        assert not States(directory=self.real.sandbox, stack="staging").embedded.exists()
        self.real.simulated.save()
        return self.image()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The stack is up with the Pulumi CLI."""
    with ExitStack() as running:
        real = RealEngine(tmp_path_factory.mktemp("followed") / "real", running, "production")
        real.stack = "staging"  # which `make up` makes, so that its salt stands where `make` keeps it
        yield Place(real)


def test_a_plan_is_made_applied_and_taken_back(place):
    """The reviewed plan is what happens; a release that is never healthy ends with the commit before."""
    assert place.railyard("plan", "--json").json["changes"] == []
    good = place.release("example/omega:2.0")
    planned = place.railyard("plan", "--out", str(place.directory / "plan.json"))
    assert 'image: "example/omega:1.0" → "example/omega:2.0"' in planned.text
    deployed = place.railyard("deploy", "--plan", str(place.directory / "plan.json"))
    assert deployed.text.rstrip().endswith("staging: deployed"), deployed
    assert place.runs == "example/omega:2.0"

    place.release("example/omega:3.0")
    place.real.tamper(lambda sandbox: sandbox.railway.fail_image("example/omega:3.0", "unhealthy"))
    ended = place.railyard("deploy", "--json")

    assert (ended.code, ended.json["result"], ended.json["rolledBackTo"]) == (1, "rolled back", good), ended
    assert place.runs == "example/omega:2.0"
    place.release("example/omega:2.0")


def test_secrets_are_applied_and_drift_is_found(place):
    """Secrets alone deploy a service again; what somebody changed by hand is told, and the state stays as it is."""
    secrets = place.directory / "secrets"
    sops_files.change(secrets / "sandbox.yaml", secrets / "sandbox.agekey", "omega", "OPENAI_API_KEY", "sk-planted-2")
    applied = place.railyard("secrets", "apply", "--yes", "--json").json
    again = place.railyard("secrets", "apply", "--yes", "--json").json
    assert [(each["urn"].rsplit("::", 1)[1], each["secrets"]) for each in applied["instances"]] == [
        ("omega-bot-instance", ["OPENAI_API_KEY"])
    ]
    assert (applied["applied"], again["instances"]) == (True, [])

    calm = place.railyard("drift", "--json")
    before = place.real.state()
    place.real.tamper(by_hand)
    drift = place.railyard("drift", "--json")
    real = compared(place)

    assert (calm.code, calm.json["drifted"]) == (0, False)
    names = ["omega-bot-railway-domain", "omega-bot-instance"]
    assert (drift.code, [each["name"] for each in drift.json["changes"]]) == (1, names)
    assert [each["name"] for each in real["by_hand"]] == names
    assert place.real.state() == before


def outputs(place: Place) -> dict[str, Any]:
    """What the stack exports, as its state has it."""
    resources = place.real.deployment()["resources"]
    return next(each["outputs"] for each in resources if each["type"] == "pulumi:pulumi:Stack")


def compared(place: Place) -> dict[str, Any]:
    """What ``railyard real`` adds to a comparison in which nothing changes."""
    document = Path(place.directory / "comparison.json")
    sides = {side: {"name": side} for side in ("base", "head")}
    document.write_text(json.dumps({**sides, "stacks": [{"stack": "staging", "plan": "hobby"}]}))
    return place.railyard("real", str(document), "-s", "staging", "--json").json["stacks"][0]["real"]


def test_one_system_is_taken_up_alone(place):
    """The program makes no other: what the CLI knows of that one, its outputs and its resources, stays as it is."""
    second = """\
  railyard:umami:
    project: {name: umami-staging, environment: staging}
    services:
      web: {image: "example/umami:1.0", port: 3000, railwayDomain: true}
"""
    settings = place.directory / STAGING
    settings.write_text(settings.read_text() + second)
    place.commit("A second system")
    assert place.railyard("deploy", "umami", "--json").code == 0
    before = outputs(place)
    place.release("example/omega:4.0")

    done = place.railyard("deploy", "omega", "--json")

    assert (done.code, done.json["notices"]) == (0, []), done
    assert [each["system"] for each in done.json["systems"]] == ["omega"]
    assert outputs(place)["umami"] == before["umami"]
    assert outputs(place).keys() == before.keys()
    whole = place.railyard("plan", "--json")
    assert (whole.code, whole.json["changes"]) == (0, []), whole
