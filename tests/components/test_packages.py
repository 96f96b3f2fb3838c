"""The providers' packages, of which components load only what they use: how much, and beside whom."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
USED = {
    "cloudflare": ("DnsRecord", "ZoneSetting", "UniversalSslSetting", "get_zone"),
    "digitalocean": ("Cdn", "SpacesBucket", "SpacesKey", "SpacesBucketCorsConfiguration"),
}
SCRIPT = """
import gc, importlib, inspect, json, sys
gc.disable()  # two packages of a thousand modules, of which nothing is garbage
import components.bucket, components.domain, components.zone
from components import packages
from pulumi import _types

used = json.loads(sys.argv[1])
told = {"types": {}, "used_twice": [], "found_before": [], "shared": []}

def types_of(thing, module):
    shown = lambda types: {name: str(kind).replace("cut_of_", "") for name, kind in types.items()}
    if not inspect.isclass(thing):
        result = next(value for name, value in vars(module).items() if name.endswith("Result"))
        return [str(inspect.signature(thing)).replace("cut_of_", ""), shown(_types.output_type_types(result))]
    taken = getattr(module, thing.__name__ + "Args")
    names = _types.input_type_py_to_pulumi_names(taken)
    return [shown(_types.resource_types(thing)), shown(_types.input_type_types(taken)), names]

cut = {(package, name): getattr(getattr(packages, package), name) for package in used for name in used[package]}
told["loaded_by_use"] = sorted(name for name in sys.modules if name.startswith("pulumi_"))
told["files"] = sorted(name for name in sys.modules if name.startswith("cut_of_"))
for (package, name), thing in cut.items():
    told["types"][name] = [types_of(thing, sys.modules[thing.__module__])]
for package in used:
    whole = importlib.import_module("pulumi_" + package)
    for name in used[package]:
        thing = getattr(whole, name)
        told["types"][name].append(types_of(thing, sys.modules[thing.__module__]))
        told["used_twice"].append(getattr(getattr(packages, package), name) is cut[package, name])
        told["found_before"].append(getattr(packages._Package("pulumi_" + package), name) is thing)
        told["shared"].append(thing is cut[package, name])
    told["count_" + package] = sum(inspect.isclass(value) for value in vars(whole).values())
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def told() -> Mapping[str, Any]:
    """What a process of its own found: it uses the components' resources, and then imports both packages."""
    command = [sys.executable, "-c", SCRIPT, json.dumps(USED)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_only_what_is_used_of_the_packages_is_loaded(told: Mapping[str, Any]) -> None:
    """All resources that components use, and neither package as a whole."""
    assert told["loaded_by_use"] == []
    assert len(told["files"]) < 20


@pytest.mark.parametrize("name", [name for names in USED.values() for name in names])
def test_a_resource_loaded_alone_has_the_types_of_the_package(told: Mapping[str, Any], name: str) -> None:
    """Its inputs and outputs, at any depth, are those of the same resource of the whole package."""
    alone, whole = told["types"][name]

    assert alone == whole
    assert any(alone)


def test_a_program_may_import_the_packages_afterwards(told: Mapping[str, Any]) -> None:
    """It gets all of them, in classes of their own; components go on with the ones that they have."""
    assert told["count_cloudflare"] > 1_000
    assert told["count_digitalocean"] > 200
    assert not any(told["shared"])
    assert all(told["used_twice"])


def test_a_program_may_import_the_packages_before(told: Mapping[str, Any]) -> None:
    """What is loaded already is used: there is one class for each resource then."""
    assert all(told["found_before"])
