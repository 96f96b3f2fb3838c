"""``railyard cost`` on a stack that is up in the sandbox."""

from __future__ import annotations

from copy import copy
from datetime import UTC, datetime
from pathlib import Path

import pytest

from railway_sandbox.clock import EPOCH
from railway_sandbox.railway.account import usage
from railyard.money.command import LOOKED_BACK, is_idle
from tests.operations.conftest import Railyard
from tests.operations.test_doctor import other_settings


def test_cost_needs_nobody_and_adds_up(railyard: Railyard) -> None:
    """Without --actual it asks nobody; the parts of a system add up to the system, the systems to the stack."""
    said = railyard.run("cost", "--json")

    assert said.code == 0
    parts = [part for system in said.json["systems"].values() for part in system["parts"]]
    whole = sum(part["asUsed"] for part in [*parts, *said.json["shared"]])
    assert said.json["asUsed"] == pytest.approx(whole, abs=0.05)
    assert said.json["systems"]["seance"]["asUsed"] == pytest.approx(25, rel=0.05)


def test_cost_of_one_system_is_a_table_for_people(railyard: Railyard) -> None:
    """Each service and volume on a line, with its open limit, the sum, and where the prices come from."""
    said = railyard.run("cost", "omega")

    assert said.code == 0
    assert said.lines_with("bot volume")[0].split() == ["bot", "volume", "$0.02", "$0.45", "$5.25"]
    assert "omega of staging: about $4.11 a month as used, $1.50 at rest" in said.text
    assert "1 service has no limit of memory or vCPUs" in said.flat
    assert "https://docs.railway.com/pricing/plans" in said.flat


def test_a_system_that_is_not_there_is_a_wrong_call(railyard: Railyard) -> None:
    """With the names that there are."""
    said = railyard.run("cost", "omga")
    assert said.code == 2
    assert "name one of omega, seance, omnistack, netia, rose" in said.errors


def test_railways_own_figures_stand_beside_the_forecast(railyard: Railyard) -> None:
    """Each system has Railway's estimate for the billing period, and each service what it used in the last days."""
    said = railyard.run("cost", "seance", "rose", "omega", "--actual", "--sandbox", "--json")

    assert said.code == 0
    rose = said.json["systems"]["rose"]["railway"]
    # The simulated service: a tenth of one vCPU, half of 1,024 MB, 2 GB sent, a fifth of 1 GB and its backups.
    assert rose["estimated"] == pytest.approx(2.0 + 5.12 + 0.1 + 0.06, abs=0.02)
    assert rose["services"]["web"] == pytest.approx(rose["estimated"], abs=0.02)
    assert len(said.json["systems"]["seance"]["railway"]["services"]) == 6
    assert said.json["systems"]["omega"]["railway"]["estimated"] is None
    text = railyard.run("cost", "omega", "rose", "--actual", "--sandbox").flat
    assert f"rose: forecast for Railway $3.25, Railway's own estimate ${rose['estimated']:.2f}" in text
    assert "omega: Railway has no such project or environment, or the token does not reach it" in text


def test_the_estimate_of_a_project_with_two_systems_is_shown_once(
    railyard: Railyard, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Railway estimates a project, so the forecast beside it is that of all its systems."""
    rose, extra = "  railyard:rose:\n", "  railyard:extra:\n    project: {name: rose-staging, environment: staging}\n"
    extra += "    services: {tool: {image: 'nginx:1.27'}}\n\n"
    other_settings(tmp_path / "settings", monkeypatch, rose, extra + rose)

    options = ("-s", "staging", "--actual", "--sandbox")
    document = railyard.run("cost", "rose", "extra", *options, "--json").json["systems"]
    text = railyard.run("cost", "rose", *options).flat

    both = document["rose"]["asUsed"] + document["extra"]["asUsed"]
    estimated = document["rose"]["railway"]["estimated"]
    assert document["rose"]["railway"]["estimateOf"] == ["rose", "extra"]
    assert text.count(f"${estimated:,.2f}") == 2  # the estimate, and the service that it is all of
    assert f"rose, extra (one project): forecast for Railway ${both:,.2f}, Railway's own estimate $" in text


def test_what_another_environment_uses_is_not_counted(railyard: Railyard) -> None:
    """A service has the same id in each environment of its project."""
    before = railyard.run("cost", "rose", "--actual", "--sandbox", "--json").json["systems"]["rose"]["railway"]
    with railyard.world() as world:
        environment, _ = world.find("rose/web")
        other = copy(environment)
        other.id, other.name = "07e20000-0000-4000-8000-000000000001", "other"
        world.railway.state.environments[other.id] = other
        for disk in list(world.railway.state.volume_instances.values()):
            if disk.environment_id == environment.id:
                second = copy(disk)
                second.id, second.environment_id = "07e20000-0000-4000-8000-000000000002", other.id
                world.railway.state.volume_instances[second.id] = second

    after = railyard.run("cost", "rose", "--actual", "--sandbox", "--json").json["systems"]["rose"]["railway"]

    assert after["estimated"] > before["estimated"]
    assert after["services"] == before["services"]


def test_a_service_is_idle_only_when_it_could_have_worked(railyard: Railyard, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not one that was deployed an hour ago, and not one that sleeps already."""
    monkeypatch.setattr(usage, "CPU_LOAD", 0.0001)
    monkeypatch.setattr(usage, "TRAFFIC_GB", 0.0)
    with railyard.world() as world:
        now_s = (datetime.now(UTC) - EPOCH).total_seconds()
        world.newest("seance/landing").created_at = now_s - 3_600

    document = railyard.run("cost", "seance", "rose", "--actual", "--sandbox", "--json").json["systems"]

    assert document["rose"]["railway"]["idle"] == []  # sleepApplication
    assert "landing" not in document["seance"]["railway"]["idle"]
    assert "backend" in document["seance"]["railway"]["idle"]


def test_a_service_is_idle_when_it_neither_computes_nor_sends() -> None:
    """A thousandth of a vCPU is what any program needs to exist; traffic alone is work."""
    minutes = LOOKED_BACK.total_seconds() / 60
    assert is_idle({"CPU_USAGE": 0.001 * minutes, "MEMORY_USAGE_GB": 0.5 * minutes, "NETWORK_TX_GB": 0.001})
    assert not is_idle({"CPU_USAGE": 0.05 * minutes, "NETWORK_TX_GB": 0.0})
    assert not is_idle({"CPU_USAGE": 0.001 * minutes, "NETWORK_TX_GB": 2.0})
