"""What a preview says that the up will cost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pulumi_operations.events import Change, Step, StepKind
from railyard.output.up_estimate import UpEstimate, estimate_up

PROJECT = "urn:pulumi:test::railyard::railway:index:Project::shop"


def step(kind: StepKind, noun: str, name: str, *needs: str, project_id: Any = None, **inputs: Any) -> Step:
    urn = PROJECT if noun == "Project" else f"urn:pulumi:test::railyard::railway:index:{noun}::{name}"
    given = {**inputs, **({"projectId": project_id} if project_id else {})}
    old = {} if kind is StepKind.CREATE else given
    return Step(
        kind=kind,
        urn=urn,
        type=f"railway:index:{noun}",
        name=name,
        old_inputs=old,
        new_inputs=given,
        dependencies=frozenset(needs),
    )


def topology() -> list[Step]:
    """One project, six services, three volumes with a size, five domains."""
    steps = [step(StepKind.CREATE, "Project", "shop")]
    for index in range(6):
        service = step(StepKind.CREATE, "Service", f"service-{index}", PROJECT)
        needs = [PROJECT, service.urn]
        steps.append(service)
        if index < 3:
            steps.append(step(StepKind.CREATE, "Volume", f"volume-{index}", *needs, sizeMb=5_000))
            needs.append(steps[-1].urn)
        steps.append(step(StepKind.CREATE, "ServiceInstance", f"instance-{index}", *needs, image="app:1"))
        if index < 5:
            domain = step(StepKind.CREATE, "CustomDomain", f"domain-{index}", PROJECT, service.urn)
            steps += [domain, step(StepKind.CREATE, "CustomDomainValidation", f"validation-{index}", domain.urn)]
    return steps


def test_topology_costs_what_the_provider_needs() -> None:
    """Look-up, project, services, three volumes, domains and two commits."""
    assert estimate_up(topology()) == UpEstimate(requests=9, deployments=6)


def test_new_image_costs_a_look_and_a_commit() -> None:
    """A change of one instance is one look, one commit and one deployment."""
    changed = step(StepKind.UPDATE, "ServiceInstance", "instance", project_id="4f1c", image="app:2")
    assert estimate_up([replace(changed, changes={"image": Change.UPDATE})]) == UpEstimate(requests=2, deployments=1)


@pytest.mark.parametrize("path", ["numReplicas", "regions.us-west2", "waitForDeployment"])
def test_scaling_deploys_nothing(path: str) -> None:
    """More replicas are a commit without a deployment."""
    scaled = step(StepKind.UPDATE, "ServiceInstance", "instance", project_id="4f1c")
    assert estimate_up([replace(scaled, changes={path: Change.UPDATE})]) == UpEstimate(requests=2, deployments=0)


def test_project_that_exists_is_looked_at_once() -> None:
    """A service added to a project that exists costs one read more, however many there are."""
    added = [step(StepKind.CREATE, "Service", f"service-{index}", project_id="4f1c") for index in range(3)]
    assert estimate_up(added) == UpEstimate(requests=2, deployments=0)


def test_destroyed_project_takes_all_with_it() -> None:
    """What goes with its project costs nothing, but volumes are deleted by themselves."""
    gone = [replace(each, kind=StepKind.DELETE) for each in topology()]
    assert estimate_up(gone) == UpEstimate(requests=2, deployments=0)


def test_replacement_is_counted_by_its_halves() -> None:
    """The step that stands for a whole replacement has no work of its own."""
    halves = (StepKind.CREATE_REPLACEMENT, StepKind.DELETE_REPLACED, StepKind.REPLACE)
    steps = [step(kind, "CustomDomain", "domain", project_id="4f1c") for kind in halves]
    assert estimate_up(steps) == UpEstimate(requests=3, deployments=0)


def test_nothing_to_do_costs_nothing() -> None:
    """Without a change at Railway nothing is said."""
    assert estimate_up([step(StepKind.SAME, "Project", "shop")]) is None


def test_it_is_said_in_one_line() -> None:
    """The line says what it is about, and is right in grammar."""
    assert UpEstimate(requests=1, deployments=0).sentence("pro") == (
        "up will send about 1 request to Railway and start no deployments; the pro plan allows 10,000 requests an hour"
    )
