"""The plan of the simulated account: the limits that the settings know, and Railway's words for what is beyond."""

from __future__ import annotations

import httpx
import pytest

from pulumi_operations.events import Operation
from railway_api.certificates import trusted
from railway_api.plans import PLANS as KNOWN
from railway_api.plans import Plan
from railway_sandbox.clock import ManualClock
from railway_sandbox.railway.plans import GB_IN_MB, PLANS
from railway_sandbox.server import Sandbox, set_plan
from railyard.engine import operate
from railyard.engine.configuration import read_configuration
from railyard.shared.project import project_directory
from tests.sandbox_railway.railway_client import Client, open_account


@pytest.mark.parametrize("plan", list(Plan))
def test_both_tables_of_plans_say_the_same(plan: Plan):
    """The simulator has a table of its own on purpose; a limit that is changed in one of them alone is noticed."""
    simulated, known = PLANS[plan], KNOWN[plan]

    assert simulated.max_replicas_per_service == known.replicas_per_service
    assert simulated.max_vcpus_per_service == known.vcpus_per_service
    assert simulated.max_memory_gb_per_service * GB_IN_MB == known.memory_mb_per_service
    assert simulated.max_volume_mb == known.gb_per_volume * GB_IN_MB
    assert simulated.max_volumes_per_project == known.volumes_per_project
    assert simulated.max_custom_domains_per_service == known.custom_domains_per_service
    assert simulated.always_restart == known.restarts_always
    assert simulated.private_registries == known.private_registries
    assert simulated.image_retention_hours == known.rollback_hours
    assert simulated.requests_per_hour == known.requests.per_hour
    assert simulated.requests_per_second in (known.requests.per_second, None)


def test_limits_count_all_replicas_of_a_service():
    """Two replicas with 40 vCPU each are more than the 48 of a Hobby service; two with 24 are not."""
    railway = open_account("hobby")
    project, environment = railway.project()
    service = railway.service(project, environment, source={"image": "nginx:1"})

    def patch(vcpus: float, memory_gb: float) -> dict[str, object]:
        limits = {"containers": {"cpu": vcpus, "memoryBytes": int(memory_gb * 1e9)}}
        deploy = {"multiRegionConfig": {"us-west2": {"numReplicas": 2}}, "limitOverride": limits}
        return {"services": {service: {"deploy": deploy}}}

    refused = railway.failure(environment, patch(40, 8))
    assert refused == "Your plan is limited to 48 vCPU per service. Please upgrade your plan."
    refused = railway.failure(environment, patch(8, 40))
    assert refused == "Your plan is limited to 48 GB of memory per service. Please upgrade your plan."
    railway.commit(environment, patch(24, 24))


def test_a_run_gives_the_account_the_plan_of_its_stack(tmp_path, monkeypatch):
    """Staging is on Hobby and production on Pro, whether the run starts the sandbox or finds one that is served."""
    monkeypatch.setenv("RAILYARD_SANDBOX", str(tmp_path))
    staging, production = (
        operate.plan_of(read_configuration(project_directory(), name)) for name in ("staging", "production")
    )

    with operate.clouds(Operation.UP, staging):
        assert Sandbox(tmp_path).railway.state.plan == "hobby"
        with operate.clouds(Operation.UP, production):
            assert Sandbox(tmp_path).railway.state.plan == "pro"
    with operate.serving():
        assert Sandbox(tmp_path).railway.state.plan == "pro"


def test_the_account_has_the_plan_that_it_is_given_and_keeps_it(tmp_path):
    """A sandbox begins on Pro; a plan that a run gives it counts at once, in a running server too, and stays."""
    assert Sandbox(tmp_path, clock=ManualClock()).railway.plan is PLANS["pro"]
    clock = ManualClock()
    sandbox = Sandbox(tmp_path, clock=clock, plan="hobby")
    with sandbox.serve() as address:
        railway = Client.of(sandbox, clock)
        assert railway.post("{ regions { name } }").headers["X-RateLimit-Limit"] == "1000"
        set_plan(address, "free")
        assert railway.post("{ regions { name } }").headers["X-RateLimit-Limit"] == "100"
        answer = httpx.put(
            f"{address}/sandbox/plan", json={"plan": "hobbyist"}, trust_env=False, verify=trusted(address)
        )
        assert (answer.status_code, answer.json()["message"].partition(";")[0]) == (400, "there is no plan 'hobbyist'")

    assert Sandbox(tmp_path).railway.plan is PLANS["free"]
