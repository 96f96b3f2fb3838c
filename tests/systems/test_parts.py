"""The kinds of services that people expect, by the real program and provider: made, changed, drifted and gone."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from railway_sandbox.server import Sandbox
from tests.lifecycle.conftest import Checkout, with_copy_of, with_system

MODULE = Path(__file__).with_name("parts.py")
SETTINGS = """
  railyard:parts:
    project: {name: parts-staging, environment: staging}
    worker: {image: "parts/worker:1", memoryMb: 512}
    report: {image: "parts/report:1", cronSchedule: "0 3 * * *"}
"""


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Parts, brought up once; tests copy it."""
    checkout = with_system(
        tmp_path_factory.mktemp("parts") / "railyard", Path(__file__).with_name("parts.py"), SETTINGS
    )
    checkout.json("up")
    return checkout


@pytest.fixture
def again(parts: Checkout, tmp_path: Path) -> Checkout:
    """A copy of Parts as it is up."""
    return with_copy_of(parts, tmp_path / "railyard")


def test_each_part_is_deployed_once_and_nobody_reaches_them(parts: Checkout) -> None:
    """One deployment of each service, no address."""
    world = parts.world()

    assert world["deployments"] == {f"parts-staging/{each}": 1 for each in ("redis", "report", "worker")}
    assert world["service domains"] == world["custom domains"] == []


def configured(sandbox: Sandbox, service: str) -> dict[str, Any]:
    """The configuration of a service at the simulated Railway, to read or to change by hand."""
    railway = sandbox.railway.state
    (id_,) = (each.id for each in railway.services.values() if each.name == service)
    (environment,) = railway.environments.values()
    return environment.config["services"][id_]


def test_a_new_schedule_is_a_change_and_one_by_hand_is_drift(again: Checkout) -> None:
    """Both are found, and the settings win."""
    again.change("staging", "0 3 * * *", "30 4 * * 1")
    assert again.json("up").operations() == Counter(update=1)
    sandbox = Sandbox(again.sandbox)
    assert configured(sandbox, "report")["deploy"]["cronSchedule"] == "30 4 * * 1"
    configured(sandbox, "report")["deploy"]["cronSchedule"] = "0 0 * * *"
    sandbox.railway.touch()
    sandbox.save()

    again.json("up", "--refresh")

    assert configured(Sandbox(again.sandbox), "report")["deploy"]["cronSchedule"] == "30 4 * * 1"
    assert again.json("refresh").operations() == Counter()


def test_all_of_it_goes(again: Checkout) -> None:
    """Nothing is left in any cloud."""
    again.run("unprotect")

    again.json("destroy")

    assert {kind: found for kind, found in again.world().items() if found} == {}
