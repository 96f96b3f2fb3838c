"""The examples of the components: each page's program is right, and all of them together come up in the sandbox."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

from components.plugin.parts import PARTS, token_of
from pulumi_embedded.runner import Options, run
from pulumi_operations.events import Operation
from railway_sandbox.server import Sandbox
from railyard.engine.operate import environment
from tools import component_examples

ROOT = Path(__file__).parents[2]
STANDINS = ROOT / "packages" / "pulumi-embedded" / "pulumi_embedded" / "standins"
SPEED = 100.0


def test_the_python_examples_come_up_in_the_sandbox(tmp_path: Path) -> None:
    """All of them as one program, with the embedded engine; a second run finds nothing to change."""
    program = tmp_path / "examples.py"
    program.write_text(component_examples.in_python(component_examples.every()))
    sandbox = Sandbox(tmp_path / "sandbox", speed=SPEED)
    with sandbox.serve() as address:
        options = Options(
            root=ROOT,
            stack="examples",
            state_file=tmp_path / "examples.json",
            config={"railyard:password": "correct-horse-battery"},
            plugins={name: [sys.executable, str(STANDINS / name)] for name in ("cloudflare", "digitalocean")},
            program=program,
            environment=environment(address, tmp_path / "sandbox"),
        )
        results = [run(Operation.UP, options), run(Operation.UP, options)]

    assert [each.succeeded for each in results] == [True, True], [each.message for each in results[0].diagnostics]
    assert {step.kind for step in results[1].steps} <= {"same"}
    assert {each.name for each in sandbox.railway.state.services.values()} >= {"web", "queue", "report", "site", "bot"}


@pytest.mark.parametrize("name", PARTS)
def test_the_example_of_a_page_stands_alone(deploy: Any, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """It makes the component and what this refers to, and nothing else."""
    text = component_examples.in_python(component_examples.needed(component_examples.example_of(name)))
    monkeypatch.setattr(pulumi.Config, "require_secret", lambda *_: pulumi.Output.secret("made-up"))

    seen = deploy(lambda: exec(text, {}))

    assert token_of(name) in {kind for kind, _ in seen}


@pytest.mark.parametrize("name", PARTS)
def test_the_yaml_of_a_page_refers_to_what_it_declares(name: str) -> None:
    """Every reference leads to a resource or to the configuration of the same program."""
    text = component_examples.in_yaml(component_examples.needed(component_examples.example_of(name)))
    program = yaml.safe_load(text)

    declared = {*program["resources"], *program.get("config", {})}
    assert {owner for owner, _ in component_examples.REFERENCE.findall(text)} <= declared
