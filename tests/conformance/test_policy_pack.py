"""The policy pack on the real engine says what a preview of the embedded one says."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

from tests.conformance.conftest import EmbeddedEngine, RealEngine
from tests.lifecycle.conftest import copy

ANALYZER = "pulumi-analyzer-policy-python"
"""By which Pulumi starts packs that are written in Python; a ``pulumi`` that was built from its module lacks it."""
TOLD = re.compile(r"- \[(advisory|mandatory)\]\s+([a-z-]+?)(?:-advisory|-mandatory)?\s+\(")


def with_pack(real: RealEngine) -> None:
    """Put the pack into the engine's copy of the project, and the program that starts it onto its path."""
    copy(("policies",), real.directory)
    program = real.directory / "plugins" / ANALYZER
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -u -m pulumi.policy "$1" "$2"\n')
    program.chmod(0o755)


def test_the_pack_says_on_the_real_engine_what_a_preview_says(real: RealEngine, tmp_path: Path) -> None:
    """The same rules at the same levels; a mandatory one fails both; what is switched off is not looked at."""
    with_pack(real)
    embedded = EmbeddedEngine(tmp_path / "embedded")
    for engine in (real, embedded):
        engine.change(
            "staging",
            "config:\n",
            "config:\n  railyard:policies:\n"
            "    images-name-a-version: {level: mandatory, reason: nothing else shows what runs}\n"
            "    memory-is-limited: {level: disabled, reason: measured first}\n",
        )

    said = real.pulumi("preview", "-s", "staging", "--policy-pack", "policies", fails=True)
    shown = embedded.run("preview", "-s", "staging", "--json")

    assert shown.code == 1
    mine = {(each["level"], each["policy"]) for each in shown.json["policies"]}
    assert ("mandatory", "images-name-a-version") in mine
    assert set(TOLD.findall(said)) == mine, said
    assert "seance-valkey-instance runs valkey/valkey:latest" in said
    assert "nothing else shows what runs" in said
