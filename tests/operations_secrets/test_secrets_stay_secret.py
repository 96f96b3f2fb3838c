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
    key = _key(up)
    planted = _values(up.secrets, key)
    for system, name in (("seance", "BUILDER_KEY"), ("omnistack", "POSTGRES_PASSWORD"), ("omega", "DISCORD_BOT_TOKEN")):
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
        if path.is_file() and not path.name.startswith(("clouds.sqlite3", "spaces.jsonl"))
    }
    assert said["apply", "--yes"].code == 0
    assert {"requests.jsonl", "staging.json"} <= set(texts)
    assert [(where, value) for where, text in texts.items() for value in planted if value in text] == []
    assert [where for where, text in texts.items() if "Traceback" in text] == []


def test_a_mistake_in_the_program_does_not_show_the_secret_that_it_stumbled_over(railyard):
    """Neither the value that an exception quotes, nor the variables that are in scope."""
    (railyard.directory / "__main__.py").write_text(
        "import os\nimport sops\nfrom stacks import declared_secrets, load, secrets\n"
        "held = sops.read(os.environ['RAILYARD_SECRETS']).decrypt()\n"
        "found = secrets.read('', declared_secrets(load()), preview=True)\n"
        "found.systems['seance']['BUILDER_KEY'].apply(lambda value: int(value))\n"
        "found.systems['seance']['STRIPE_SECRET_KEY'].apply(lambda value: {}[value])\n"
    )

    failed = railyard.run("preview", "-s", "staging")

    said = failed.text + failed.errors
    assert failed.code == 1
    assert "[secret]" in said
    assert [value for value in _values(railyard.secrets, _key(railyard)) if value in said] == []


def _key(checkout):
    return {"SOPS_AGE_KEY_FILE": str(checkout.key)}


def _values(file, environment):
    groups: Any = sops.read(file, environment).decrypt()
    return {str(value) for group in groups.values() for value in group.values() if len(str(value)) >= SHORTEST}
