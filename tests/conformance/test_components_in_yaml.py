"""The components as a program in Pulumi YAML has them: with Pulumi's own engine and language host, in the sandbox."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.plugin.parts import PARTS, token_of
from railway_sandbox.server import Sandbox
from railyard.engine.operate import environment
from tests import forked, needs
from tests.conformance.conftest import PASSPHRASE, program, put_standins

pytestmark = pytest.mark.needs("pulumi-language-yaml")
ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs" / "components" / "examples.yaml"
PLUGINS = {"railway": ROOT / "packages" / "pulumiverse-railway", "railyard": ROOT / "components"}


class Program:
    """A folder with a program in YAML, a stack of it, and simulated clouds."""

    def __init__(self, directory: Path, text: str, variables: dict[str, str]) -> None:
        self._directory = directory
        self._variables = {**os.environ, **variables, "PULUMI_BACKEND_URL": (directory / "backend").as_uri()}
        (directory / "backend").mkdir()
        (directory / "Pulumi.yaml").write_text(text)
        self.pulumi("stack", "init", "test")

    def pulumi(self, *arguments: str, fails: bool = False) -> str:
        """Run a command that must succeed, or fail; gives what it said."""
        done = subprocess.run(
            [program(), *arguments, "--non-interactive", "--color", "never"],
            cwd=self._directory,
            env=self._variables,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode != 0) is fails, done.stdout + done.stderr
        return done.stdout + done.stderr

    def up(self) -> dict[str, int]:
        """Bring it up; gives the number of steps by their kind."""
        self.pulumi("up", "--yes", "--skip-preview", "--suppress-outputs")
        (last,) = json.loads(self.pulumi("stack", "history", "--json", "--page-size", "1"))
        return last["resourceChanges"]

    def resources(self) -> list[dict[str, Any]]:
        """The resources in its state."""
        return json.loads(self.pulumi("stack", "export"))["deployment"]["resources"]


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The variables with which ``pulumi`` finds host and plugins."""
    host = needs.yaml_host()
    assert host is not None
    directory = tmp_path_factory.mktemp("tools")
    plugins, python = directory / "plugins", directory / ".venv" / "bin" / "python"
    forked.environment(directory / ".venv")
    put_standins(ROOT, plugins, python)
    for name, folder in PLUGINS.items():
        file = plugins / f"pulumi-resource-{name}"
        file.write_text(f'#!/bin/sh\nexec {shlex.quote(str(python))} {shlex.quote(str(folder))} "$@"\n')
        file.chmod(0o755)
    return {
        "PATH": os.pathsep.join(map(str, [plugins, host.parent, os.environ["PATH"], program().parent])),
        "PULUMI_HOME": str(directory / "home"),
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }


@pytest.fixture(scope="module")
def clouds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sandbox, dict[str, str]]]:
    """Simulated clouds, and the variables that point at them."""
    directory = tmp_path_factory.mktemp("clouds")
    sandbox = Sandbox(directory)
    with sandbox.serve() as address:
        yield sandbox, environment(address, directory)


@pytest.fixture(scope="module")
def examples(
    tools: dict[str, str], clouds: tuple[Sandbox, dict[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> Program:
    """The program of which the examples on the pages are made, brought up."""
    made = Program(tmp_path_factory.mktemp("examples"), EXAMPLES.read_text(encoding="utf-8"), {**tools, **clouds[1]})
    made.up()
    return made


def test_every_component_comes_up_and_is_found_unchanged(examples: Program, clouds: Any) -> None:
    """One of each in one program: the clouds hold what it says, under the types that a Python program has."""
    types = {each["type"] for each in examples.resources()}
    assert {token_of(name) for name in PARTS} <= types

    railway = clouds[0].railway.state
    assert {each.name for each in railway.services.values()} >= {"web", "queue", "report", "site", "postgres", "redis"}
    assert examples.up().keys() == {"same"}


def test_what_an_example_derives_is_an_output(examples: Program) -> None:
    """The address of a domain, and a database's address as a secret."""
    outputs = json.loads(examples.pulumi("stack", "output", "--json"))

    assert outputs == {"url": "https://shop.rose.example", "database": "[secret]"}


WRONG = """
name: wrong
runtime: yaml
resources:
  project:
    type: railyard:components:Project
    properties: {name: wrong-staging, environment: staging}
  web:
    type: railyard:components:Service
    properties:
      projectId: ${project.projectId}
      environmentId: ${project.environmentId}
      image: shop:1
      memoryMb: 1
"""


def test_a_wrong_value_is_told_in_the_words_of_a_settings_file(
    tools: dict[str, str], clouds: tuple[Sandbox, dict[str, str]], tmp_path: Path
) -> None:
    """With setting, what is allowed and what to do, and without a traceback."""
    wrong = Program(tmp_path, WRONG, {**tools, **clouds[1]})

    said = wrong.pulumi("preview", fails=True)

    assert "web has 1 problem:" in said
    assert "memoryMb = 1" in said
    assert "fix: correct memoryMb" in said
    assert "Traceback" not in said
    assert ".py" not in said
