"""``railyard secrets generate`` and ``set``: what is stored, and that nobody sees it on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from railyard.engine.engine import code_of
from railyard.shared.stack import read_stack
from stacks.secret_rules import CHARACTERS
from tests.lifecycle.conftest import ROOT
from tests.operations_secrets.conftest import GOOD, RECIPIENT, without
from tests.sops import real_program

MADE = {
    "seance.BUILDER_KEY",
    "omnistack.SECRET_KEY",
    "omnistack.POSTGRES_PASSWORD",
    "omnistack.REDIS_PASSWORD",
    "netia.SECRET_KEY_BASE",
    "netia.POSTGRES_PASSWORD",
}
OPTIONAL = {"seance.LITELLM_MASTER_KEY", "netia.REDIS_PASSWORD"}


def test_each_generated_value_keeps_the_rule_of_its_secret():
    """Long enough, with its prefix, of its alphabet, and another one each time."""
    generated = {
        f"{system}.{secret.name}": secret
        for system, needed in read_stack("production").declared.items()
        for secret in needed
        if secret.generated
    }

    assert set(generated) == MADE | OPTIONAL
    for secret in generated.values():
        assert secret.generated is not None
        value = secret.generate()
        assert secret.problem(value) is None
        assert value.startswith(secret.prefix)
        assert set(value.removeprefix(secret.prefix)) <= set(CHARACTERS[secret.generated.alphabet])
        assert len(value) >= 32
        assert value != secret.generate()


def test_generate_makes_what_is_required_and_missing(place, sops_calls):
    """No more than that; what is there keeps its value, and what is optional is not made unasked."""
    place.hold(without(GOOD, "seance.BUILDER_KEY", "omnistack.REDIS_PASSWORD"))

    said = place.run("generate", "--json")

    assert said.json["made"] == ["seance.BUILDER_KEY", "omnistack.REDIS_PASSWORD"]
    assert without(place.values(), "seance.BUILDER_KEY", "omnistack.REDIS_PASSWORD") == without(
        GOOD, "seance.BUILDER_KEY", "omnistack.REDIS_PASSWORD"
    )
    assert place.run("check").code == 0
    assert "nothing to make" in place.run("generate").text


def test_no_value_stands_in_the_output_or_a_command_line(place, sops_calls):
    """Generated and typed values go through standard input alone."""
    place.hold(without(GOOD, *MADE))

    said = [place.run("generate"), place.run("generate", "seance.LITELLM_MASTER_KEY", "--json")]
    said.append(place.run("set", "rose.GROQ_API_KEY", given="typed-groq-key\n"))
    after = place.values()

    assert [each.code for each in said] == [0, 0, 0]
    assert after["rose"]["GROQ_API_KEY"] == "typed-groq-key"
    written = [
        value for system, keys in after.items() for name, value in keys.items() if GOOD[system].get(name) != value
    ]
    assert len(written) == len(MADE) + 2
    seen = "".join(each.text for each in said) + sops_calls.read_text()
    assert [value for value in written if value in seen] == []


def test_a_named_secret_is_made_anew_only_when_asked(place, sops_calls):
    """A value that is in use is not lost by a command typed twice."""
    place.hold(GOOD)

    refused = place.run("generate", "seance.BUILDER_KEY")
    assert (refused.code, "--replace" in refused.text) == (1, True)
    assert place.values() == GOOD

    assert place.run("generate", "seance.BUILDER_KEY", "--replace").code == 0
    assert place.values()["seance"]["BUILDER_KEY"] != GOOD["seance"]["BUILDER_KEY"]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["generate", "seance.STRIPE_SECRET_KEY"], "secrets set -s staging seance.STRIPE_SECRET_KEY"),
        (["generate", "seance.BUILDERKEY"], "did you mean seance.BUILDER_KEY?"),
        (["generate", "--replace"], "--replace needs the names"),
        (["set", "nothing"], "no system of staging reads a secret nothing"),
        (["set"], "Missing argument"),
    ],
)
def test_a_wrong_call_says_what_would_be_right(place, arguments, text):
    """Nothing is asked of any program."""
    place.hold(GOOD)

    said = place.run(*arguments)

    assert said.code == 2
    assert text in said.text


def test_a_value_that_breaks_a_rule_is_not_stored(place, sops_calls):
    """It is refused before the program is asked, and not repeated."""
    place.hold(GOOD)

    said = place.run("set", "seance.STRIPE_SECRET_KEY", given="typed-wrong\n")

    assert said.code == 1
    assert "does not start with 'sk_'" in said.text
    assert "typed-wrong" not in said.text
    assert not sops_calls.exists()


@pytest.mark.parametrize("given", [b"gsk_\xff\n", b"gsk_\0\n", b" \t\n", b""])
def test_what_no_variable_can_hold_is_not_stored(place, sops_calls, given):
    """Bytes that are no text, a zero byte, blanks, nothing: refused without a traceback."""
    place.hold(GOOD)

    said = place.run("set", "rose.GROQ_API_KEY", given=given)

    assert said.code == 1
    assert "nothing was changed" in said.text
    assert not sops_calls.exists()


@pytest.mark.parametrize("end", ["exit 1", "kill -9 $$"])
def test_a_program_that_is_interrupted_leaves_the_file_whole(place, sops_calls, end):
    """The real one empties a file before it writes; it does so in a copy, of which nothing stays."""
    place.hold(GOOD)
    before, names = place.file.read_bytes(), sorted(place.file.parent.iterdir())
    _replace_program(sops_calls, f'printf half > "$3"\n{end}')

    said = place.run("set", "rose.GROQ_API_KEY", given="typed\n")

    assert (said.code, "nothing was changed" in said.text) == (1, True)
    assert place.file.read_bytes() == before
    assert sorted(place.file.parent.iterdir()) == names


def test_a_command_that_is_killed_leaves_the_file_whole(place, sops_calls):
    """Together with the program, in the middle of its writing."""
    place.hold(GOOD)
    before = place.file.read_bytes()
    _replace_program(sops_calls, 'printf half > "$3"\nkill -9 $PPID')
    command = [sys.executable, "-m", "railyard", "secrets", "generate", "seance.BUILDER_KEY", "--replace"]

    done = subprocess.run(
        command, env={**os.environ, **code_of(ROOT), "RAILYARD_SECRETS": str(place.file)}, check=False
    )

    assert done.returncode == -signal.SIGKILL
    assert place.file.read_bytes() == before


def test_a_file_that_somebody_else_changes_meanwhile_keeps_their_change(place, sops_calls):
    """Of two at once one is told to come again, and no value is lost."""
    place.hold(GOOD)
    _replace_program(sops_calls, f"echo '# theirs' >> '{place.file}'")

    said = place.run("set", "rose.GROQ_API_KEY", given="typed\n")

    assert (said.code, "was changed meanwhile" in said.text) == (1, True)
    assert place.file.read_text().endswith("# theirs\n")


def test_without_the_program_nothing_is_made(place):
    """The error says where the program is from."""
    place.hold(without(GOOD, "seance.BUILDER_KEY"))

    said = place.run("generate")

    assert said.code == 1
    assert "https://getsops.io" in said.text


def test_a_program_that_is_too_old_is_named(place, sops_calls):
    """An old one would take the value on its command line: it gets none."""
    place.hold(without(GOOD, "seance.BUILDER_KEY"))
    _replace_program(sops_calls, "echo 'Incorrect Usage: flag provided but not defined: -value-stdin'\nexit 1")

    said = place.run("generate")

    assert said.code == 1
    assert "older than 3.11" in said.text


def test_without_the_key_nothing_is_asked_of_the_program(place, sops_calls, monkeypatch):
    """Our own error says where keys are looked for."""
    place.hold(without(GOOD, "seance.BUILDER_KEY"))
    monkeypatch.delenv("SOPS_AGE_KEY")

    said = place.run("generate")

    assert (said.code, "SOPS_AGE_KEY_FILE" in said.text) == (1, True)
    assert not sops_calls.exists()


@pytest.mark.needs("sops")
def test_the_real_program_stores_what_we_give_it(place, monkeypatch):
    """The same with the sops that is installed here."""
    monkeypatch.setenv("PATH", f"{real_program.program().parent}:/usr/bin:/bin")

    assert place.run("init", "--age", RECIPIENT).code == 0
    assert place.run("generate").code == 0
    for key in ("omega.DISCORD_BOT_TOKEN", "rose.GROQ_API_KEY", "rose.ELEVENLABS_API_KEY", "rose.QDRANT_API_KEY"):
        assert place.run("set", key, given="typed\n").code == 0
    for key, value in {
        "omega.OPENAI_API_KEY": "sk-typed",
        "seance.STRIPE_SECRET_KEY": "sk_typed",
        "rose.QDRANT_URL": "https://typed.example",
    }.items():
        assert place.run("set", key, given=value).code == 0

    assert place.run("check").code == 0


def _replace_program(calls: Path, script: str) -> None:
    (calls.parent / "sops").write_text(f"#!/bin/sh\n{script}\n")


def test_a_sandbox_without_a_secrets_file_has_nothing_to_check_or_to_set(railyard):
    """A project of ``railyard init`` has no such file, and making one for the stack would not help."""
    railyard.secrets.unlink()

    checked = railyard.railyard("check", "-s", "staging", "--sandbox")
    stored = railyard.railyard("set", "-s", "staging", "--sandbox", "omega.DISCORD_BOT_TOKEN", given="x")

    assert (checked.code, stored.code) == (0, 1)
    for said in (checked.text, stored.errors):
        assert "the sandbox makes up all values of the stack" in said
        assert "secrets init" not in said
