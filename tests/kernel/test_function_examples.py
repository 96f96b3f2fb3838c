"""The example on the page of each function, as a program of its own."""

from __future__ import annotations

import runpy
from typing import Any

import pulumi
import pulumi.runtime
import pytest

from pulumi_provider.checking import check
from pulumi_provider.sdk_functions import function_module_of
from pulumi_provider.values import decode, encode
from pulumiverse_railway.provider.assembly import build_provider
from pulumiverse_railway.provider.generate import PAGES
from tests.programs import run

FUNCTIONS = {function_module_of(function): function for function in build_provider().functions}
BY_TOKEN = {function.token: function for function in FUNCTIONS.values()}
ANSWERS: dict[str, dict[str, Any]] = {
    "railway:index:getProject": {"projectId": "p", "name": "shop", "environments": {"production": "e"}},
    "railway:index:getEnvironment": {"projectId": "p", "projectName": "shop", "environmentId": "e", "name": "staging"},
    "railway:index:getService": {
        "projectId": "p",
        "environmentId": "e",
        "serviceId": "s",
        "name": "api",
        "domains": [],
    },
    "railway:index:getRegions": {"names": ["us-west2"], "regions": []},
    "railway:index:getEstimatedUsage": {"projects": [], "totalUsd": 12.5},
}


class Answering(pulumi.runtime.Mocks):
    """Answers each call, and keeps it."""

    def __init__(self) -> None:
        self.calls: dict[str, Any] = {}

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        return args.resource_id or "made", {**args.inputs, "environmentId": "e"}

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]]]:
        self.calls[args.token] = args.args
        return ANSWERS[args.token], []


def calls_of(module: str) -> dict[str, Any]:
    """The calls that an example makes, by token."""
    answering = Answering()

    def program() -> None:
        runpy.run_path(str(PAGES / "examples" / f"{module}.py"))

    run(answering, program)
    return answering.calls


@pytest.mark.parametrize("module", sorted(FUNCTIONS))
def test_an_example_calls_its_function_with_inputs_that_the_provider_takes(module: str) -> None:
    """Who copies the example gets an answer."""
    calls = calls_of(module)
    assert FUNCTIONS[module].token in calls
    for token, inputs in calls.items():
        assert list(check(BY_TOKEN[token](), decode(encode(inputs))).problems) == []
