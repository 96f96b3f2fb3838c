"""Commands on real accounts load neither the simulated clouds nor the embedded engine, and need neither installed."""

from __future__ import annotations

import json
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import railyard

MODULES = [
    each.name
    for each in pkgutil.walk_packages(railyard.__path__, "railyard.")
    if not each.name.endswith(".__main__")
]  # fmt: skip
LOADED = """
import importlib, json, sys
loaded = {}
for module in sys.argv[1:]:
    importlib.import_module(module)
    names = [name for name in sys.modules if name.split(".")[0] in ("railway_sandbox", "pulumi_embedded")]
    loaded[module] = names
print(json.dumps(loaded))
"""
NOT_INSTALLED = """
import sys
sys.modules["railway_sandbox"] = sys.modules["pulumi_embedded"] = None  # an import raises ModuleNotFoundError
from railyard.application import application
application(sys.argv[1:])
"""
PULUMI = """#!/bin/sh
case "$1" in
  preview) echo '{"steps": [], "diagnostics": []}' ;;
  *) echo "pulumi $1: not expected" >&2; exit 1 ;;
esac
"""


def python(code: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own, with no account in its environment but the one given."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RAILWAY_", "RAILYARD_"))}
    path = os.pathsep.join(sys.path)
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], env={**kept, "PYTHONPATH": path, **variables},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_importing_commands_loads_no_sandbox():
    """Neither ``deploy``, which people start on real accounts, nor all modules of the commands together."""
    done = python(LOADED, "railyard.deliver.deploy", *MODULES)

    assert done.returncode == 0, done.stderr
    assert {module: names for module, names in json.loads(done.stdout).items() if names} == {}


@pytest.fixture
def account(tmp_path: Path) -> dict[str, str]:
    """The variables of a real account, and a ``pulumi`` that sees no change."""
    program = tmp_path / "pulumi"
    program.write_text(PULUMI)
    program.chmod(0o755)
    return {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "RAILWAY_API_TOKEN": "a-real-token"}


def test_commands_on_a_real_account_work_without_the_sandbox(account, tmp_path):
    """``plan`` asks the Pulumi CLI, in a process in which neither package can be imported."""
    plan = tmp_path / "plan.json"

    done = python(NOT_INSTALLED, "plan", "-s", "staging", "--out", str(plan), **account)

    assert (done.returncode, plan.exists()) == (0, True), done.stdout + done.stderr


def test_a_sandbox_that_is_not_installed_is_named():
    """With the package to install, and without a traceback."""
    done = python(NOT_INSTALLED, "status", "-s", "staging", "--sandbox")

    assert done.returncode == 1
    assert done.stderr.startswith("error: the sandbox is not installed: pip install railway-sandbox, or let ")
