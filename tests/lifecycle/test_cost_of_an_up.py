"""What a preview says that the up will cost is what it costs."""

from __future__ import annotations

import pytest

TOLERANCE = 0.25


def sent(checkout) -> int:
    """Requests to Railway so far, without those that wait."""
    railway = [request for request in checkout.requests() if request["api"] == "railway"]
    return sum(not request["query"].startswith("query environmentProgress") for request in railway)


@pytest.mark.parametrize("stack", ["staging", "production"])
def test_preview_foresees_requests_and_deployments(checkout, stack):
    """For a whole stack the estimate is within a quarter of what is sent, and deployments are exact."""
    cost = checkout.json("preview", "-s", stack).json["cost"]

    checkout.json("up", "-s", stack)

    assert cost["requests"] == pytest.approx(sent(checkout), rel=TOLERANCE)
    assert cost["deployments"] == sum(checkout.world()["deployments"].values())
    assert "cost" not in checkout.json("preview", "-s", stack).json


def test_a_new_commit_is_foreseen_too(staging):
    """An update of four services is one commit for all of them."""
    staging.change("staging", "commit: a1b2c3d", "commit: b2c3d4e")
    before, deployed = sent(staging), sum(staging.world()["deployments"].values())

    cost = staging.json("preview", "-s", "staging").json["cost"]
    staging.json("up", "-s", "staging")

    assert cost["deployments"] == sum(staging.world()["deployments"].values()) - deployed == 4
    assert abs(cost["requests"] - (sent(staging) - before)) <= 1
