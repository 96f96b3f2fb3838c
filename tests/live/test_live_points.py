"""In the sandbox each point is as assumed, and otherwise when the simulator is changed."""

from __future__ import annotations

import pytest

from railway_sandbox.railway.cloud import RailwayCloud
from railyard.contract.checks import POINTS
from railyard.contract.doubtful_point import Outcome
from railyard.contract.suite import Run
from tests.live.conftest import Try, account, living, tried
from tests.live.otherwise import OTHERWISE
from tests.provider.in_process import Connection

NUMBERS = [each.number for each in POINTS]


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, RailwayCloud]:
    """One run over all points, as ``make live`` does it."""
    connection = account(tmp_path_factory.mktemp("everything"))
    return tried(connection, NUMBERS), connection.sandbox.railway


@pytest.mark.parametrize("number", NUMBERS)
def test_in_the_sandbox_each_point_is_as_assumed(everything, number):
    """The sandbox does what the page says that it takes for true, and no point costs more than it says."""
    run, _ = everything
    (found,) = [each for each in run.results if each.point.number == number]

    assert (found.verdict.outcome, found.verdict.observation) == (Outcome.AS_ASSUMED, found.verdict.observation)
    assert found.requests <= found.point.requests


def test_nothing_is_left_behind(everything):
    """Neither the project nor what is kept outside of it."""
    run, cloud = everything

    assert run.leftover == ""
    assert living(cloud) == []
    assert cloud.state.notification_rules == {}
    assert [each.kind for each in cloud.state.tokens.values()] == ["account", "workspace"]


def test_each_point_can_be_otherwise():
    """A verdict that could not fail would say nothing."""
    assert sorted(OTHERWISE) == sorted(NUMBERS)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_railway_that_behaves_otherwise_is_noticed(attempt: Try, connection: Connection, monkeypatch, number):
    """The verdict says so, with what was seen; and the project is deleted all the same."""
    change, seen = OTHERWISE[number]
    change(monkeypatch)

    run = attempt([number])

    (found,) = run.results
    assert (found.verdict.outcome, found.verdict.observation) == (Outcome.OTHERWISE, found.verdict.observation)
    assert seen in found.verdict.observation
    assert not run.all_as_assumed
    assert living(connection.sandbox.railway) == []


def test_a_point_that_fails_is_one_that_cannot_be_told(attempt: Try, connection: Connection):
    """And the next ones are tried."""
    connection.fail("workflowStatus", status=200, message="Problem processing request")

    run = attempt([5, 23])

    assert [each.verdict.outcome for each in run.results] == [Outcome.COULD_NOT_TELL, Outcome.AS_ASSUMED]
    assert "Problem processing request" in run.results[0].verdict.observation


def test_a_small_plan_leaves_a_point_open(tmp_path):
    """What the plan refuses is no answer to the question."""
    connection = account(tmp_path, "free")
    run = tried(connection, [2])

    assert run.results[0].verdict.outcome is Outcome.COULD_NOT_TELL
    assert run.results[0].verdict.observation == "the plan does not allow two replicas"
    assert living(connection.sandbox.railway) == []
