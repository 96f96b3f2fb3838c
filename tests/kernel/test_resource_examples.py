"""The example on the page of each resource, as a program of its own."""

from __future__ import annotations

import runpy
import sys
from types import SimpleNamespace

import pulumi
import pulumi.runtime
import pytest

from components import packages
from pulumi_provider.checking import check
from pulumi_provider.sdk import module_of
from pulumi_provider.sdk_functions import function_module_of
from pulumi_provider.values import decode, encode
from pulumiverse_railway.provider.assembly import build_provider
from pulumiverse_railway.provider.generate import PAGES

RESOURCES = {module_of(resource): resource for resource in build_provider().resources}
BY_TOKEN = {resource.token: resource for resource in RESOURCES.values()}


@pytest.fixture
def run(deploy, monkeypatch):
    """Run an example; the inputs of what it registers, by type and name."""
    for key in ("shop:sessionKey", "shop:databasePassword"):
        monkeypatch.setitem(pulumi.runtime.config.CONFIG.get(), key, "made up for this test")
    # The one class of the package that an example uses, without the thousand others.
    cut = SimpleNamespace(DnsRecord=packages.cloudflare.DnsRecord)
    monkeypatch.setitem(sys.modules, "pulumi_cloudflare", cut)
    return lambda module: deploy(lambda: runpy.run_path(str(PAGES / "examples" / f"{module}.py")))


def test_every_resource_and_function_has_an_example():
    """And no example is left over from one that is gone."""
    functions = [function_module_of(function) for function in build_provider().functions]
    assert sorted(path.stem for path in (PAGES / "examples").glob("*.py")) == sorted([*RESOURCES, *functions])


@pytest.mark.parametrize("module", sorted(RESOURCES))
def test_an_example_declares_its_resource(run, module):
    """Who copies the example gets the resource of the page."""
    assert RESOURCES[module].token in {token for token, _ in run(module)}


@pytest.mark.parametrize("module", sorted(RESOURCES))
def test_the_provider_accepts_all_that_an_example_asks_for(run, module):
    """No example gives a property that its own check would refuse."""
    found = {
        name: check(BY_TOKEN[token](), decode(encode(inputs))).problems
        for (token, name), inputs in run(module).items()
        if token in BY_TOKEN
    }

    assert {name: problems for name, problems in found.items() if problems} == {}
