"""A service made by hand comes under a program with Pulumi's option ``import_``, through the embedded engine."""

from __future__ import annotations

import sys
from pathlib import Path

import pulumi

import pulumiverse_railway as railway
from pulumi_embedded.runner import Options, run
from pulumi_operations.events import Operation
from railway_sandbox.addresses import environment
from railway_sandbox.clock import ManualClock
from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.server import Sandbox
from tests.provider.test_imports import Hand

ROOT = Path(__file__).parents[2]
CLOUDFLARE = ROOT / "packages" / "pulumi-embedded" / "pulumi_embedded" / "standins" / "cloudflare"
REAL_TIME = 1.0
"""Time limits are minutes here, which no machine is too slow for; the clouds' clock stands still."""


def test_a_running_service_is_imported_and_stays_as_it_is(tmp_path: Path) -> None:
    """The run imports and updates nothing; the next one has nothing to do, and no deployment was started."""
    sandbox = Sandbox(tmp_path, clock=ManualClock())
    hand = Hand(sandbox.railway)
    service = hand.service(image="app:1")
    sandbox.save()

    def program() -> None:
        where = {"project_id": hand.project, "environment_id": hand.environment}
        instance_id = f"{hand.place}/{service}"
        identity = railway.Service("web", name="web", **where, opts=pulumi.ResourceOptions(import_=instance_id))
        railway.ServiceInstance(
            "instance",
            service_id=identity.service_id,
            image="app:1",
            restart_policy_type="ON_FAILURE",
            restart_policy_max_retries=10,
            sleep_application=False,
            regions={"us-west2": 1},
            **where,
            opts=pulumi.ResourceOptions(import_=instance_id),
        )

    before = _deployments(sandbox.railway)
    with sandbox.serve() as address:
        options = Options(
            root=ROOT,
            stack="imported",
            state_file=tmp_path / "imported.json",
            config={},
            plugins={
                "cloudflare": [
                    sys.executable,
                    str(CLOUDFLARE),
                ]
            },
            program=program,
            environment=environment(address, REAL_TIME),
        )
        results = [run(operation, options) for operation in (Operation.UP, Operation.REFRESH, Operation.PREVIEW)]
    said = [each.message for result in results for each in result.diagnostics if each.severity == "error"]
    assert all(result.succeeded for result in results), said
    kinds = [{step.kind.value for step in result.steps} for result in results]
    assert kinds[0] == {"import"}
    assert kinds[2] == {"same"}
    assert [step.changes for step in results[2].steps if step.changes] == []
    assert _deployments(sandbox.railway) == before


def _deployments(cloud: RailwayCloud) -> list[str]:
    return sorted(cloud.state.deployments)
