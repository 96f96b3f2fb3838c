"""The sandbox's own secrets file."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
import yaml

import sops

SECRETS = Path(__file__).parents[2] / "secrets"
ENVIRONMENT = {"SOPS_AGE_KEY_FILE": str(SECRETS / "sandbox.agekey")}
SYSTEMS = ["omega", "seance", "omnistack", "netia", "rose"]


def test_committed_key_opens_the_sandbox() -> None:
    """Whoever clones the repository can open the sandbox's secrets, in one section for each system."""
    assert list(sops.read(SECRETS / "sandbox.yaml", ENVIRONMENT).decrypt()) == SYSTEMS


@pytest.mark.parametrize("system", SYSTEMS)
def test_values_are_plainly_made_up(system: str) -> None:
    """Every value of the sandbox, switches aside, says of itself that it is not real."""
    values = cast("dict[str, str]", sops.read(SECRETS / "sandbox.yaml", ENVIRONMENT).decrypt()[system])

    real = [key for key, value in values.items() if value not in ("true", "false") and "sandbox" not in value]
    assert [key for key in real if "example" not in values[key]] == []


def test_committed_key_says_what_it_protects() -> None:
    """The one key in the repository says that it protects nothing."""
    assert "opens only secrets/sandbox.yaml" in (SECRETS / "sandbox.agekey").read_text()


def test_committed_key_is_a_recipient_of_the_sandbox_alone() -> None:
    """No rule encrypts anything but sandbox.yaml for the committed key."""
    public = next(
        line.split()[-1] for line in (SECRETS / "sandbox.agekey").read_text().splitlines() if "# public key:" in line
    )
    rules = yaml.safe_load((SECRETS / ".sops.yaml").read_text())["creation_rules"]

    assert [rule["path_regex"] for rule in rules if public in rule["age"]] == [r"(^|/)sandbox\.yaml$"]
    assert [
        path.name for path in SECRETS.glob("[!.]*.yaml") if path.stem != "sandbox" and public in path.read_text()
    ] == []
