"""Runs components against Pulumi's own mocks and hands back what they registered; Ctrl-C counts wherever tests run."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable, Mapping
from functools import cache, partial
from inspect import isawaitable
from pathlib import Path
from typing import Any

import pulumi
import pulumi.runtime
import pytest
from hypothesis import HealthCheck, settings
from typer import testing
from typer.main import get_command

from tests import forked, programs, shared_salt

pytest_plugins = ("tests.needs",)

# A shell that starts the tests in the background has them, and all that they start, ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Processes that start by the hundred read compiled files, also where the machine says that none are to be kept.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# What collection loads stays: looking through it for garbage, again and again, takes a fifth of that time.
gc.disable()

forked.install()
shared_salt.share()

# The tree of all commands is the same for each that a test runs in this process, and takes as long as reading a stack.
testing._get_command = cache(get_command)  # pyright: ignore[reportPrivateUsage, reportPrivateImportUsage]

TESTS = Path(__file__).parent

# The same examples in every run, however slow the machine: what was green stays green until something changes.
settings.register_profile(
    "suite", derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("suite")

SLOW = (
    "clouds/test_trouble.py", "components/test_component_examples.py", "components/test_packages.py",
    "conformance", "docs/test_imports.py", "edge/test_systems_at_the_edge.py",
    "engine/test_engine_kill.py", "environments", "kernel/test_kernel_process.py", "kernel/test_kernel_sdk.py",
    "lifecycle", "live", "operations/", "operations_adopt", "operations_backup",
    "operations_export", "operations_promotion", "operations_secrets", "operations_workflows",
    "provider/test_answers_that_break_the_schema.py", "provider/test_fault_matrix.py", "provider/test_faults.py",
    "provider/test_killed_operations.py", "provider/test_two_faults.py", "provider/test_whole_lives.py",
    "settings/test_declared_once.py", "systems/test_adding_a_system.py", "systems/test_data_lifecycle.py",
    "systems/test_parts.py", "test_forked.py", "test_virtual_time.py", "upgrade", "wheels",
)  # fmt: skip
"""What starts commands, brings stacks up or tries every fault: ``-m "not slow"`` leaves these folders and files out."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is slow; give one worker all tests of a folder that share something made once for the session."""
    for item in items:
        if str(item.path.relative_to(TESTS)).startswith(SLOW):
            item.add_marker(pytest.mark.slow)
        assert isinstance(item, pytest.Function)
        used = [definitions[-1] for definitions in item._fixtureinfo.name2fixturedefs.values()]  # pyright: ignore[reportPrivateUsage]
        shared = {
            each.baseid for each in used if each.scope in ("session", "module") and each.baseid.startswith("tests/")
        }
        if shared:
            item.add_marker(pytest.mark.xdist_group(min(shared, key=len)))


def pytest_collection_finish() -> None:
    """Look for garbage again, in what is made from now on."""
    gc.freeze()
    gc.enable()


Inputs = Mapping[str, Any]
Deploy = Callable[[Callable[[], object]], dict[tuple[str, str], Inputs]]


def _revealed(value: Any) -> Any:
    # The mocks hand a group with one secret inside over as one secret.
    if isinstance(value, dict) and "4dabf18193072939515e22adb298388d" in value:
        return value["value"]
    return value


class Recorder(pulumi.runtime.Mocks):
    """Remembers every resource; answers with its inputs and made-up outputs; refuses every look-up in a cloud."""

    def __init__(self) -> None:
        self.seen: dict[tuple[str, str], Inputs] = {}

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        self.seen[args.typ, args.name] = {key: _revealed(value) for key, value in args.inputs.items()}
        made = {
            "railway:index:Project": {"environmentId": "environment"},
            "railway:index:Service": {
                "serviceId": f"{args.name}-id",
                "privateDomain": f"{args.inputs.get('name')}.railway.internal",
            },
            "railway:index:ServiceDomain": {"domain": f"{args.name}.up.railway.app"},
            "railway:index:Bucket": {
                "bucketName": "files-1a2b",
                "endpoint": "https://storage.railway.app",
                "signingRegion": "auto",
                "accessKeyId": "made-key",
                "secretAccessKey": "made-secret",
            },
            "railway:index:Volume": {"volumeId": f"{args.name}-id"},
            "railway:index:CustomDomain": {
                "cnameTarget": "abc.up.railway.app",
                "verificationHost": f"_railway-verify.{args.inputs.get('domain')}",
                "verificationValue": "railway-verify=123",
                "acmeHost": "_acme-challenge.example.com",
                "acmeTarget": "abc.authorize.railwaydns.net",
            },
            "digitalocean:index/spacesBucket:SpacesBucket": {
                "bucketDomainName": f"{args.inputs.get('name')}.sfo3.digitaloceanspaces.com"
            },
            "digitalocean:index/cdn:Cdn": {"endpoint": "files.sfo3.cdn.digitaloceanspaces.com"},
            "digitalocean:index/spacesKey:SpacesKey": {"accessKey": "DO00KEY", "secretKey": "made-secret"},
        }  # fmt: skip
        return f"{args.name}-id", {**args.inputs, **made.get(args.typ, {})}

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        message = f"a component looked something up: {args.token}"
        raise AssertionError(message)


@pytest.fixture(scope="session")
def deploy() -> Deploy:
    """Run a program in up mode; the inputs of all that it registered, by type and name, as on the wire."""

    return _deploy


@pytest.fixture
def preview() -> Deploy:
    """Run a program as a preview does, in which what resources make is unknown; gives what ``deploy`` gives."""
    return partial(_deploy, preview=True)


def _deploy(program: Callable[[], object], *, preview: bool = False) -> dict[tuple[str, str], Inputs]:
    recorder = Recorder()

    async def body() -> None:
        made = program()
        if isawaitable(made):
            await made

    programs.run(recorder, body, preview=preview)
    return recorder.seen
