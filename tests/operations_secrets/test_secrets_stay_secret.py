"""No command about secrets shows or leaves one: neither as text nor as JSON, in the state nor in the request log."""

from __future__ import annotations

from typing import Any

import sops

SHORTEST = 8
"""Shorter values ("true", a port) stand in many places for other reasons."""
COMMANDS = (
    ("check", "--sandbox"),
    ("check", "--sandbox", "--json"),
    ("generate", "--sandbox"),
    ("set", "seance.STRIPE_SECRET_KEY", "--sandbox"),
    ("apply", "--preview"),
    ("apply", "--preview", "--json"),
    ("apply", "--yes"),
    ("apply", "--yes", "--json"),
)


def test_no_command_about_secrets_shows_one(up):
    """Old and new values, before and after they are applied, with and without the key."""
    key = {"SOPS_AGE_KEY_FILE": str(up.directory / "secrets" / "sandbox.agekey")}
    planted = _values(up.secrets, key)
    for system, name in (("seance", "BUILDER_KEY"), ("omnistack", "POSTGRES_PASSWORD"), ("rose", "GROQ_API_KEY")):
        up.change_secret(system, name, f"planted-new-{name.lower()}")
    planted |= _values(up.secrets, key)

    said = {command: up.railyard(*command, RAILYARD_SECRETS=str(up.secrets)) for command in COMMANDS}
    outcomes = {" ".join(command): outcome for command, outcome in said.items()}
    outcomes["preview"] = up.preview_without_key()

    texts = {command: outcome.text + outcome.errors for command, outcome in outcomes.items()}
    texts |= {
        path.name: path.read_text(errors="replace")
        for path in up.sandbox.iterdir()
        # The clouds themselves hold the variables of their services.
        if path.is_file() and path.name not in {"clouds.json", "spaces.jsonl"}
    }
    assert said["apply", "--yes"].code == 0
    assert {"requests.jsonl", "staging.json"} <= set(texts)
    assert [(where, value) for where, text in texts.items() for value in planted if value in text] == []
    assert [where for where, text in texts.items() if "Traceback" in text] == []


def _values(file, environment):
    groups: Any = sops.read(file, environment).decrypt()
    return {str(value) for group in groups.values() for value in group.values() if len(str(value)) >= SHORTEST}
