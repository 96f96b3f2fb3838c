"""Patches that are refused: by their form, by what else is set, by the plan, and when they are applied."""

from __future__ import annotations

import pytest

from railway_sandbox.railway.errors import NotSimulated
from railway_sandbox.railway.records import Aftermath
from tests.sandbox_railway.railway_client import Json, open_account
from tests.sandbox_railway.shop import PATCHES, Shop

STAGED = "query($e: String!) { environmentStagedChanges(environmentId: $e) { patch } }"


def test_a_configuration_file_is_refused(shop: Shop):
    """In Railway's words, in a patch and by the older way; taking one away is no mistake."""
    words = (
        "Config as Code (railway.json / railway.toml) is deprecated. Use Infrastructure as Code (.railway/railway.ts) "
        "instead. See https://docs.railway.com/infrastructure-as-code#migrating-from-config-as-code"
    )
    older = """mutation($s: String!, $e: String!, $i: ServiceInstanceUpdateInput!) {
        serviceInstanceUpdate(serviceId: $s, environmentId: $e, input: $i) }"""

    assert shop.refusal(configFile="railway.toml") == words
    assert shop.railway.refusal(older, s=shop.web, e=shop.environment, i={"railwayConfigFile": "railway.toml"}) == words
    shop.patch(configFile=None)


@pytest.mark.parametrize(
    "settings",
    [
        {"deploy": {"startCommnd": "typo"}},
        {"deploy": {"numReplicas": 0}},
        {"deploy": {"numReplicas": "2"}},
        {"deploy": {"multiRegionConfig": {"moon": {"numReplicas": 1}}}},
        {"deploy": {"multiRegionConfig": {"us-west2": {"numReplicas": 0}}}},
        {"deploy": {"healthcheckPath": "no-slash"}},
        {"deploy": {"healthcheckPath": "/up", "healthcheckTimeout": 0}},
        {"deploy": {"cronSchedule": "* * * * *"}},
        {"deploy": {"cronSchedule": "0,3 * * * *"}},
        {"deploy": {"cronSchedule": "0 25 * * *"}},
        {"deploy": {"cronSchedule": "hourly"}},
        {"source": {"image": "nginx", "repo": "me/web"}},
        {"source": {"image": "nginx:1.2", "autoUpdates": {"type": "major"}}},
        {"source": {"image": "quay.io/nginx:1.2", "autoUpdates": {"type": "minor"}}},
        {"source": {"image": "nginx:1", "autoUpdates": {"type": "patch", "schedule": []}}},
        {"source": {"image": "nginx:1", "autoUpdates": {"schedule": [{"day": 7, "startHour": 0, "endHour": 1}]}}},
        {"source": {"image": "nginx:1", "autoUpdates": {"schedule": [{"day": 1, "startHour": 6, "endHour": 2}]}}},
        {"deploy": {"preDeployCommand": ["migrate"], "preDeployTimeoutSeconds": 0}},
        {"networking": {"tcpProxies": {"port": {}}}},
        {"networking": {"tcpProxies": {"²": {}}}},
        {"deploy": {"numReplicas": -1}},
        {"deploy": {"numReplicas": True}},
        {"deploy": {"multiRegionConfig": {"us-west2": {"numReplicas": -1}}}},
        {"deploy": {"sleepApplication": "yes"}},
        {"deploy": {"drainingSeconds": -1}},
        {"deploy": {"restartPolicyMaxRetries": -1}},
        {"deploy": {"cronSchedule": "*/-5 * * * *"}},
        {"deploy": {"cronSchedule": "*/0 * * * *"}},
        {"deploy": {"cronSchedule": "1_0 * * * *"}},
        {"deploy": {"cronSchedule": "jan * * * *"}},
        {"deploy": {"cronSchedule": "0 0 * mon *"}},
    ],
)
def test_what_is_not_well_formed_is_refused(shop: Shop, settings: Json):
    """Nothing of such a patch takes effect."""
    assert "Invalid input" in shop.refusal(**settings)


@pytest.mark.parametrize(
    ("patch", "named"),
    [
        ({"degraded": True}, "degraded"),
        ({"services": {"x": {"clusterRole": "primary"}}}, "clusterRole"),
        ({"volumes": {"x": {"forkFromBaseEnvironment": True}}}, "forkFromBaseEnvironment"),
    ],
)
def test_what_only_the_real_railway_can_do_is_an_error_by_name(shop: Shop, patch: Json, named: str):
    """A gap of the sandbox is not passed off as a mistake in the patch."""
    with pytest.raises(NotSimulated, match=named):
        shop.railway.begin(shop.environment, patch)


def test_only_one_pre_deploy_command_is_taken(shop: Shop):
    """A list may hold one element."""
    assert shop.refusal(deploy={"preDeployCommand": ["a", "b"]}) == "Error in preDeployCommand - Invalid input"


def test_build_and_start_command_must_differ(shop: Shop):
    """The same text twice is a mistake."""
    refusal = shop.refusal(build={"buildCommand": "make"}, deploy={"startCommand": "make"})
    assert refusal == "buildCommand and startCommand cannot be identical"


def test_a_volume_and_replicas_exclude_each_other(shop: Shop):
    """More than one replica is refused with a volume."""
    shop.railway.volume(shop.project, shop.environment, shop.web)

    assert "replica" in shop.refusal(deploy={"multiRegionConfig": {"us-west2": {"numReplicas": 2}}})


@pytest.mark.parametrize(
    ("plan", "settings"),
    [
        ("hobby", {"deploy": {"multiRegionConfig": {"us-west2": {"numReplicas": 7}}}}),
        ("hobby", {"deploy": {"registryCredentials": {"username": "me", "password": "x"}}}),
        ("hobby", {"deploy": {"limitOverride": {"containers": {"cpu": 49}}}}),
        ("trial", {"deploy": {"limitOverride": {"containers": {"memoryBytes": 2_000_000_000}}}}),
        ("trial", {"deploy": {"restartPolicyType": "ALWAYS"}}),
        ("free", {"deploy": {"restartPolicyMaxRetries": 11}}),
    ],
)
def test_what_the_plan_does_not_include_is_refused(plan: str, settings: Json):
    """The text says to upgrade. It comes when the patch is applied: the commit itself is accepted."""
    shop = Shop(open_account(plan))
    before = shop.config
    assert "upgrade" in shop.railway.failure(shop.environment, {"services": {shop.web: settings}})
    assert shop.config == before


def test_a_patch_that_became_impossible_says_why(shop: Shop):
    """What changed between the commit and its effect stands in lastAppliedError."""
    shop.railway.begin(shop.environment, {"services": {shop.web: {"source": {"image": "nginx:1"}}}})
    shop.patched.aftermath = "committed"
    shop.railway.ask("mutation($s: String!) { serviceDelete(id: $s) }", s=shop.web)
    shop.railway.clock.advance(2)
    patch = shop.last_patch

    assert (patch["status"], patch["lastAppliedError"]) == ("COMMITTED", "Service not found")


@pytest.mark.parametrize(
    ("aftermath", "listed", "staged"),
    [
        ("staged", [("STAGED", None)], True),
        ("unlisted", [], False),
        ("failed", [("FAILED", "No room")], False),
        ("silent", [("FAILED", None)], False),
        ("committed", [("COMMITTED", "No room")], False),
    ],
)
def test_a_patch_that_is_refused_when_it_is_applied(
    shop: Shop, aftermath: Aftermath, listed: list[tuple[str, str | None]], staged: bool
):
    """Nothing of it is in effect and its workflow says why, whatever Railway keeps of it; the next one goes through."""
    workflow = shop.railway.begin(shop.environment, {"services": {shop.web: {"source": {"image": "nginx:1"}}}})
    shop.patched.refused_with, shop.patched.aftermath = "No room", aftermath
    shop.railway.clock.advance(2)

    assert shop.railway.workflow(workflow) == {"status": "Error", "error": "No room"}
    edges = shop.railway.ask(PATCHES, e=shop.environment)["environmentPatches"]["edges"]
    assert [(each["node"]["status"], each["node"]["lastAppliedError"]) for each in edges] == listed
    waiting = shop.railway.ask(STAGED, e=shop.environment)["environmentStagedChanges"]["patch"]
    assert bool(waiting) is staged
    assert (shop.config, shop.count) == ({}, 0)
    shop.patch(source={"image": "nginx:2"})
    assert shop.config == {"source": {"image": "nginx:2"}}
