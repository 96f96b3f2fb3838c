"""Runs the jobs of a workflow as GitHub would: every command for real, in a clean clone, against the sandbox.

Stubs only what is GitHub's own: actions, artifacts, and the values of ``${{ … }}``.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests import forked
from tests.lifecycle.conftest import LONGEST_S
from tests.operations_workflows.conftest import GIT, Repository
from tests.operations_workflows.simulated_github import SimulatedGitHub
from tests.operations_workflows.test_workflow_rules import FOLDER, read

EXPRESSION = re.compile(r"\$\{\{ *([^}]+?) *\}\}")
TOO_LONG = {
    "make check": "make --dry-run check",
    "make docs": "make --dry-run docs",
    "make tools": "make --dry-run tools",
    "make sops": "make --dry-run sops",
    "make test": "make --dry-run test",
    "make conformance": "make --dry-run conformance",
    "make audit": "make --dry-run audit",
}
"""This suite is what they run; the tools and the audit ask the Internet. Here it is seen that they exist."""


class Job:
    """One job, with what all jobs of a repository share: the simulated accounts and the artifacts."""

    def __init__(self, repository: Repository, github: SimulatedGitHub, place: Path) -> None:
        self.repository, self.github, self.place = repository, github, place
        self.artifacts = place / "artifacts"
        self.clouds = place / "clouds"
        self.elsewhere = place / "elsewhere"
        """The other repository that a job may check out."""
        self.variables: dict[str, str] = {}
        """What the runner's machine has beside GitHub's own variables."""
        self.number = 0
        self.needs: dict[str, str] = {}
        """What jobs left for those that need them, as expressions name it."""

    def run(self, workflow: str, job: str, *, ref: str = "main", **values: str) -> tuple[int, str]:
        """Run the steps until one fails; the exit code and all that was said."""
        self.number += 1
        clone = self._clone(ref)
        definition = read(FOLDER / f"{workflow}.yml")["jobs"][job]
        told, code = "", 0
        for step in definition["steps"]:
            if not self._wanted(str(step.get("if", "")), failed=bool(code)):
                continue
            if "uses" in step:
                self._action(step, clone, values)
                continue
            environment = {**definition.get("env", {}), **step.get("env", {})}
            done = subprocess.run(
                ["bash", "-eo", "pipefail", "-c", str(TOO_LONG.get(step["run"], step["run"]))],
                cwd=clone, env=self._environment(environment, values),
                capture_output=True, text=True, check=False, timeout=LONGEST_S * 3,
            )  # fmt: skip
            told += done.stdout + done.stderr
            code = code or done.returncode
        left = dict(line.split("=", 1) for line in self.output().splitlines())
        for name in definition.get("outputs", {}):
            self.needs[f"needs.{job}.outputs.{name}"] = left.get(name, "")
        return code, told

    def _wanted(self, condition: str, *, failed: bool) -> bool:
        """Whether GitHub runs a step with this condition, of the four that the workflows have."""
        if output := re.fullmatch(r"steps\.\w+\.outputs\.(\w+) (==|!=) '(\w*)'", condition):
            left = dict(line.split("=", 1) for line in self.output().splitlines())
            return not failed and (left.get(output[1], "") == output[3]) == (output[2] == "==")
        if "failure()" in condition:
            told = "outputs.told" in condition and "told=true" in self.output()
            return failed and not told
        return not failed or "cancelled()" in condition

    def output(self) -> str:
        """What the steps of the last job left for others."""
        return self._output.read_text() if self._output.exists() else ""

    @property
    def _output(self) -> Path:
        return self.place / f"output-{self.number}"

    def summary(self) -> str:
        """What the last job wrote into its summary."""
        return self._summary.read_text()

    @property
    def _summary(self) -> Path:
        return self.place / f"summary-{self.number}.md"

    def _clone(self, ref: str) -> Path:
        clone = self.place / f"clone-{self.number}"
        self.repository.git("clone", "--quiet", str(self.repository.directory), str(clone))
        Repository(clone).git("checkout", "--quiet", ref)
        forked.environment(clone / ".venv")
        for path in (clone / "requirements.txt", *clone.glob("packages/*/pyproject.toml")):
            os.utime(path, (0, 0))  # .venv is newer, so that nothing is installed
        return clone

    def _environment(self, given: dict[str, str], values: dict[str, str]) -> dict[str, str]:
        ours = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("RAIL", "GITHUB_", "SOPS_", "PYTHONPATH"))
        }
        runner = {"GITHUB_STEP_SUMMARY": str(self._summary), "RUNNER_TEMP": str(self.place / "temp"), "NO_COLOR": "1"}
        runner |= {"GITHUB_OUTPUT": str(self._output), "GITHUB_WORKFLOW": "the workflow", "GITHUB_JOB": "the job"}
        github = {name: value for name, value in self.github.variables.items() if name != "GITHUB_TOKEN"}
        set_here = {name: self._value(value, values) for name, value in given.items()}
        return {**ours, **GIT, **github, **runner, "RAILYARD_SANDBOX": str(self.clouds), **self.variables, **set_here}

    def _value(self, text: str, values: dict[str, str]) -> str:
        known = {"github.token": self.github.variables["GITHUB_TOKEN"], **self.needs, **values}
        known |= {f"secrets.{name}": address for name, address in self.github.webhooks.items()}

        def replaced(found: re.Match[str]) -> str:
            # A repository without credentials: then the sandbox is meant.
            return "" if found[1].startswith(("secrets.", "vars.")) and found[1] not in known else known[found[1]]

        return EXPRESSION.sub(replaced, str(text))

    def _action(self, step: dict[str, Any], clone: Path, values: dict[str, str]) -> None:
        name, given = step["uses"].partition("@")[0], step.get("with", {})
        if name == "actions/checkout" and "repository" in given:
            shutil.copytree(self.elsewhere, clone / given["path"])
        if name not in ("actions/upload-artifact", "actions/download-artifact"):
            return
        known = {"runner.temp": str(self.place / "temp"), **values}

        def filled(text: str) -> str:
            return EXPRESSION.sub(lambda found: known.get(found[1], ""), text)

        here = clone / filled(given.get("path", "."))
        if "pattern" in given:
            for each in self.artifacts.glob(given["pattern"]):
                shutil.copytree(each, here / each.name, dirs_exist_ok=True)
            return
        there = self.artifacts / filled(given["name"])
        if name == "actions/download-artifact":
            shutil.copytree(there, here, dirs_exist_ok=True)
            return
        assert given.get("overwrite") or not there.exists(), "an artifact is written once"
        shutil.rmtree(there, ignore_errors=True)
        if here.is_dir():
            shutil.copytree(here, there)
        else:
            there.mkdir(parents=True)
            shutil.copy(here, there)
