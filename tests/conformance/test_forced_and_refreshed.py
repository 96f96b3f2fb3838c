"""The engine compares and creates in ways of its own: what stays has to stay, and what goes has to go."""

from __future__ import annotations

from tests.conformance.test_changes_agree import SMALL
from tests.lifecycle.conftest import world

TWO_SYSTEMS = SMALL
OMEGA_ALONE = SMALL.partition("  railyard:rose:")[0]


def test_a_forced_replacement_keeps_what_it_takes_over(real):
    """``up --replace`` creates first: the create finds what runs, and the delete afterwards leaves it there."""
    settings = real.directory / "Pulumi.staging.yaml"
    settings.write_text(OMEGA_ALONE)
    real.operate("up")
    before = world(real.simulated)

    said = real.pulumi(
        "up", "--stack", "staging", "--replace", "**::omega-bot-instance", "--replace", "**::omega-project",
        "--yes", "--skip-preview",
    )  # fmt: skip

    kept = {line.partition(" is not deleted")[0].split()[-1] for line in said.splitlines() if "is not deleted" in line}
    assert kept == {real.ids()[urn] for urn in real.ids() if urn.endswith(("::omega-bot-instance", "::omega-project"))}
    assert world(real.simulated) == before
    assert real.operate("refresh") == ({}, {})


def test_a_service_that_runs_is_not_made_twice(real):
    """Nothing can be made beside it: the refusal says so, and does not send anybody to import it a second time."""
    (real.directory / "Pulumi.staging.yaml").write_text(OMEGA_ALONE)
    real.operate("up")
    before = world(real.simulated)

    said = real.pulumi(
        "up", "--stack", "staging", "--replace", "**::omega-bot-service", "--yes", "--skip-preview", fails=True
    )

    assert "do not import it: destroy it first" in said
    assert world(real.simulated) == before
    assert real.operate("up") == ({}, {})


def test_what_a_refresh_compared_goes_when_it_is_deleted(real):
    """``up --refresh`` without one of two systems, and ``destroy --refresh`` of the other: nothing is left anywhere."""
    settings = real.directory / "Pulumi.staging.yaml"
    settings.write_text(TWO_SYSTEMS)
    real.operate("up")
    real.unprotect()

    settings.write_text(OMEGA_ALONE)
    real.pulumi("up", "--stack", "staging", "--refresh", "--yes", "--skip-preview")
    assert world(real.simulated)["projects"] == ["omega-staging"]

    real.unprotect()  # the program has protected the volume anew
    real.pulumi("destroy", "--stack", "staging", "--refresh", "--yes", "--skip-preview")
    assert world(real.simulated)["projects"] == []
