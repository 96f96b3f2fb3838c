"""What a preview says of secrets: everything that is wrong at once, and without the key still what has changed."""

from __future__ import annotations

from collections import Counter

import sops
from stacks.secrets import fingerprint
from tests.operations_secrets.conftest import GOOD
from tests.sops import encrypting


def updated(outcome) -> set[str]:
    return {step["urn"].rsplit("::", 1)[1] for step in outcome.json["steps"] if step["op"] == "update"}


def test_all_problems_stand_in_one_report(railyard):
    """Missing and malformed ones together, in how many systems, with commands that show no value."""
    railyard.change_secret("seance", "BUILDER_KEY", None)
    railyard.change_secret("rose", "GROQ_API_KEY", "")
    railyard.change_secret("omnistack", "SECRET_KEY", "planted-short")

    refused = railyard.run("preview", "-s", "staging")

    said = refused.text + refused.errors
    assert refused.code == 1
    assert "secrets/sandbox.yaml has 3 problems in 3 systems:" in said
    assert "Wrong secret: omnistack.SECRET_KEY has 13 bytes" in said
    assert "sops set --value-stdin" in said
    assert "planted-short" not in said


def test_an_unused_key_is_a_warning(railyard):
    """It is named, its value is not, and the preview goes on."""
    railyard.change_secret("seance", "STRIPE_SECRT_KEY", "planted-misspelt")
    railyard.change_secret("saence", "STRIPE_SECRET_KEY", "planted-misspelt")

    said = railyard.json("preview", "-s", "staging")

    warnings = [item["message"] for item in said.json["diagnostics"] if item["severity"] == "warning"]
    assert ["seance.STRIPE_SECRT_KEY" in warnings[0], "saence" in warnings[1], len(warnings)] == [True, True, 2]
    assert "planted" not in said.text


def test_without_the_key_what_did_not_change_shows_no_change(up):
    """Unknown values do not look like changes."""
    assert up.preview_without_key().operations() == Counter()


def test_without_the_key_a_changed_secret_shows_in_the_outputs(up):
    """Its fingerprint differs, and no other one."""
    before = up.preview_without_key().json["outputs"]["secretFingerprints"]
    up.change_secret("seance", "BUILDER_KEY", "planted-builder-key-2")

    preview = up.preview_without_key()

    after = preview.json["outputs"]["secretFingerprints"]
    assert {
        f"{system}.{name}" for system, names in after.items() for name in names if before[system][name] != names[name]
    } == {"seance.BUILDER_KEY"}
    assert preview.operations() == Counter()


def test_without_the_key_but_with_the_file_of_before_its_services_show(up, tmp_path):
    """Exactly those that read it, with unknown values; other settings show as ever."""
    before = tmp_path / "before.yaml"
    before.write_bytes(up.secrets.read_bytes())
    up.change_secret("omnistack", "POSTGRES_PASSWORD", "planted-postgres-pw-2")
    up.change("staging", "logLevel: debug", "logLevel: info")

    preview = up.preview_without_key(RAILYARD_SECRETS_BEFORE=str(before))

    with_key = up.json("preview", "-s", "staging")
    assert updated(preview) == updated(with_key)
    assert updated(preview) == {
        "omega-bot-instance",
        *(f"omnistack-{name}-instance" for name in ("api", "postgres", "worker")),
    }
    assert "planted" not in preview.text


def test_without_the_key_an_up_is_refused(railyard):
    """Unknown values are for previews alone."""
    (railyard.directory / "secrets" / "sandbox.agekey").unlink()

    refused = railyard.run("up", "-s", "staging")

    assert refused.code == 1
    assert "no age key" in refused.text + refused.errors


def test_fingerprints_say_nothing_of_values(place):
    """The same value written twice has two fingerprints; a value in clear has none."""
    found = set()
    for _ in range(2):
        place.hold(GOOD)
        found.add(fingerprint(sops.read(place.file), "seance", "BUILDER_KEY"))
    assert len(found) == 2

    encrypting.write(place.file, encrypting.encrypted({"seance": {"BUILDER_KEY_unencrypted": "planted"}}))
    assert fingerprint(sops.read(place.file), "seance", "BUILDER_KEY_unencrypted") == "not encrypted"
