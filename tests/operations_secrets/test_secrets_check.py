"""``railyard secrets check``: every rule, with its exit code and without a single value."""

from __future__ import annotations

import json
import re

import pytest
import yaml
from typer.testing import CliRunner

from railyard.application import application
from stacks.secret_rules import Secret, missing
from tests.operations_secrets.conftest import GOOD, without
from tests.sops import encrypting


def changed(key: str, value: object) -> dict:
    system, name = key.split(".")
    return {**GOOD, system: {**GOOD.get(system, {}), name: value}}


def test_a_good_file_is_in_order(place):
    """Names and values, and how many."""
    place.hold(GOOD)

    said = place.run("check")

    assert said.code == 0
    assert said.text == "secrets/staging.yaml: 13 secrets of staging, names and values are in order\n"


@pytest.mark.parametrize(
    ("values", "kind", "key", "text"),
    [
        (without(GOOD, "rose.GROQ_API_KEY"), "missing", "rose.GROQ_API_KEY", "Missing required"),
        (changed("rose.GROQ_API_KEY", ""), "missing", "rose.GROQ_API_KEY", "Missing required"),
        (changed("rose.GROQ_API_KEY", None), "missing", "rose.GROQ_API_KEY", "Missing required"),
        (changed("omega.TURSO_AUTH_TOKEN", "planted-turso"), "missing", "omega.TURSO_DATABASE_URL", "both or neither"),
        (changed("seance.STRIPE_SECRET_KEY", "planted"), "malformed", "seance.STRIPE_SECRET_KEY", "start with 'sk_'"),
        (changed("omnistack.SECRET_KEY", "planted"), "malformed", "omnistack.SECRET_KEY", "7 bytes and needs at least"),
        (changed("seance.BUILDER_KEY", ["planted-list"]), "malformed", "seance.BUILDER_KEY", "is a group or a list"),
    ],
)
def test_a_broken_rule_is_a_problem(place, values, kind, key, text):
    """Which key, what is wrong and the command that puts it right; never the value."""
    place.hold(values)

    said = place.run("check", "--json")

    assert said.code == 1
    (problem,) = said.json["problems"]
    assert (problem["kind"], problem["key"]) == (kind, key)
    assert text in problem["text"]
    assert key in problem["fix"]
    assert "planted" not in said.text


@pytest.mark.parametrize(("there", "lacks"), [("A", ["B"]), ("B", ["A"])])
def test_of_two_that_belong_together_one_may_say_so(there, lacks):
    """The one that is missing is reported, whichever of both names the other."""
    pair = (
        Secret(name="A", meaning="a", required=False, together_with="B"),
        Secret(name="B", meaning="b", required=False),
    )

    assert [each.name for each in missing({"shop": pair}, {"shop": [there]})] == lacks
    assert missing({"shop": pair}, {"shop": ["A", "B"]}) == missing({"shop": pair}, {}) == []


def test_everything_is_said_at_once_with_the_number_of_systems(place):
    """Names and values of several systems in one report."""
    place.hold(without(changed("seance.STRIPE_SECRET_KEY", "planted"), "rose.GROQ_API_KEY", "rose.QDRANT_URL"))

    assert "secrets/staging.yaml has 3 problems in 2 systems:" in place.run("check").text


@pytest.mark.parametrize(
    "extra", [{"seance": {**GOOD["seance"], "STRIPE_SECRT": "planted"}}, {"saence": {"A": "planted"}}]
)
def test_what_no_system_reads_is_a_warning(place, extra):
    """A misspelt key or group is named, and is no reason to fail."""
    place.hold({**GOOD, **extra})

    said = place.run("check", "--json")

    assert said.code == 0
    assert [warning["kind"] for warning in said.json["warnings"]] == ["unused"]
    assert "planted" not in said.text


def test_without_a_key_names_are_checked_and_that_is_said(place, monkeypatch):
    """A missing name is found; values are not claimed to be right."""
    monkeypatch.delenv("SOPS_AGE_KEY")
    place.hold(changed("seance.STRIPE_SECRET_KEY", "planted"))
    assert place.run("check", "--json").json["valuesChecked"] is False
    assert "only names were checked: no age key" in place.run("check").text

    place.hold(without(GOOD, "rose.GROQ_API_KEY"))
    assert place.run("check").code == 1


def test_a_key_of_somebody_else_is_a_problem_beside_the_names(place, monkeypatch):
    """Both the wrong key and the missing name are said."""
    place.hold(without(GOOD, "rose.GROQ_API_KEY"))
    monkeypatch.setenv("SOPS_AGE_KEY", encrypting.OTHER_KEY_FILE.read_text().split()[-1])

    said = place.run("check", "--json")

    assert said.code == 1
    assert [problem["kind"] for problem in said.json["problems"]] == ["wrong-key", "missing"]


def test_a_file_in_clear_is_a_problem(place):
    """It is not read any further."""
    place.file.write_text("seance:\n  STRIPE_SECRET_KEY: sk_planted\n")

    said = place.run("check", "--json")

    assert (said.code, [problem["kind"] for problem in said.json["problems"]]) == (1, ["not-encrypted"])
    assert "sk_planted" not in said.text


def test_a_changed_file_is_a_problem(place):
    """A value that SOPS did not write."""
    place.hold(GOOD)
    text = place.file.read_text()
    at = text.index("ENC[AES256_GCM,data:") + len("ENC[AES256_GCM,data:")
    place.file.write_text(text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :])

    assert [problem["kind"] for problem in place.run("check", "--json").json["problems"]] == ["tampered"]


@pytest.mark.parametrize(
    ("change", "kind", "text"),
    [
        (lambda text: re.sub(' *"mac":.*\n', "", text), "tampered", "no message authentication code"),
        (lambda text: text.replace("AES256_GCM", "AES256_CBC", 1), "tampered", "wrote at omega.DISCORD_BOT_TOKEN"),
        (lambda text: f"<<<<<<< HEAD\n{text}", "invalid", "line 1: holds a merge conflict"),
        (lambda text: "", "invalid", "is empty"),
        (lambda text: text.replace('"omega"', '"omega":"planted","omega"'), "invalid", "'omega' a second time"),
        (lambda text: re.sub(' *"recipient":.*\n', "", text), "invalid", "sops.age.0.recipient"),
    ],
)
def test_damage_shows_without_a_key(place, monkeypatch, change, kind, text):
    """Whatever can be seen is said, and the check fails."""
    monkeypatch.delenv("SOPS_AGE_KEY")
    place.hold(GOOD)
    place.file.write_text(change(place.file.read_text()))

    said = place.run("check", "--json")

    assert said.code == 1
    (problem,) = said.json["problems"]
    assert (problem["kind"], text in problem["text"]) == (kind, True), problem
    assert "planted" not in said.text


def test_a_key_service_without_access_is_like_no_key(place):
    """Names are checked, and which key it takes is said."""
    encrypting.write(place.file, encrypting.encrypted(GOOD, age=[], kms=[{"arn": "arn:aws:kms:…"}]))

    said = place.run("check")

    assert said.code == 0
    assert "only names were checked: secrets/staging.yaml is encrypted for keys of AWS KMS" in said.text


def test_no_file_leads_to_init(place):
    """The next command is named."""
    said = place.run("check")

    assert said.code == 1
    assert "./bin/railyard secrets init -s staging" in said.text


def test_another_stack_than_there_is_is_a_wrong_call(place):
    """As text and as JSON, without a traceback."""
    assert place.run("check", "-s", "stageing").code == 2
    assert place.run("check", "-s", "stageing", "--json").json == {
        "error": "there is no stack 'stageing': name one of production, staging"
    }
    assert place.run("check", "--bogus").code == 2


def test_the_settings_decide_what_is_needed(place):
    """A system that is not in the stack needs nothing, and its group is unused."""
    file = place.directory / "Pulumi.staging.yaml"
    text = file.read_text()
    start = text.index("  railyard:rose:")
    file.write_text(text[:start])
    place.hold(GOOD)

    said = place.run("check", "--json")

    assert (said.code, said.json["secrets"]) == (0, 9)
    assert ["rose" in warning["text"] for warning in said.json["warnings"]] == [True]


def test_the_sandbox_is_in_order():
    """The committed file holds what both stacks need."""
    for stack in ("staging", "production"):
        done = CliRunner().invoke(application, ["secrets", "check", "--sandbox", "-s", stack, "--json"])
        assert done.exit_code == 0, done.output
        assert '"warnings": []' in done.output


FORGED = "x\n::error::forged\x1b[31m\u202e"
SPELLED_OUT = r"x\n::error::forged\x1b[31m\u202e"


@pytest.mark.parametrize(
    ("values", "said_of_it"),
    [
        ({**GOOD, FORGED: {"a": "planted"}}, "Unused group of secrets: "),
        (changed(f"omega.{FORGED}", "planted"), "Unused secret: omega."),
    ],
)
def test_a_name_forges_no_line_of_a_log(place, values, said_of_it):
    """Names are a stranger's words in a pull request: none ends its line or moves the cursor."""
    place.hold(values)

    said = place.run("check")

    assert said_of_it + SPELLED_OUT in said.text
    assert all(each.isprintable() for line in said.text.split("\n") for each in line)


def test_a_name_in_an_error_of_the_reader_forges_none_either(place):
    """A value in clear text is refused with the name under which it stands."""
    place.hold(GOOD)
    written = yaml.safe_load(place.file.read_text())
    place.file.write_text(json.dumps({FORGED: "planted", **written}))

    said = place.run("check")

    assert said.code == 1
    assert SPELLED_OUT in said.text
    assert "planted" not in said.text


def test_a_secret_of_two_stacks_is_found(place):
    """One Discord token or generated password in two stacks is a problem, another key a warning; no value is told."""
    other = {system: {name: f"{value}-2" for name, value in group.items()} for system, group in GOOD.items()}
    other["netia"]["REDIS_PASSWORD"] = "planted-redis-pass-3"
    other["omega"]["DISCORD_BOT_TOKEN"] = GOOD["omega"]["DISCORD_BOT_TOKEN"]
    other["netia"]["POSTGRES_PASSWORD"] = GOOD["netia"]["POSTGRES_PASSWORD"]
    other["rose"]["GROQ_API_KEY"] = GOOD["rose"]["GROQ_API_KEY"]
    place.hold(GOOD)
    encrypting.write(place.file.with_name("production.yaml"), encrypting.encrypted(other))

    said = place.run("check", "--json")

    assert said.code == 1
    problems = {problem["key"]: problem["text"] for problem in said.json["problems"]}
    assert list(problems) == ["omega.DISCORD_BOT_TOKEN", "netia.POSTGRES_PASSWORD"]
    assert "is that of production, too: two gateways answer every message twice" in problems["omega.DISCORD_BOT_TOKEN"]
    assert [(warning["kind"], warning["key"]) for warning in said.json["warnings"]] == [("shared", "rose.GROQ_API_KEY")]
    assert "planted" not in said.text


def test_stacks_that_share_nothing_are_in_order(place):
    """Without the other stack's file, or with values of its own there, nothing is said."""
    place.hold(GOOD)
    assert place.run("check").code == 0

    other = {system: {name: f"{value}-2" for name, value in group.items()} for system, group in GOOD.items()}
    encrypting.write(place.file.with_name("production.yaml"), encrypting.encrypted(other))
    assert (place.run("check").code, "Same secret" in place.run("check").text) == (0, False)
