"""``railyard settings``: the whole settings of a stack, each value with the place that decided it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from railyard.application import application
from railyard.promote.settings_file import edited

ROOT = Path(__file__).parents[2]
PROJECT = """\
name: railyard
runtime: python
config:
  railway:plan: {value: hobby}
railyard:
  systems: {omega: "stacks.omega:Omega", rose: "stacks.rose:Rose"}
"""
DEV = """\
config:
  railyard:systems: [omega, rose]
  railyard:environment: development
  railyard:rose:
    rateLimitPerMinute: 5
"""
DEFAULTS = """\
config:
  railyard:rose:
    workers: 2
    allowedOrigins: ["https://rose.example"]
    web: {repo: rose/rose, memoryMb: 1024, volume: {sizeGb: 1}}
    rateLimitPerMinute: 50
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one stack and what its stacks share."""
    (tmp_path / "Pulumi.yaml").write_text(PROJECT)
    (tmp_path / "Pulumi.dev.yaml").write_text(DEV)
    (tmp_path / "defaults.yaml").write_text(DEFAULTS)
    monkeypatch.setenv("RAILYARD_PROJECT", str(tmp_path))
    return tmp_path


def settings(*arguments: str) -> Any:
    """``railyard settings …`` in this process, as a document."""
    done = CliRunner().invoke(application, ["settings", *arguments, "--json"])
    assert done.exit_code == 0, done.output
    return {".".join(each["key"]): each for each in json.loads(done.stdout)["values"]}


def test_each_value_is_shown_with_the_file_and_the_line_that_decided_it(project: Path) -> None:
    """The stack's file outweighs the shared one; Pulumi.yaml says what providers read; the rest has no line."""
    document = settings()

    said = {key: (value["value"], value["origin"]) for key, value in document.items()}
    assert said["railyard:rose.rateLimitPerMinute"] == (5, "Pulumi.dev.yaml:5")
    assert said["railyard:rose.web.memoryMb"] == (1024, "defaults.yaml:5")
    assert said["railyard:rose.allowedOrigins"] == (["https://rose.example"], "defaults.yaml:4")
    assert said["railway:plan"] == ("hobby", "Pulumi.yaml:4")
    assert said["railyard:rose.project.name"] == ("rose-development", "follows from railyard:environment")
    assert said["railyard:rose.environment"] == ("development", "follows from railyard:environment")
    assert said["railyard:omega.bot.memoryMb"] == (512, "default")
    assert said["railyard:secrets"] == ("secrets/dev.yaml", "default")
    for key, value in document.items():
        if value["file"]:
            line = (project / value["file"]).read_text().splitlines()[value["line"] - 1]
            assert key.rpartition(".")[2] in line


def test_the_whole_of_the_repositorys_stacks_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """As YAML that reads as the same values; the page's lines are among it."""
    monkeypatch.setenv("RAILYARD_PROJECT", str(ROOT))

    done = CliRunner().invoke(application, ["settings", "staging", "seance"])

    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    shown = re.search(r"^\$ ./bin/railyard settings staging seance\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert shown is not None
    for line in shown[1].splitlines():
        assert line == "…" or line in done.stdout.splitlines()


def test_a_change_of_one_stack_is_written_into_its_own_file(project: Path) -> None:
    """Also where only the shared file says the value: the others keep it."""
    edit = edited("dev", {("rose", "web", "memoryMb"): 2048, ("rose", "rateLimitPerMinute"): 7})
    edit.write()

    assert [line for line in edit.lines if line[:2] in ("+ ", "- ")] == [
        "-    rateLimitPerMinute: 5",
        "+    rateLimitPerMinute: 7",
        "+    web: {memoryMb: 2048}",
    ]
    assert (project / "defaults.yaml").read_text() == DEFAULTS
    assert settings("dev", "rose")["railyard:rose.web.memoryMb"]["origin"] == "Pulumi.dev.yaml:6"
    assert settings("dev", "rose")["railyard:rose.web.repo"]["origin"] == "defaults.yaml:5"
