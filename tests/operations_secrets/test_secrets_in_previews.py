"""What a preview says of secrets: everything that is wrong at once, and without the key still what has changed."""

from __future__ import annotations

from collections import Counter

import pytest

import sops
from railyard.shared.stack import read_stack
from stacks.secrets import Secret, SecretsError, fingerprint, read
from tests.lifecycle.conftest import ROOT
from tests.operations_secrets import sops_files
from tests.operations_secrets.conftest import GOOD
from tests.programs import event_loop
from tests.sops import encrypting


def changes(outcome) -> dict[str, list[str]]:
    return {
        step["urn"].rsplit("::", 1)[1]: sorted(step["detailedDiff"])
        for step in outcome.json["steps"]
        if step["op"] == "update"
    }


def test_all_problems_stand_in_one_report(railyard):
    """Missing and malformed ones together, in how many systems, with commands that show no value."""
    railyard.change_secret("seance", "BUILDER_KEY", None)
    railyard.change_secret("omega", "DISCORD_BOT_TOKEN", "")
    railyard.change_secret("omnistack", "SECRET_KEY", "planted-short")

    refused = railyard.run("preview", "-s", "staging")

    said = refused.text + refused.errors
    assert refused.code == 1
    assert "secrets/sandbox.yaml has 3 problems in 3 systems:" in said
    assert "Wrong secret: omnistack.SECRET_KEY has 13 bytes" in said
    assert "make one: ./bin/railyard secrets generate -s staging seance.BUILDER_KEY --sandbox" in said
    assert "set it: ./bin/railyard secrets set -s staging omega.DISCORD_BOT_TOKEN --sandbox" in said
    assert "planted-short" not in said


def test_an_unused_key_is_a_warning(railyard):
    """It is named, its value is not, and the preview goes on."""
    railyard.change_secret("seance", "STRIPE_SECRT_KEY", "planted-misspelt")
    railyard.change_secret("saence", "STRIPE_SECRET_KEY", "planted-misspelt")

    said = railyard.json("preview", "-s", "staging")

    warnings = [item["message"] for item in said.json["diagnostics"] if item["severity"] == "warning"]
    # The sandbox's file may hold groups of systems that were removed.
    assert ["seance.STRIPE_SECRT_KEY" in warnings[0], len(warnings)] == [True, 1]
    assert "planted" not in said.text


def test_without_the_key_what_did_not_change_shows_no_change(up):
    """Unknown values do not look like changes."""
    assert up.preview_without_key().operations() == Counter()


def test_without_the_key_a_changed_secret_shows_with_its_services(up):
    """Exactly those that read it, as with the key: changed, new, and taken away; other settings show as ever."""
    up.change_secret("omnistack", "POSTGRES_PASSWORD", "planted-postgres-pw-2")
    up.change_secret("seance", "OPENAI_API_KEY", "sk-planted-openai")
    up.change_secret("omega", "TURSO_DATABASE_URL", None)
    up.change_secret("omega", "TURSO_AUTH_TOKEN", None)
    up.change("staging", "logLevel: debug", "logLevel: info")

    preview, with_key = up.preview_without_key(), up.json("preview", "-s", "staging")

    assert changes(preview) == changes(with_key)
    assert set(changes(preview)) == {
        "omega-bot-instance",
        "seance-litellm-instance",
        *(f"omnistack-{name}-instance" for name in ("api", "postgres", "worker")),
    }
    assert changes(preview)["omnistack-api-instance"] == ["variables.DATABASE_URL"]
    assert preview.json["outputs"]["secretFingerprints"] == "[secret]"
    assert "planted" not in preview.text


def test_a_fork_without_key_and_state_compares_two_commits_in_the_sandbox(railyard):
    """Made-up values stand in for those of staging's own file; a changed ciphertext is a changed variable."""
    foreign = railyard.directory / "secrets" / "staging.yaml"
    encrypting.write(foreign, encrypting.encrypted(GOOD))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(railyard.directory / "nowhere"))
        patch.setenv("RAILYARD_SECRETS_STANDINS", "1")
        railyard.json("up", "-s", "staging", "--system", "omnistack")
        assert railyard.json("preview", "-s", "staging", "--system", "omnistack").operations() == Counter()
        sops_files.change(foreign, encrypting.KEY_FILE, "omnistack", "SECRET_KEY", "planted-" * 8)

        preview = railyard.json("preview", "-s", "staging", "--system", "omnistack")

    assert changes(preview) == {f"omnistack-{name}-instance": ["variables.SECRET_KEY"] for name in ("api", "worker")}
    said = preview.text + "".join(path.read_text(errors="replace") for path in railyard.sandbox.glob("*.json*"))
    assert "planted" not in said


@pytest.fixture
def loop():
    """The event loop that values of a program live in."""
    with event_loop():
        yield


@pytest.mark.usefixtures("loop")
def test_a_system_that_the_sandboxs_file_does_not_know_gets_made_up_secrets(monkeypatch):
    """Nobody needs sops to try a system of their own; a real account, and a file of a stack, still miss them."""
    declared = {
        "notes": (Secret(name="KEY", meaning="a key", prefix="sk-"), Secret(name="B", meaning="b", required=False))
    }
    monkeypatch.setenv("RAILYARD_SECRETS", str(ROOT / "secrets" / "sandbox.yaml"))
    monkeypatch.setenv("SOPS_AGE_KEY_FILE", str(ROOT / "secrets" / "sandbox.agekey"))
    monkeypatch.setenv("RAILWAY_API_URL", "http://127.0.0.1:9/graphql/v2")

    assert list(read("unused", declared, preview=False).systems["notes"].values) == ["KEY"]

    monkeypatch.setenv("RAILWAY_API_URL", "https://backboard.railway.com/graphql/v2")
    with pytest.raises(SecretsError, match=r"notes\.KEY.*\n.*railyard secrets set .* notes\.KEY"):
        read("unused", declared, preview=False)
    monkeypatch.setenv("RAILWAY_API_URL", "http://127.0.0.1:9/graphql/v2")
    monkeypatch.delenv("RAILYARD_SECRETS")
    with pytest.raises(SecretsError, match=r"notes\.KEY"):
        read(str(ROOT / "secrets" / "sandbox.yaml"), declared, preview=False)


@pytest.mark.usefixtures("loop")
def test_what_follows_from_two_secrets_changes_with_each_of_them(place, monkeypatch):
    """An address with the passwords of two servers, in a preview without the key: it is no longer the same."""
    pair = [Secret(name=name, meaning="a password", also_sets=("PEERS", f"{name}_URL")) for name in ("A", "B")]
    place.hold({"notes": {"A": "planted-a", "B": "planted-b"}})
    before = {name: fingerprint(sops.read(place.file), "notes", name) for name in ("A", "B")}
    monkeypatch.setattr("stacks.secrets.previous_output", lambda _: {"notes": {**before, "B": "another"}})
    monkeypatch.delenv("SOPS_AGE_KEY")

    secrets = read(str(place.file), {"notes": pair}, preview=True)

    assert secrets.systems["notes"].unknown_variables == {"A", "A_URL"}


def test_made_up_values_never_reach_a_real_account(monkeypatch):
    """Nor what is not on this machine."""
    monkeypatch.setenv("RAILYARD_SECRETS_STANDINS", "1")
    monkeypatch.setenv("RAILYARD_SECRETS", str(ROOT / "secrets" / "sandbox.yaml"))
    declared = read_stack("staging").declared
    for address in ("", "https://backboard.railway.com/graphql/v2"):
        monkeypatch.setenv("RAILWAY_API_URL", address)
        with pytest.raises(SecretsError, match="for the sandbox alone"):
            read("unused", declared, preview=False)


def test_every_made_up_value_keeps_the_rule_of_its_secret():
    """Or the program would refuse it."""
    for needed in read_stack("production").declared.values():
        for secret in needed:
            assert secret.problem(secret.standin("ENC[one]")) is None
            assert secret.one_of or secret.standin("ENC[one]") != secret.standin("ENC[two]")


def test_a_preview_without_access_to_the_key_service_works_too(railyard):
    """Of a file for AWS KMS, where the program is not or nobody has signed in; it says what it does not know."""
    encrypting.write(railyard.secrets, encrypting.encrypted(GOOD, age=[], kms=[{"arn": "arn:aws:kms:…"}]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", "/nowhere")
        preview = railyard.json("preview", "-s", "staging", "--system", "seance")

    assert preview.code == 0
    assert "values of secrets are unknown here" in preview.text + preview.errors
    assert "planted" not in preview.text + preview.errors


def test_without_the_key_an_up_is_refused(railyard):
    """Unknown values are for previews alone."""
    railyard.key.unlink()

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
