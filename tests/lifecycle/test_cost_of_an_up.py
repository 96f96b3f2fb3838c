"""What a preview says that the up will cost is what it costs."""

from __future__ import annotations

import pytest

TOLERANCE = 0.25


def sent(checkout) -> int:
    """Requests to Railway so far, without those that wait."""
    railway = [request for request in checkout.requests() if request["api"] == "railway"]
    return sum(not request["query"].startswith("query environmentProgress") for request in railway)


@pytest.mark.parametrize("stack", ["staging", "production"])
def test_preview_foresees_requests_and_deployments(from_nothing, stack):
    """For a whole stack the estimate is within a quarter of what is sent, and deployments are exact."""
    first = from_nothing(stack)
    cost = first.preview.json["cost"]

    assert cost["requests"] == pytest.approx(sent(first.checkout), rel=TOLERANCE)
    assert cost["deployments"] == sum(first.checkout.world()["deployments"].values())
    assert "cost" not in first.again.json


def test_a_new_commit_is_foreseen_too(new_commit):
    """An update of four services is one commit for all of them."""
    cost = new_commit.preview.json["cost"]

    before, after = (sum(each.world()["deployments"].values()) for each in (new_commit.before, new_commit.after))
    assert cost["deployments"] == after - before == 4
    # A service whose inputs come late, as on a slow machine, has a commit of its own.
    assert cost["requests"] <= sent(new_commit.after) <= cost["requests"] + 3
