"""Secrets stay secret: in the state, the request log, and everything that a command prints."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import sops
from tests.lifecycle.conftest import with_copy_of

ROOT = Path(__file__).parents[2]
SHORTEST = 8
"""Shorter values ("true", a port) stand in many places for other reasons."""


@pytest.fixture(scope="module")
def planted() -> list[str]:
    """Every secret value of the sandbox's SOPS file."""
    keys = {**os.environ, "SOPS_AGE_KEY_FILE": str(ROOT / "secrets" / "sandbox.agekey")}
    sections = sops.read(ROOT / "secrets" / "sandbox.yaml", keys).decrypt()
    values = [str(value) for section in sections.values() if isinstance(section, dict) for value in section.values()]
    return [value for value in values if len(value) >= SHORTEST]


def test_no_command_writes_or_prints_a_secret(from_nothing, tmp_path, planted):
    """Preview, up (as text and as JSON), refresh and destroy leave no secret value behind."""
    first = from_nothing("production")
    checkout = with_copy_of(first.checkout, tmp_path / "railyard", requests=True)
    checkout.change("production", "commit: a1b2c3d", "commit: b2c3d4e")
    said = [checkout.run(command, "-s", "production") for command in ("preview", "up", "refresh", "destroy")]
    said += [first.preview, first.up, first.again]
    texts = {f"output {index}": outcome.text + outcome.errors for index, outcome in enumerate(said)}
    texts |= {
        path.name: path.read_text(errors="replace")
        for path in checkout.sandbox.iterdir()
        # The clouds themselves hold the variables of their services.
        if path.is_file() and not path.name.startswith(("clouds.sqlite3", "spaces.jsonl"))
    }

    assert {"requests.jsonl", "production.json"} <= set(texts)
    assert [(where, value) for where, text in texts.items() for value in planted if value in text] == []


def test_a_deployment_that_fails_shows_its_log_without_secrets(staging, planted):
    """What a crashing process printed is quoted in the error, with the values of its variables replaced."""
    staging.change("staging", "commit: a1b2c3d", "commit: bad0bad")
    staging.break_image("fractalhuman1/seance-backend:bad0bad", "crash")

    failed = staging.run("up", "-s", "staging")

    assert failed.code == 1
    assert "seance-backend-instance" in failed.text
    assert "lines of its deployment log" in failed.text
    assert "Traceback" not in failed.text + failed.errors
    assert [value for value in planted if value in failed.text + failed.errors] == []
