"""Leaves out the tests whose tools are missing (``@pytest.mark.needs("sops")``), and says so at the end of the run.

A tool is what ``.venv`` cannot hold: a program of somebody else, or a file that is not part of this repository.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from railyard.engine import go_build, pulumi_cli
from tools import sops_program

RAILWAY_SCHEMA = Path(os.environ.get("RAILWAY_SCHEMA") or "/nowhere")
"""Railway's whole GraphQL schema: https://backboard.railway.com/graphql/v2 tells it to whoever introspects it."""
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
MYSQL_SERVER = shutil.which("mysqld") or shutil.which("mariadbd")


def pulumi() -> Path | None:
    """Return the ``pulumi`` on PATH, the one that ``make tools`` installed, or the one that it built."""
    cli = pulumi_cli.find()
    return cli.program if cli else go_build.built()


def yaml_host() -> Path | None:
    """Return Pulumi's language host for YAML: on PATH, beside the CLI, or built."""
    path = os.pathsep.join([os.environ.get("PATH", ""), str((pulumi() or Path()).parent)])
    language_host = shutil.which(go_build.YAML_HOST.name, path=path)
    return Path(language_host) if language_host else go_build.built(go_build.YAML_HOST)


def _plugin(name: str) -> Callable[[], object]:
    return lambda: (cli := pulumi_cli.find()) and not [each for each in cli.missing if name in each or "host" in each]


NEEDS: dict[str, tuple[Callable[[], object], str]] = {
    "pulumi": (pulumi, "the Pulumi CLI: `make tools` installs it, or builds it with Go"),
    "pulumi-language-yaml": (yaml_host, "Pulumi's language host for YAML: `make tools` installs or builds it"),
    "cloudflare": (_plugin("cloudflare"), "Pulumi's plugin of Cloudflare: `make tools` downloads it"),
    "digitalocean": (
        _plugin("digitalocean"),
        "Pulumi's plugin of DigitalOcean: `make tools` downloads it",
    ),
    "sops": (sops_program.find, "sops: `make sops` builds it with Go, and one on PATH will do"),
    "mysql": (lambda: MYSQL_SERVER and shutil.which("mysqldump"), "mysqld (or mariadbd) and mysqldump on PATH"),
    "sftp": (lambda: shutil.which("sftp"), "sftp of OpenSSH on PATH"),
    "chromium": (lambda: CHROMIUM, "Chromium on PATH"),
    "railway-schema": (RAILWAY_SCHEMA.is_file, "Railway's GraphQL schema (SDL): RAILWAY_SCHEMA=<file> names it"),
}
"""Name → whether it is there, and what to have."""
_LEFT_OUT = pytest.StashKey[Counter[str]]()
_KEY = "left_out"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect what cannot run here."""
    missing = [name for name, (found, _) in NEEDS.items() if not found()]
    lacking = {item: _first(item, missing) for item in items}
    config.stash[_LEFT_OUT] = Counter(filter(None, lacking.values()))
    config.hook.pytest_deselected(items=[item for item in items if lacking[item]])
    items[:] = [item for item in items if not lacking[item]]


def _first(item: pytest.Item, missing: list[str]) -> str | None:
    needed = {name for mark in item.iter_markers("needs") for name in mark.args}
    assert needed <= NEEDS.keys(), f"{item.nodeid} needs {sorted(needed)}; there are {', '.join(NEEDS)}"
    return next((name for name in missing if name in needed), None)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tell the process that started this worker of pytest-xdist."""
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[_KEY] = dict(session.config.stash.get(_LEFT_OUT, Counter()))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Hear what a worker says: each has collected all tests."""
    node.config.stash[_LEFT_OUT] = Counter(getattr(node, "workeroutput", {}).get(_KEY, {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say how many tests were left out, and what each of them needs."""
    for name, count in config.stash.get(_LEFT_OUT, Counter()).items():
        terminalreporter.write_line(f"left out: {count} test{'s' * (count > 1)} need {NEEDS[name][1]}", yellow=True)
