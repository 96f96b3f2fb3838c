"""Which engine ``railyard`` works with: in the sandbox the one of ``make``, on a real account the Pulumi CLI."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from railyard.engine.cli_engine import PulumiCli
from railyard.engine.engine_choice import States
from railyard.engine.engines import engine_for
from railyard.shared.stack import read_stack
from tests.operations_workflows.conftest import run

COMMANDS = (("plan",), ("deploy",), ("drift",), ("secrets", "apply", "--yes"))


@pytest.fixture
def held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> States:
    """A sandbox whose staging is up with the Pulumi CLI, on a machine that has lost the CLI."""
    states = States(directory=tmp_path / ".sandbox", stack="staging")
    states.checkpoint.parent.mkdir(parents=True)
    resource = {"urn": "urn:pulumi:staging::railyard::pulumi:pulumi:Stack::railyard-staging"}
    states.checkpoint.write_text(json.dumps({"checkpoint": {"latest": {"resources": [resource]}}}))
    monkeypatch.setenv("RAILYARD_SANDBOX", str(states.directory))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("ENGINE", "RAILWAY_API_URL", "RAILWAY_API_TOKEN", "RAILWAY_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return states


def untouched(states: States) -> bool:
    """Whether no cloud was served and no other state begun."""
    return [file.name for file in states.directory.iterdir()] == ["pulumi"]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_stack_of_the_cli_is_not_begun_anew(held, command):
    said = run(*command)

    assert said.code == 1
    assert (
        "stack staging is up with the Pulumi CLI, and there is no pulumi on PATH: `./bin/railyard tools`"
        in said.text + said.errors
    )
    assert untouched(held)


@pytest.mark.parametrize(
    ("named", "code", "words"), [("embedded", 1, "go on with ENGINE=pulumi"), ("terraform", 2, "embedded or pulumi")]
)
def test_the_hand_decides_within_bounds(held, monkeypatch, named, code, words):
    """An engine that does not know the stack is refused, and a name that is none is a wrong call."""
    monkeypatch.setenv("ENGINE", named)

    for command in COMMANDS:
        said = run(*command)
        assert (said.code, words in said.text + said.errors) == (code, True), said
    assert untouched(held)


def test_a_real_account_takes_the_cli_that_is_logged_in(held, tmp_path, monkeypatch, capsys):
    """Neither the sandbox's state nor ENGINE has a say, and no plugin is looked for: the CLI downloads its own."""
    program = tmp_path / "pulumi"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for name, value in {"PATH": str(tmp_path), "RAILWAY_API_TOKEN": "t", "ENGINE": "embedded"}.items():
        monkeypatch.setenv(name, value)

    engine = engine_for(read_stack("staging"), sandbox=False)

    assert type(engine) is PulumiCli
    assert engine.place.startswith("the account that the environment points at")
    assert capsys.readouterr().err == ""
    assert run("plan", "--sandbox").errors.startswith("error: stack staging is up with the Pulumi CLI")
    assert untouched(held)
