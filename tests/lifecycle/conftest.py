"""A copy of the project in which the Makefile's commands run, and a view of what they left in the simulated clouds."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from railway_sandbox.clock import ManualClock
from railway_sandbox.railway import operations
from railway_sandbox.railway.cloud import Defect
from railway_sandbox.railway.storage.volumes import LONGEST_LAG_S
from railway_sandbox.server import SANDBOX, Sandbox
from railyard.engine.commands import application as engine
from railyard.engine.engine import code_of

ROOT = Path(__file__).parents[2]
COPIED = ("__main__.py", "Pulumi.yaml", "defaults.yaml", "secrets")
CODE = ("components", "packages", "railyard", "stacks")
LONGEST_S = 600


@dataclass(frozen=True)
class Outcome:
    """How a command ended and what it printed."""

    code: int
    text: str
    errors: str

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.text)

    def operations(self) -> Counter[str]:
        """How many resources had which operation, unchanged ones left out."""
        return Counter(step["op"] for step in self.json["steps"] if step["op"] != "same")


def copy(names: Sequence[str], directory: Path) -> None:
    """Copy files and folders of the project into a directory."""
    for name in names:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, directory / name, ignore=shutil.ignore_patterns("*.egg-info"))
        else:
            shutil.copy(ROOT / name, directory)


class Checkout:
    """A copy of the project with settings of its own, and with those folders of code that a test ``changes``.

    The other folders are links, by which a process finds the code that the tests have loaded (tests/forked.py).
    """

    def __init__(self, directory: Path, changes: Sequence[str] = ()) -> None:
        self.directory = directory
        self.sandbox = directory / ".sandbox"
        directory.mkdir()
        copy((*COPIED, *changes), directory)
        for name in CODE:
            if name not in changes:
                (directory / name).symlink_to(ROOT / name, target_is_directory=True)
        for stack in ("staging", "production"):
            shutil.copy(ROOT / f"Pulumi.{stack}.yaml", directory)

    def change(self, stack: str, old: str, new: str) -> None:
        """Change the settings of a stack by hand."""
        file = self.directory / f"Pulumi.{stack}.yaml"
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))

    def run(self, *arguments: str) -> Outcome:
        """Run ``python -m railyard.engine`` to its end."""
        done = self._start(*arguments)
        text, errors = done.communicate(timeout=LONGEST_S)
        return Outcome(done.returncode, text, errors)

    def json(self, *arguments: str) -> Outcome:
        """Run a command that must succeed, for its JSON."""
        outcome = self.run(*arguments, "--json")
        assert outcome.code == 0, outcome.text[-4000:] + outcome.errors[-4000:]
        return outcome

    def listed(self) -> Path:
        """Let time pass until Railway's lists have what was made, however fast the machine is; the clouds' folder."""
        clock = ManualClock()
        sandbox = Sandbox(self.sandbox, clock=clock)
        clock.current_s = json.loads(sandbox.storage.read_state(SANDBOX)[SANDBOX]["time_s"]) + LONGEST_LAG_S
        operations.catch_up(sandbox.railway)
        sandbox.save()
        return self.sandbox

    def killed(self, when: Callable[[], bool], *arguments: str) -> None:
        """Run a command and kill all of it with SIGKILL as soon as ``when`` holds; fails when it ended before."""
        running = self._start(*arguments)
        deadline = time.monotonic() + LONGEST_S
        while running.poll() is None and time.monotonic() < deadline:
            if when():
                with suppress(ProcessLookupError):
                    os.killpg(running.pid, signal.SIGKILL)
                running.communicate()
                assert running.returncode == -signal.SIGKILL, "it ended before it was killed"
                return
            time.sleep(0.002)
        raise AssertionError("it ended before it was killed", *running.communicate(timeout=LONGEST_S))

    def requests(self) -> list[dict[str, Any]]:
        """The request log, without a last line that is being written."""
        file = self.sandbox / "requests.jsonl"
        return [json.loads(line) for line in file.read_text().split("\n")[:-1]] if file.exists() else []

    def break_image(self, image: str, how: Defect) -> None:
        """Let deployments of an image fail from now on."""
        sandbox = Sandbox(self.sandbox)
        sandbox.railway.fail_image(image, how)
        sandbox.save()

    def world(self) -> dict[str, Any]:
        """What exists in the simulated clouds, by names that do not depend on generated ids."""
        return world(Sandbox(self.sandbox))

    @property
    def environment(self) -> dict[str, str]:
        """The variables of ``python -m railyard.engine``."""
        return {**os.environ, "ENGINE": "embedded", "NO_COLOR": "1", **code_of(self.directory)}

    def _start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "railyard.engine", *arguments],
            cwd=self.directory,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )


class InProcess(Checkout):
    """A checkout whose commands run in the process of the tests: theirs are about other things than processes."""

    def run(self, *arguments: str) -> Outcome:
        """Run a command of ``python -m railyard.engine`` to its end; a traceback fails the test."""
        places = {"RAILYARD_PROJECT": str(self.directory), "RAILYARD_SANDBOX": str(self.sandbox)}
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.directory)
            for name, value in {"ENGINE": "embedded", "NO_COLOR": "1", **places}.items():
                patch.setenv(name, value)
            done = CliRunner().invoke(engine, arguments)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return Outcome(done.exit_code, done.stdout, done.stderr)


def with_system(directory: Path, module: Path, settings: str) -> Checkout:
    """Return a copy of the project whose only system is the one in ``module``, with these settings in staging."""
    checkout = Checkout(directory)
    shutil.copy(module, directory)
    project, name = directory / "Pulumi.yaml", module.stem
    before = project.read_text().partition("\nrailyard:\n")[0]
    project.write_text(f"{before}\nrailyard:\n  systems: {{{name}: {name}:{name.capitalize()}}}\n")
    (directory / "defaults.yaml").unlink()  # it is about systems that this copy does not know
    file = directory / "Pulumi.staging.yaml"
    file.write_text(file.read_text().partition("\n  railyard:omega")[0] + settings)
    return checkout


def with_copy_of(found: Checkout, directory: Path, *, requests: bool = False) -> Checkout:
    """Return a copy of a checkout as it was brought up, with an empty request log unless ``requests``."""
    shutil.copytree(found.directory, directory, symlinks=True)
    checkout = object.__new__(Checkout)
    checkout.directory, checkout.sandbox = directory, directory / ".sandbox"
    if not requests:
        (checkout.sandbox / "requests.jsonl").unlink(missing_ok=True)
    return checkout


def world(sandbox: Sandbox) -> dict[str, Any]:
    """What exists in the clouds of ``sandbox``."""
    railway = sandbox.railway.state

    def live(records: dict[str, Any]) -> list[Any]:
        return [record for record in records.values() if record.deleted_at is None]

    projects = {record.id: record.name for record in live(railway.projects)}
    services = {
        record.id: f"{projects[record.project_id]}/{record.name}"
        for record in live(railway.services)
        if record.project_id in projects
    }

    def of_service(records: dict[str, Any], text: Callable[[Any], str]) -> list[str]:
        return sorted(f"{services[r.service_id]} {text(r)}" for r in live(records) if r.service_id in services)

    deployments = Counter(
        services[record.service_id] for record in railway.deployments.values() if record.service_id in services
    )
    zones = sandbox.cloudflare.zones()
    return {
        "projects": sorted(projects.values()),
        "services": sorted(services.values()),
        "volumes": of_service(
            railway.volume_instances, lambda r: f"{r.mount_path} {r.size_mb} {sorted(r.backup_schedules)}"
        ),
        "custom domains": of_service(railway.custom_domains, lambda r: r.domain),
        "service domains": of_service(railway.service_domains, lambda r: str(r.target_port)),
        "deployments": dict(sorted(deployments.items())),
        "records": sorted(
            f"{record['type']} {record['name']}" for zone in zones for record in sandbox.cloudflare.records(zone["id"])
        ),
        "redirects": sorted(
            rule["ref"]
            for zone in zones
            for each in sandbox.cloudflare.rulesets(zone["id"]).every()
            for rule in sandbox.cloudflare.rulesets(zone["id"]).one(each["id"]).get("rules", [])
        ),
        "railway buckets": sorted(railway.buckets[each.bucket_id].name for each in live(railway.bucket_instances)),
        "keys": sorted(key["name"] for key in sandbox.digitalocean.spaces_keys()),
        "endpoints": sorted(endpoint["origin"] for endpoint in sandbox.digitalocean.endpoints()),
        "buckets": sorted(name for name in ("seance-cdn", "seance-cdn-staging") if sandbox.spaces.owns(name)),
    }


@dataclass(frozen=True)
class FromNothing:
    """A whole stack that was brought up, and what each command on the way said; tests copy it."""

    checkout: Checkout
    preview: Outcome
    asked: list[dict[str, Any]]
    """The requests of that preview."""
    up: Outcome
    again: Outcome
    """A preview of what is up."""


@pytest.fixture(scope="session")
def from_nothing(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], FromNothing]:
    """Brings a stack up in an empty sandbox, once."""

    @cache
    def made(stack: str) -> FromNothing:
        checkout = Checkout(tmp_path_factory.mktemp(stack) / "railyard")
        preview, asked = checkout.json("preview", "-s", stack), checkout.requests()
        up = checkout.json("up", "-s", stack)
        return FromNothing(checkout, preview, asked, up, checkout.json("preview", "-s", stack))

    return made


@pytest.fixture(scope="session")
def unprotected_seance(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Seance of staging, up and no longer protected; tests copy it."""
    checkout = Checkout(tmp_path_factory.mktemp("seance") / "railyard")
    checkout.json("up", "-s", "staging", "--system", "seance")
    assert checkout.run("unprotect", "-s", "staging").code == 0
    return checkout


@dataclass(frozen=True)
class NewCommit:
    """Staging with another commit of Seance: what its preview said, and what it led to."""

    before: Checkout
    preview: Outcome
    after: Checkout


@pytest.fixture(scope="session")
def new_commit(from_nothing: Callable[[str], FromNothing], tmp_path_factory: pytest.TempPathFactory) -> NewCommit:
    """Previewed and brought up once."""
    before = from_nothing("staging").checkout
    after = with_copy_of(before, tmp_path_factory.mktemp("commit") / "railyard")
    after.change("staging", "commit: a1b2c3d", "commit: b2c3d4e")
    preview = after.json("preview", "-s", "staging")
    after.json("up", "-s", "staging")
    return NewCommit(before, preview, after)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A fresh copy of the project with an empty sandbox."""
    return Checkout(tmp_path / "railyard")


@pytest.fixture
def staging(from_nothing: Callable[[str], FromNothing], tmp_path: Path) -> Checkout:
    """A copy of the project in which staging is up."""
    return with_copy_of(from_nothing("staging").checkout, tmp_path / "staging")


@pytest.fixture
def seance(unprotected_seance: Checkout, tmp_path: Path) -> Checkout:
    """A copy of the project in which Seance of staging is up, and may be deleted."""
    return with_copy_of(unprotected_seance, tmp_path / "railyard")
