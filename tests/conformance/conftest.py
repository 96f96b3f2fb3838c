"""The two engines, each with a copy of the project and simulated clouds of its own, and what either leaves behind.

What is generated (ids, hosts, keys, moments) differs between the two by nature. It is numbered in the order of the
URNs, so that two states are equal only when the same things refer to each other.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest

from pulumi_embedded.state import Vault, decode_value
from railway_sandbox.railway.state import SETTINGS
from railway_sandbox.server import Sandbox
from railway_sandbox.storage import Database
from railyard.engine.cli_operations import make_backend
from railyard.engine.configuration import read_configuration
from railyard.engine.engine import code_of
from railyard.engine.engine_choice import States
from railyard.engine.operate import environment, plan_of
from railyard.engine.pulumi_cli import LANGUAGE_HOST, PLUGINS, home
from tests import forked, needs
from tests.lifecycle.conftest import LONGEST_S, Checkout
from tests.operations_workflows.conftest import GIT
from tests.railyard_command import Said

PASSPHRASE = "sandbox"
STANDIN = """#!/bin/sh
exec {python} {directory} "$@"
"""
GENERATED = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?:railway-verify=)?\b[0-9a-f]{32,64}\b|\bDO[0-9A-F]{18}\b"
    r"|[0-9a-f]{4,8}(?=\.up\.railway\.app|\.authorize\.railwaydns\.net)"
    r"|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z| \+0000 UTC)"
)
"""Ids and tokens, access keys, the random part of Railway's hosts, and moments."""
BOOKKEEPING = {"created", "modified", "sourcePosition", "stackTrace"}
"""What the state says of a resource beyond what it is."""
UNTOLD = {"same", "create-replacement", "delete-replaced"}
"""Steps that change nothing, and the parts of a replacement, which is a step of its own."""
NEW_STACKS: dict[str, tuple[dict[Path, bytes], str]] = {}
"""Stack → the files of a backend in which it was just made, and the salt that this added to its settings."""
GROUPING = {"patches", "rates", "throttled", "facts"}
"""What depends on how requests fell together."""
HERE = Path(__file__).parent
SYSTEMS = {"omega", "seance", "omnistack", "netia", "rose"}
"""What the settings of both stacks hold; a test takes all five where one or two would not show the same."""

Seen = tuple[dict[str, tuple[str, dict[str, str]]], dict[str, Any]]
"""URN → operation, and path → how it differs; URN → new inputs. Without unchanged ones, providers and the stack."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here is a comparison with the Pulumi CLI."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.needs("pulumi"))


class Engine(Checkout):
    """One engine on a copy of the project, and with ``after`` on what that one has brought up."""

    def __init__(self, directory: Path, stack: str = "staging", after: Engine | None = None) -> None:
        super().__init__(directory)
        self.stack = stack
        if after is not None:
            shutil.copytree(after.sandbox, self.sandbox)
            shutil.copy(after.directory / f"Pulumi.{stack}.yaml", directory)

    def keep(self, *systems: str) -> None:
        """Take all systems but these out of the settings of the stack."""
        file = self.directory / f"Pulumi.{self.stack}.yaml"
        parts = re.split(r"^(?=\S|  railyard:)", file.read_text(), flags=re.MULTILINE)
        others = tuple(f"  railyard:{name}:" for name in SYSTEMS - {*systems})
        file.write_text("".join(part for part in parts if not part.startswith(others)))

    def operate(self, operation: str, *targets: str, fails: bool = False) -> Seen:
        """Carry out an operation that must succeed, or fail; ``targets`` are globs of URNs."""
        raise NotImplementedError

    def tamper(self, act: Callable[[Sandbox], object]) -> None:
        """Do something to the simulated clouds behind the engine's back."""
        raise NotImplementedError

    def deployment(self) -> dict[str, Any]:
        """The state as it is kept, secrets encrypted."""
        raise NotImplementedError

    def state(self) -> dict[str, Any]:
        """URN → resource, with secrets readable and generated values numbered."""
        deployment = self.deployment()
        vault = _vault(deployment.get("secrets_providers", {}).get("state", {}).get("salt", ""))
        resources = deployment.get("resources") or []
        return _numbered({each["urn"]: _comparable(decode_value(each, vault)) for each in resources})

    def clouds(self) -> dict[str, list[Any]]:
        """Kind → all that the simulated clouds keep, but what happened to services that are gone."""
        found: dict[str, Any] = {}
        for kind, rows in Database(self.sandbox / "clouds.sqlite3").read().items():
            cloud, _, table = kind.partition("/")
            values = {id_: json.loads(text) for id_, text in rows.items()}
            if table.startswith(SETTINGS):
                found.setdefault(f"{cloud}/{SETTINGS}", []).append(values)
            elif table and table not in GROUPING:
                found[kind] = values
        services, deployments = found["railway/services"], found["railway/deployments"]
        living = {id_ for id_, service in services.items() if service["deleted_at"] is None}
        found["railway/deployments"] = [each for each in deployments.values() if each["service_id"] in living]
        return {kind: _anonymous(all_) for kind, all_ in found.items()}


class EmbeddedEngine(Engine):
    """``python -m railyard.engine``."""

    def operate(self, operation: str, *targets: str, fails: bool = False) -> Seen:
        system = [part for target in targets[:1] for part in ("--system", target.removeprefix("**::"))]
        outcome = self.run(operation, "-s", self.stack, *system, "--json")
        assert (outcome.code != 0) is fails, outcome.text[-4000:] + outcome.errors[-4000:]
        return _seen([step for step in outcome.json["steps"] if "error" not in step])

    def tamper(self, act: Callable[[Sandbox], object]) -> None:
        sandbox = Sandbox(self.sandbox)
        act(sandbox)
        sandbox.save()

    def unprotect(self) -> None:
        assert self.run("unprotect", "-s", self.stack).code == 0

    def deployment(self) -> dict[str, Any]:
        return json.loads((self.sandbox / f"{self.stack}.json").read_text())["deployment"]


class RealEngine(Engine):
    """``pulumi`` on a file backend, with the stand-ins in the place of plugins that would have to be downloaded.

    Without ``standins`` the real plugins are used, wherever ``pulumi`` finds them.
    """

    def __init__(
        self,
        directory: Path,
        running: ExitStack,
        stack: str = "staging",
        after: RealEngine | None = None,
        *,
        standins: bool = True,
    ) -> None:
        super().__init__(directory, stack, after)
        forked.environment(directory / ".venv")
        self.simulated = Sandbox(self.sandbox, plan=plan_of(read_configuration(directory, stack)))
        self.variables = {
            **environment(running.enter_context(self.simulated.serve()), self.sandbox),
            "PATH": os.pathsep.join([str(directory / "plugins"), os.environ["PATH"], str(program().parent)]),
            **code_of(directory),
            "PULUMI_HOME": str(home()),
            "PULUMI_BACKEND_URL": make_backend(self.sandbox).as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "GOGC": "400",  # it works less on its memory, of which it needs little
        }
        if standins:
            put_standins(directory, directory / "plugins", directory / ".venv" / "bin" / "python")
            self.variables["PULUMI_HOME"] = str(directory / "home")
        if after is None:
            self._make_stack()

    def _make_stack(self) -> None:
        """Make the stack: the first time with ``pulumi stack init``, then from the files that this left."""
        backend, settings = make_backend(self.sandbox), self.directory / f"Pulumi.{self.stack}.yaml"
        if self.stack not in NEW_STACKS:
            self.pulumi("stack", "init", self.stack, "--no-select")
            files = {file.relative_to(backend): file.read_bytes() for file in backend.rglob("*") if file.is_file()}
            (salt,) = re.findall(r"^encryptionsalt: .*\n", settings.read_text(), re.MULTILINE)
            NEW_STACKS[self.stack] = (files, salt)
            return
        files, salt = NEW_STACKS[self.stack]
        for name, content in files.items():
            (backend / name).parent.mkdir(parents=True, exist_ok=True)
            (backend / name).write_bytes(content)
        settings.write_text(settings.read_text() + salt)

    def operate(self, operation: str, *targets: str, fails: bool = False) -> Seen:
        # A test may have written other settings since the clouds were opened.
        self.simulated.railway.state.plan = plan_of(read_configuration(self.directory, self.stack))
        named = [part for target in targets for part in ("--target", target)]
        arguments = ("--stack", self.stack, "--json", *named)
        if operation == "preview":
            return _seen(json.loads(self.pulumi("preview", *arguments, fails=fails))["steps"])
        said = self.pulumi(operation, *arguments, "--yes", "--skip-preview", fails=fails)
        events = map(json.loads, said.splitlines())
        done = [event["resOutputsEvent"] for event in events if "resOutputsEvent" in event]
        return _seen([each["metadata"] for each in done])

    def tamper(self, act: Callable[[Sandbox], object]) -> None:
        act(self.simulated)
        self.simulated.save()

    def unprotect(self) -> None:
        self.pulumi("state", "unprotect", "--all", "--yes", "--stack", self.stack)

    def deployment(self) -> dict[str, Any]:
        checkpoint = States(directory=self.sandbox, stack=self.stack).checkpoint
        return json.loads(checkpoint.read_text())["checkpoint"]["latest"]

    @property
    def wrapped(self) -> dict[str, str]:
        """The variables of ``python -m railyard.engine`` with this engine: it finds the simulated clouds by itself."""
        return {**os.environ, **{name: self.variables[name] for name in ("PATH", "PYTHONPATH", "PULUMI_HOME")}}

    def railyard(self, *arguments: str, **variables: str) -> Said:
        """``railyard …`` as a process of this session: in another one its programs could not be forked."""
        done = subprocess.run(
            [sys.executable, "-m", "railyard", *arguments], cwd=self.directory, text=True, capture_output=True,
            env={**self.wrapped, **GIT, "NO_COLOR": "1", **variables}, timeout=LONGEST_S, check=False,
        )  # fmt: skip
        return Said(done.returncode, done.stdout, done.stderr)

    def ids(self) -> dict[str, str]:
        """URN → id of all that the state holds."""
        return {each["urn"]: each.get("id", "") for each in self.deployment().get("resources") or []}

    def clouds(self) -> dict[str, list[Any]]:
        self.simulated.save()
        return super().clouds()

    def pulumi(self, *arguments: str, fails: bool = False, **variables: str) -> str:
        """Run a command that must succeed, or fail, as a user types it in the project's root; gives what it printed."""
        done = subprocess.run(
            [program(), *arguments, "--non-interactive"],
            cwd=self.directory,
            env={**os.environ, **self.variables, **variables},
            capture_output=True,
            text=True,
            timeout=LONGEST_S,
            check=False,
        )
        said = f"pulumi {' '.join(arguments)}\n{done.stdout[-4000:]}{done.stderr[-4000:]}"
        assert (done.returncode != 0) is fails, said
        return done.stdout


@cache
def _vault(salt: str) -> Vault:
    return Vault(PASSPHRASE, salt)


def put_standins(project: Path, directory: Path, python: str | Path = sys.executable) -> None:
    """Put the stand-ins of a copy of the project into a directory, as programs under the names of Pulumi's plugins.

    A ``pulumi`` that was built from its Go module has no language host; then it gets one, too.
    """
    directory.mkdir(exist_ok=True)
    standins = project / "packages" / "pulumi-embedded" / "pulumi_embedded" / "standins"
    programs = {f"pulumi-resource-{name}": standins / name for name in PLUGINS}
    if not has_language_host():
        programs[LANGUAGE_HOST] = Path(__file__).with_name("language_host.py")
    for name, code in programs.items():
        (directory / name).write_text(STANDIN.format(python=shlex.quote(str(python)), directory=shlex.quote(str(code))))
        (directory / name).chmod(0o755)


@cache
def program() -> Path:
    """The ``pulumi`` that all tests of this folder need."""
    found = needs.pulumi()
    assert found is not None
    return found


@cache
def has_language_host() -> bool:
    """Whether Pulumi's own language host for Python is on PATH or beside the CLI."""
    path = os.pathsep.join([os.environ["PATH"], str(program().parent)])
    return shutil.which(LANGUAGE_HOST, path=path) is not None


def _seen(steps: list[dict[str, Any]]) -> Seen:
    told: dict[str, tuple[str, dict[str, str]]] = {}
    inputs: dict[str, Any] = {}
    for step in steps:
        if step["op"] in UNTOLD or "::pulumi:" in step["urn"]:
            continue
        changes = (step.get("detailedDiff") or {}).items()
        told[step["urn"]] = (step["op"], {path: each.get("kind") or each["diffKind"] for path, each in changes})
        inputs[step["urn"]] = (step.get("newState") or {}).get("inputs") or {}
    return told, _numbered(inputs)


def _comparable(resource: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in resource.items() if key not in BOOKKEEPING}
    kept["dependencies"] = sorted(kept.get("dependencies") or [])
    # The CLI drops a property's empty list when it loads the state again.
    by_property = kept.get("propertyDependencies") or {}
    kept["propertyDependencies"] = {key: sorted(urns) for key, urns in by_property.items() if urns}
    kept.get("inputs", {}).pop("__internal", None)
    return kept


def _numbered(resources: dict[str, Any]) -> dict[str, Any]:
    numbers: dict[str, str] = {}
    text = json.dumps(resources, sort_keys=True, default=lambda secret: {"secret": secret.value})
    return json.loads(GENERATED.sub(lambda found: numbers.setdefault(found[0], f"#{len(numbers)}"), text))


def _anonymous(value: Any) -> Any:
    if isinstance(value, dict):
        found = cast("dict[str, Any]", value)
        return sorted(([_anonymous(key), _anonymous(found[key])] for key in found), key=json.dumps)
    if isinstance(value, list):
        return sorted((_anonymous(item) for item in cast("list[Any]", value)), key=json.dumps)
    if isinstance(value, float):
        return "a moment"
    return GENERATED.sub("#", value) if isinstance(value, str) else value


@pytest.fixture
def engines(tmp_path: Path, stack: str) -> Iterator[tuple[RealEngine, EmbeddedEngine]]:
    """Both engines, with nothing deployed."""
    with ExitStack() as running:
        yield RealEngine(tmp_path / "real", running, stack), EmbeddedEngine(tmp_path / "embedded", stack)


@pytest.fixture
def stack() -> str:
    """The stack that the engines work on."""
    return "staging"


@pytest.fixture
def real(tmp_path: Path, stack: str) -> Iterator[RealEngine]:
    """The real engine alone, with nothing deployed."""
    with ExitStack() as running:
        yield RealEngine(tmp_path / "real", running, stack)
