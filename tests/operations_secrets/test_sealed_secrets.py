"""Sealed secrets, from the settings to the simulated Railway: what is sealed there, and that it can still change."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from railway_sandbox.server import Sandbox
from railyard.shared.stack import OperationError, read_stack

OMNISTACK = ("-s", "staging", "--system", "omnistack")


def seal(checkout: Any, *names: str) -> None:
    settings = checkout.settings()
    settings["config"]["railyard:omnistack"]["sealed"] = [*names]
    checkout.write_settings(settings)


def sealed_at_railway(directory: Path) -> set[str]:
    """``service.VARIABLE`` of each sealed variable."""
    state = Sandbox(directory).railway.state
    return {
        f"{state.services[service_id].name}.{name}"
        for environment in state.environments.values()
        for service_id, settings in environment.config.get("services", {}).items()
        for name, entry in settings.get("variables", {}).items()
        if entry.get("isSealed")
    }


def test_a_secret_is_sealed_wherever_it_stands_and_can_still_be_rotated(up):
    """Alone and inside an address, afterwards nothing is drift, and a new value is applied in one deployment."""
    seal(up, "POSTGRES_PASSWORD", "RESEND_API_KEY")

    up.json("up", *OMNISTACK)

    assert sealed_at_railway(up.sandbox) == {
        "postgres.POSTGRES_PASSWORD",
        *(f"{name}.{variable}" for name in ("api", "worker") for variable in ("DATABASE_URL", "RESEND_API_KEY")),
    }
    assert up.json("refresh", *OMNISTACK).operations() == Counter()
    assert up.json("preview", *OMNISTACK).operations() == Counter()

    before = up.world()["deployments"]
    up.change_secret("omnistack", "POSTGRES_PASSWORD", "planted-postgres-pw-2")
    assert up.railyard("apply", "--yes").code == 0
    after = up.world()["deployments"]
    assert sorted(name for name in after if after[name] != before[name]) == [
        f"omnistack-staging/{name}" for name in ("api", "postgres", "worker")
    ]
    assert set(after.values()) == {1, 2}
    assert b"planted-postgres-pw-2" in (up.sandbox / "clouds.sqlite3").read_bytes()
    assert up.json("preview", *OMNISTACK).operations() == Counter()


def test_only_secrets_of_the_system_can_be_sealed(place):
    """A misspelt name is refused with the line and the nearest one."""
    file = place.directory / "Pulumi.staging.yaml"
    file.write_text(
        file.read_text().replace("  railyard:omnistack:\n", "  railyard:omnistack:\n    sealed: [POSTGRES_PASSWRD]\n")
    )

    with pytest.raises(OperationError) as refused:
        read_stack("staging")

    assert "railyard:omnistack.sealed[0]" in str(refused.value)
    assert "did you mean POSTGRES_PASSWORD?" in str(refused.value)
