"""``railyard secrets init``: who can open the file, and every key that it needs."""

from __future__ import annotations

import pytest
import yaml

from railyard.shared.stack import read_stack
from tests.operations_secrets.conftest import GOOD, RECIPIENT, without
from tests.sops import encrypting

SANDBOX = "age1khcxm6ez3sav7nzzem75z5jzn6djd5ef9v6vkwgwu0e0d0azjuks3qwpxe"


def declared():
    return {system: [secret.name for secret in needed] for system, needed in read_stack("staging").declared.items()}


def test_without_the_program_a_skeleton_and_one_command(place):
    """Every key of every system, empty and explained; git ignores the file; the command names rules and target."""
    said = place.run("init", "--age", RECIPIENT)

    skeleton = place.directory / "secrets" / "staging.skeleton.yaml"
    assert said.code == 0
    assert {system: list(keys) for system, keys in yaml.safe_load(skeleton.read_text()).items()} == declared()
    assert {value for keys in yaml.safe_load(skeleton.read_text()).values() for value in keys.values()} == {""}
    assert "# token of the bot, from the Discord developer portal\n    DISCORD_BOT_TOKEN" in skeleton.read_text()
    assert "sops --config secrets/.sops.yaml encrypt --filename-override secrets/staging.yaml" in said.text
    assert not place.file.exists()


def test_with_the_program_the_file_is_there_and_nothing_lies_in_clear(place, sops_calls):
    """The skeleton is gone, the file is encrypted, and a check names what is still to be filled in."""
    assert place.run("init", "--age", RECIPIENT).code == 0

    assert sorted(path.name for path in place.file.parent.glob("staging*")) == ["staging.yaml"]
    assert {system: list(keys) for system, keys in place.values().items()} == declared()
    assert "13 problems in 5 systems" in place.run("check").text


def test_the_rule_comes_first_and_others_stay(place):
    """The stack's rule is added with its recipients; comments and other rules are as before."""
    rules = place.file.parent / ".sops.yaml"
    before = rules.read_text()

    place.run("init", "--age", RECIPIENT)

    first, *others = yaml.safe_load(rules.read_text())["creation_rules"]
    assert first == {"path_regex": r"(^|/)staging\.yaml$", "age": RECIPIENT}
    assert others == yaml.safe_load(before)["creation_rules"]
    assert all(line in rules.read_text() for line in before.splitlines())


def test_a_rule_that_is_there_needs_no_recipient(place):
    """Who has written a rule is not asked again."""
    rules = place.file.parent / ".sops.yaml"
    text = f"creation_rules:\n- path_regex: staging\n  age: {RECIPIENT}\n"
    rules.write_text(text)

    assert place.run("init").code == 0
    assert rules.read_text() == text


def test_a_file_that_exists_is_left_alone_and_what_is_missing_listed(place):
    """Not a byte changes."""
    place.hold(without(GOOD, "seance.BUILDER_KEY"))
    before = place.file.read_bytes()

    said = place.run("init", "--age", RECIPIENT)

    assert said.code == 1
    assert "Missing required secret: seance.BUILDER_KEY" in said.text
    assert "1 secret missing" in said.text
    assert place.file.read_bytes() == before


def test_a_filled_in_skeleton_is_not_overwritten(place):
    """It may hold what somebody has typed."""
    place.run("init", "--age", RECIPIENT)
    skeleton = place.directory / "secrets" / "staging.skeleton.yaml"
    skeleton.write_text("omega: {DISCORD_BOT_TOKEN: typed}\n")

    said = place.run("init")

    assert said.code == 1
    assert "encrypt it, or remove it" in said.text
    assert "typed" in skeleton.read_text()


@pytest.mark.parametrize(
    ("recipient", "why"),
    [
        ("", "no rule yet"),
        (encrypting.KEY, "secret age key"),
        (SANDBOX, "sandbox's key"),
        ("age1x", "not a public age"),
    ],
)
def test_a_recipient_that_will_not_do_is_a_wrong_call(place, recipient, why):
    """None, a secret key, the committed one, or no key at all; nothing is written and no secret key repeated."""
    said = place.run("init", *(["--age", recipient] if recipient else []))

    assert said.code == 2
    assert why in said.text
    assert encrypting.KEY not in said.text
    assert sorted(path.name for path in place.file.parent.iterdir()) == [".sops.yaml", "sandbox.agekey"]


def test_a_key_that_an_existing_rule_does_not_name_is_not_passed_over(place):
    """Whoever gives a key expects to open the file with it."""
    rules = place.file.parent / ".sops.yaml"
    rules.write_text(f"creation_rules:\n- path_regex: staging\n  age: {SANDBOX}\n")

    said = place.run("init", "--age", RECIPIENT)

    assert (said.code, "has a rule for staging.yaml already" in said.text) == (2, True)
    assert not place.file.exists()


def test_a_program_that_fails_leaves_what_its_command_needs(place, sops_calls):
    """The command that shows why can be called as it is printed, and no half of a file is there."""
    (sops_calls.parent / "sops").write_text('#!/bin/sh\nprintf half > "$7"\nexit 1\n')

    said = place.run("init", "--age", RECIPIENT)

    assert (said.code, "this shows why:\n  sops --config secrets/.sops.yaml encrypt" in said.text) == (1, True)
    assert sorted(path.name for path in place.file.parent.glob("*staging*")) == ["staging.skeleton.yaml"]


@pytest.mark.parametrize(
    ("rules", "text"),
    [
        (b"creation_rules:\n- path_regex: '('\n  age: a\n", "a path_regex is not a valid regular expression"),
        (b"\xff\xfe", "is not valid UTF-8"),
        (b"creation_rules: [", "is not valid YAML"),
    ],
)
def test_damaged_rules_are_said(place, rules, text):
    """With their file, and without a traceback."""
    (place.file.parent / ".sops.yaml").write_bytes(rules)

    said = place.run("init", "--age", RECIPIENT)

    assert (said.code, text in said.text, "secrets/.sops.yaml" in said.text) == (1, True, True)


def test_a_place_that_cannot_hold_the_file_is_said(place, monkeypatch):
    """A folder that is not there, and a name that YAML would not be read by."""
    monkeypatch.setenv("RAILYARD_SECRETS", "absent/staging.yaml")
    said = place.run("init", "--age", RECIPIENT, "--json")
    assert (said.code, "absent/.sops.yaml: No such file" in said.json["error"]) == (1, True)

    monkeypatch.setenv("RAILYARD_SECRETS", "secrets/staging.json")
    assert "its name has to end in .yaml" in place.run("init", "--age", RECIPIENT).text
