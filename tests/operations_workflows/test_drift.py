"""``railyard drift``: found without changing anything, told in one issue, closed when it is gone."""

from __future__ import annotations

from railyard.accounts.github import LONGEST_BODY
from railyard.deliver.drift import body
from railyard.review.resource_changes import Change, Kind, Property
from tests.operations_workflows.conftest import Repository
from tests.operations_workflows.simulated_github import SimulatedGitHub


def by_hand(repository: Repository, value: str) -> None:
    """Somebody changes a variable in Railway's dashboard."""
    sandbox = repository.sandbox
    (environment,) = (each for each in sandbox.railway.state.environments.values() if each.deleted_at is None)
    (service,) = environment.config["services"].values()
    service["variables"]["LOG_LEVEL"] = {"value": value}
    sandbox.railway.touch()
    sandbox.save()


def test_drift_opens_updates_and_closes_one_issue(deployed: Repository, github: SimulatedGitHub) -> None:
    """One issue for a stack, whatever night it is, and the state stays as it is."""
    state = (deployed.directory / ".sandbox" / "staging.json").read_text()
    calm = deployed.railyard("drift", "--issue", "--json", **github.variables)
    by_hand(deployed, "debug")
    drift = deployed.railyard("drift", "--issue", **github.variables)
    same = deployed.railyard("drift", "--issue", "--json", **github.variables)
    by_hand(deployed, "warn")
    other = deployed.railyard("drift", "--issue", "--json", **github.variables)
    by_hand(deployed, "info")
    gone = deployed.railyard("drift", "--issue", "--json", **github.variables)

    assert (calm.code, calm.json["drifted"], calm.json["issue"]) == (0, False, None)
    assert drift.code == 1
    assert 'variables.LOG_LEVEL: "info" → "debug"' in drift.text
    assert "issue created" in drift.text
    assert (same.json["issue"]["action"], other.json["issue"]["action"]) == ("unchanged", "updated")
    assert (gone.code, gone.json["issue"]["action"]) == (0, "closed")
    (issue,) = github.issues
    assert (issue["title"], issue["state"]) == ("Drift in staging", "closed")
    assert '-     variables.LOG_LEVEL: "info"\n+     variables.LOG_LEVEL: "warn"' in issue["body"]
    assert (deployed.directory / ".sandbox" / "staging.json").read_text() == state


def test_a_large_drift_is_cut_between_resources() -> None:
    """The code block is closed, what to do stands below it, and what was left out is counted."""
    properties = tuple(Property(path=f"variables.NAME_{at}", old="o" * 60, new="n" * 60) for at in range(20))
    changes = [
        Change(kind=Kind.UPDATE, urn=f"urn:{at}", type="railway:ServiceInstance", name=f"service-{at}",
               system="", component="", properties=properties)
        for at in range(90)
    ]  # fmt: skip

    text = body("staging", changes)

    assert len(text) < LONGEST_BODY
    assert text.count("```") == 2
    shown = text.count("  railway:ServiceInstance service-")
    assert 0 < shown < 90
    assert f"\nand {90 - shown} more: " in text.partition("```diff")[2].partition("```")[2]
    assert "This issue is closed when nothing differs any more." in text
