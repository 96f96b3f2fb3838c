"""The two engines, each with a copy of the project and simulated clouds of its own, and what either leaves behind.

What is generated (ids, hosts, keys, moments) differs between the two by nature. It is numbered in the order of the URNs,
so that two states are equal only when the same things refer to each other.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from sandbox.commands import environment
from sandbox.engine.state import Vault
from sandbox.engine.values import SECRET, SIGNATURE
from sandbox.server import Sandbox

ROOT = Path(__file__).parents[2]
FILES = ("__main__.py", "Pulumi.yaml", "Pulumi.staging.yaml")
DIRECTORIES = ("components", "providers", "sandbox", "secrets", "sops", "stacks")
PASSPHRASE = "sandbox"
LONGEST_S = 100
STANDINS = ("cloudflare", "digitalocean")
PLUGIN = "runtime: {name: python, options: {virtualenv: ../../../.venv}}\n"
GENERATED = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?:railway-verify=)?\b[0-9a-f]{32,64}\b|\bDO[0-9A-F]{18}\b"
    r"|[0-9a-f]{4,8}(?=\.up\.railway\.app|\.authorize\.railwaydns\.net)"
    r"|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z| \+0000 UTC)"
)
"""Ids, the random part of Railway's hosts, access keys and moments."""
BOOKKEEPING = ("created", "modified", "sourcePosition", "stackTrace")
"""What the state says of a resource beyond what it is."""
UNSETTLED = {"RAILWAY_PUBLIC_DOMAIN"}
"""What depends on which of two independent resources is made first: a domain, or the deployment that would be told it."""

Seen = dict[str, tuple[str, dict[str, str]]]
"""URN → operation, and property path → how it differs. Unchanged resources, providers and the stack are left out."""


class Engine(ABC):
    """One engine on a copy of the project."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.sandbox = directory, directory / ".sandbox"
        directory.mkdir()
        for name in FILES:
            shutil.copy(ROOT / name, directory)
        for name in DIRECTORIES:
            shutil.copytree(ROOT / name, directory / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))

    @abstractmethod
    def operate(self, operation: str) -> tuple[Seen, dict[str, Any]]:
        """Carry out ``preview``, ``up``, ``refresh`` or ``destroy``: what it did, and what a preview foresees of inputs."""

    @abstractmethod
    def unprotect(self) -> None:
        """Lift all protection."""

    @abstractmethod
    def _deployment(self) -> dict[str, Any]:
        """The state as JSON."""

    def change(self, old: str, new: str) -> None:
        """Change the settings by hand."""
        file = self.directory / "Pulumi.staging.yaml"
        assert old in file.read_text()
        file.write_text(file.read_text().replace(old, new))

    def state(self) -> dict[str, Any]:
        """URN → resource, with secrets readable and generated values numbered."""
        deployment = self._deployment()
        vault = Vault(PASSPHRASE, deployment.get("secrets_providers", {}).get("state", {}).get("salt", ""))
        return numbered({each["urn"]: _comparable(_revealed(each, vault)) for each in deployment.get("resources") or []})

    def clouds(self) -> dict[str, list[str]]:
        """Kind → records of all that the simulated clouds keep, but how requests were grouped and counted."""
        kept = json.loads((self.sandbox / "clouds.json").read_text())
        spaces = (self.sandbox / "spaces.jsonl").read_text().splitlines()
        kinds = {
            **{key: value for key, value in kept["railway"].items() if key not in ("patches", "rates", "throttled")},
            **kept["cloudflare"],
            **kept["digitalocean"],
            "spaces": [{**json.loads(line), "headers": {}} for line in spaces],
        }
        return {kind: _anonymous(records) for kind, records in kinds.items()}

    def _run(self, *command: str, variables: dict[str, str]) -> str:
        done = subprocess.run(
            command,
            cwd=self.directory,
            env={**os.environ, "PYTHONPATH": str(self.directory / "providers" / "railway"), **variables},
            capture_output=True,
            text=True,
            timeout=LONGEST_S,
            check=False,
        )
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-4000:]}{done.stderr[-4000:]}"
        return done.stdout


class EmbeddedEngine(Engine):
    """``python -m sandbox``."""

    def operate(self, operation: str) -> tuple[Seen, dict[str, Any]]:
        return _seen(json.loads(self._sandbox(operation, "--json"))["steps"])

    def unprotect(self) -> None:
        self._sandbox("unprotect")

    def _deployment(self) -> dict[str, Any]:
        return json.loads((self.sandbox / "staging.json").read_text())["deployment"]

    def _sandbox(self, *arguments: str) -> str:
        return self._run(sys.executable, "-m", "sandbox", *arguments, "-s", "staging", variables={})


class RealEngine(Engine):
    """``pulumi`` on a file backend, with the stand-ins in the place of plugins that would have to be downloaded."""

    def __init__(self, directory: Path, running: ExitStack) -> None:
        super().__init__(directory)
        (directory / ".venv").symlink_to(sys.prefix)
        project = yaml.safe_load((directory / "Pulumi.yaml").read_text())
        for name in STANDINS:
            (directory / "sandbox" / "standins" / name / "PulumiPlugin.yaml").write_text(PLUGIN)
            project["plugins"]["providers"].append({"name": name, "path": f"./sandbox/standins/{name}"})
        (directory / "Pulumi.yaml").write_text(yaml.safe_dump(project))
        backend = directory.parent / "backend"
        backend.mkdir()
        self._simulated = Sandbox(self.sandbox)
        self._variables = {
            **environment(running.enter_context(self._simulated.serve())),
            "PULUMI_HOME": str(directory.parent / "home"),
            "PULUMI_BACKEND_URL": f"file://{backend}",
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        }
        self._pulumi("stack", "init", "staging")

    def operate(self, operation: str) -> tuple[Seen, dict[str, Any]]:
        if operation == "preview":
            return _seen(json.loads(self._pulumi("preview", "--json"))["steps"])
        text = self._pulumi(operation, "--json", "--yes", "--skip-preview")
        events = [json.loads(line) for line in text.splitlines()]
        steps = [event["resOutputsEvent"]["metadata"] for event in events if "resOutputsEvent" in event]
        return _seen(steps)

    def unprotect(self) -> None:
        self._pulumi("state", "unprotect", "--all", "--yes")

    def adopt(self, state_file: Path) -> None:
        """Go on with the state of the embedded engine."""
        self._pulumi("stack", "import", "--file", str(state_file))

    def _deployment(self) -> dict[str, Any]:
        return json.loads(self._pulumi("stack", "export", "--show-secrets"))["deployment"]

    def clouds(self) -> dict[str, list[str]]:
        self._simulated.save()
        return super().clouds()

    def _pulumi(self, *arguments: str) -> str:
        return self._run("pulumi", *arguments, "--non-interactive", variables=self._variables)


def _seen(steps: list[dict[str, Any]]) -> tuple[Seen, dict[str, Any]]:
    told: Seen = {}
    foreseen: dict[str, Any] = {}
    for step in steps:
        urn, operation = step["urn"], step["op"]
        if operation == "same" or "::pulumi:" in urn:
            continue
        told[urn] = (operation, {path: each["kind"] for path, each in (step.get("detailedDiff") or {}).items()})
        foreseen[urn] = (step.get("newState") or {}).get("inputs") or {}
    return dict(sorted(told.items())), numbered(foreseen)


def _revealed(value: Any, vault: Vault) -> Any:
    if isinstance(value, list):
        return [_revealed(item, vault) for item in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    found = cast("dict[str, Any]", value)
    if found.get(SIGNATURE) == SECRET:
        text = found["plaintext"] if "plaintext" in found else vault.decrypt(found["ciphertext"])
        return {"secret": json.loads(text)}
    return {key: _revealed(item, vault) for key, item in found.items()}


def _comparable(resource: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in resource.items() if key not in BOOKKEEPING}
    kept["dependencies"] = sorted(kept.get("dependencies") or [])
    # The CLI drops a property's empty list when it loads the state again.
    by_property = kept.pop("propertyDependencies", None) or {}
    kept["propertyDependencies"] = {key: sorted(urns) for key, urns in by_property.items() if urns}
    if "inputs" in kept:
        kept["inputs"] = {key: value for key, value in kept["inputs"].items() if key != "__internal"}
    return kept


def numbered(resources: dict[str, Any]) -> dict[str, Any]:
    """The resources with every generated value replaced by the number of its first appearance."""
    numbers: dict[str, str] = {}
    text = json.dumps(dict(sorted(resources.items())), sort_keys=True)
    return json.loads(GENERATED.sub(lambda found: numbers.setdefault(found[0], f"#{len(numbers)}"), text))


def _anonymous(value: Any) -> Any:
    if isinstance(value, dict):
        found = cast("dict[str, Any]", value)
        return sorted(([_anonymous(key), _anonymous(found[key])] for key in found.keys() - UNSETTLED), key=json.dumps)
    if isinstance(value, list):
        return sorted((_anonymous(item) for item in cast("list[Any]", value)), key=json.dumps)
    if isinstance(value, float):
        return "a moment"
    return GENERATED.sub("#", value) if isinstance(value, str) else value


@pytest.fixture
def engines(tmp_path: Path) -> Iterator[tuple[RealEngine, EmbeddedEngine]]:
    """Both engines, with nothing deployed. Skips where there is no Pulumi CLI with its Python language host."""
    missing = [name for name in ("pulumi", "pulumi-language-python") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"the Pulumi CLI is needed to compare with, and {' and '.join(missing)} is not on PATH")
    with ExitStack() as running:
        yield RealEngine(tmp_path / "real", running), EmbeddedEngine(tmp_path / "embedded")
