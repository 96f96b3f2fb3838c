"""A stack that would cost more than its budget is refused."""

from __future__ import annotations

from pathlib import Path

from tests.lifecycle.conftest import Checkout


def test_what_passes_the_budget_is_refused_and_everything_else_is_listed(tmp_path: Path) -> None:
    """A preview lists all that would change and fails with the largest contributors; an up changes nothing at all."""
    checkout = Checkout(tmp_path / "railyard")
    checkout.change("staging", "config:\n", "config:\n  railyard:budget: 20\n")

    preview = checkout.run("preview", "-s", "staging", "--json")
    assert preview.code == 1, preview.errors
    assert preview.operations()["create"] > 100
    (said,) = (item["message"] for item in preview.json["diagnostics"] if item["severity"] == "error")
    assert "railyard:budget = 20" in said
    assert "the most cost seance/seance-cdn-staging $5.00" in said

    up = checkout.run("up", "-s", "staging", "--json")
    assert up.code == 1
    assert not up.operations()
    assert [each for each in checkout.requests() if not each["operation"].startswith("GET /zones/")] == []
