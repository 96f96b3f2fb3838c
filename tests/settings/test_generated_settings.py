"""Settings files of any content: each is accepted, or refused in words for people."""

from __future__ import annotations

import random
import re
import shutil
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from railyard.engine.configuration import read_configuration
from railyard.shared import stack as commands
from railyard.shared.console import OperationError
from stacks import python_systems
from stacks.problems import SettingsError
from stacks.settings import parse

ROOT = Path(__file__).parents[2]
STAGING = (ROOT / "Pulumi.staging.yaml").read_text()
VALUES = (
    *("yes", "NO", "on", "~", "null", "", "0123456", "0755", "1.10", "12345e7", "17:04", "1_000", "0x1F", ".nan"),
    *("-1", "0", "99999999999999999999", "1e400", "2026-01-02", "2026-01-02T03:04:05Z", "true", "[]", "{}", "[[[]]]"),
    *("[1, a, {}]", "{A: x, 1: y}", "{on: 1}", "{2026-01-02: x}", "{~: x}", "{[a]: b}", "&a 1", "*a", "*none", "<<"),
    *("{<<: *a}", "{<<: 3}", "{<<: {a: 1}}", "&b [*b]", "!!binary aGk=", "!!str 1", "!mine x", "!!python/none x"),
    *('"\\0"', '"\\ud800"', '"\\U0001F600"', '"\\x1b[31m"', '"\\n::error::x"', "\u202e", "é", "x" * 3_000, "'", '"'),
    *("{", "]", "@a", "`a", "%a", "|\n      a\n     b", ">-\n      text", "? a", "- a", "a: b: c", "#", "..", "a b"),
    *("sk_live_abcdefghijk", "postgres://u:hunter2@h/d", "${{db.URL}}", "-----BEGIN PRIVATE KEY-----", "{name: {}}"),
    *("--- x", "'it''s'", ".inf", "{secure: v1:abc}", "{a: sk_live_abcdefghijk}"),
)
"""What may stand in the place of a value: every kind of scalar, structures, and what YAML does not allow."""
PLACES = [match.span(1) for match in re.finditer(r"(?<=[:,\[{-] )([^\s,\[\]{}#&*]+)", STAGING)]
"""Where the values of the good file stand."""
CUTS = st.tuples(st.integers(0, len(STAGING)), st.integers(0, 40), st.text(max_size=6) | st.sampled_from(VALUES))


def judged(directory: Path, text: str) -> str:
    """What a user reads who has this settings file; empty when it is accepted. ``make`` and the commands agree."""
    file = directory / "Pulumi.staging.yaml"
    file.write_text(text, encoding="utf-8", errors="surrogatepass", newline="")
    said = ["", ""]
    try:
        parse(read_configuration(directory, "staging").config, python_systems(), file=file.name, text=text)
    except (OperationError, SettingsError) as error:
        said[0] = str(error)
    try:
        commands.read_stack("staging")
    except OperationError as error:
        said[1] = str(error)
    assert bool(said[0]) == bool(said[1]), said
    for each in filter(None, said):
        assert "Pulumi.staging.yaml" in each
        assert all(line.isprintable() for line in each.split("\n"))
        assert "hunter2" not in each
        assert "sk_live_" not in each
    return said[0]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in which ``make`` and the commands find the settings of one stack."""
    shutil.copy(ROOT / "Pulumi.yaml", tmp_path)
    shutil.copy(ROOT / "defaults.yaml", tmp_path)
    monkeypatch.setenv("RAILYARD_PROJECT", str(tmp_path))
    return tmp_path


def test_every_value_is_accepted_or_refused_in_words(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each of the odd values in places of the good file: never a traceback, and the message names the file."""
    accepted, refused = 0, 0
    chosen = random.Random(1)
    for value in VALUES:
        for start, end in chosen.sample(PLACES, 5):
            said = judged(project, STAGING[:start] + value + STAGING[end:])
            accepted, refused = accepted + (not said), refused + bool(said)
    with capsys.disabled():
        sys.stdout.write(
            f"\n{accepted + refused} settings files with odd values: {accepted} accepted, {refused} refused in words\n"
        )
    assert accepted + refused >= 300
    assert min(accepted, refused) > 0


def test_any_text_is_accepted_or_refused_in_words(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The good file with parts cut out and others put in, and texts that hypothesis makes of nothing."""
    tried = 0

    @given(cuts=st.lists(CUTS, min_size=1, max_size=3), whole=st.none() | st.text(max_size=60))
    @settings(max_examples=150, deadline=None)
    def mutate(cuts: list[tuple[int, int, str]], whole: str | None) -> None:
        nonlocal tried
        text = STAGING if whole is None else f"config:\n  {whole}"
        for at, length, put in cuts:
            text = text[:at] + put + text[at + length :]
        judged(project, text)
        tried += 1

    mutate()
    with capsys.disabled():
        sys.stdout.write(f"\n{tried} settings files cut and mixed by hypothesis, none of which ended in a traceback\n")
    assert tried >= 150
