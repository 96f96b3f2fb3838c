"""Patches of an environment's settings: when they take effect, what they change and ignore, and staged ones."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox_railway.shop import COMMIT_STAGED, PATCHES, UNSET, Shop

STAGE = """mutation($e: String!, $p: EnvironmentConfig!, $m: Boolean) {
    environmentStageChanges(environmentId: $e, input: $p, merge: $m) { status patch(decryptVariables: true) } }"""


def test_a_patch_takes_effect_some_seconds_later(shop: Shop):
    """APPLYING, then COMMITTED; until then the old settings are read."""
    shop.railway.begin(shop.environment, {"services": {shop.web: {"deploy": {"startCommand": "run"}}}})
    assert shop.config == {}
    assert (
        shop.railway.ask(PATCHES, e=shop.environment)["environmentPatches"]["edges"][0]["node"]["status"] == "APPLYING"
    )

    shop.railway.clock.advance(2)
    assert shop.config == {"deploy": {"startCommand": "run"}}
    assert (
        shop.railway.ask(PATCHES, e=shop.environment)["environmentPatches"]["edges"][0]["node"]["status"] == "COMMITTED"
    )


def test_the_answer_to_a_commit_is_a_workflow(shop: Shop):
    """It is no id of a patch, and its status says when the patch is in effect."""
    workflow = shop.railway.begin(shop.environment, {"services": {shop.web: {"deploy": {"startCommand": "run"}}}})
    query = "query($w: String!) { workflowStatus(workflowId: $w) { status error } }"

    assert shop.railway.ask(query, w=workflow)["workflowStatus"]["status"] == "Running"
    shop.railway.clock.advance(2)
    assert shop.railway.ask(query, w=workflow)["workflowStatus"]["status"] == "Complete"


def test_a_second_commit_has_to_wait_for_the_first(shop: Shop):
    """One at a time in each environment."""
    patch = {"services": {shop.web: {"deploy": {"startCommand": "run"}}}}
    shop.railway.begin(shop.environment, patch)

    assert "operation is already in progress" in shop.railway.commit_refusal(shop.environment, patch)


def test_omission_keeps_and_null_removes(shop: Shop):
    """A patch is merged deeply."""
    shop.patch(deploy={"startCommand": "run", "healthcheckPath": "/up"}, variables={"A": {"value": "1"}})
    shop.patch(deploy={"startCommand": None}, variables={"B": {"value": "2"}})
    assert shop.config["deploy"] == {"healthcheckPath": "/up"}
    assert shop.config["variables"] == {"A": {"value": "1"}, "B": {"value": "2"}}

    shop.patch(variables={"A": None})
    assert shop.config["variables"] == {"B": {"value": "2"}}


@pytest.mark.parametrize(
    ("group", "name", "value", "reset"),
    [
        ("build", "watchPatterns", ["/src/**"], []),
        ("deploy", "drainingSeconds", 5, 0),
        ("deploy", "overlapSeconds", 5, 0),
        ("deploy", "ipv6EgressEnabled", True, False),
        ("deploy", "limitOverride", {"containers": {"cpu": 1}}, {"containers": None}),
    ],
)
def test_some_nulls_are_ignored(shop: Shop, group: str, name: str, value: Any, reset: Any):
    """These settings take another value to be reset."""
    shop.patch(**{group: {name: value}})
    shop.patch(**{group: {name: None}})
    assert shop.config[group][name] == value

    shop.patch(**{group: {name: reset}})
    assert not shop.config.get(group, {}).get(name)


def test_nothing_is_staged(shop: Shop):
    """Railway answers with a patch of its own kind, which is nowhere stored."""
    query = "query($e: String!) { environmentStagedChanges(environmentId: $e) { id status patch } }"

    staged = shop.railway.ask(query, e=shop.environment)["environmentStagedChanges"]

    assert staged == {"id": "<empty>", "status": "STAGED", "patch": {}}
    assert shop.railway.cloud.state.patches == {}


def test_domains_and_deletions_in_a_patch_do_nothing(shop: Shop):
    """Railway says nothing and does nothing: domains, deletion of proxies and of volumes."""
    volume = shop.railway.volume(shop.project, shop.environment, shop.web)
    shop.patch(networking={"tcpProxies": {"5432": {}}})
    networking = {
        "customDomains": {"example.com": {"port": 80}},
        "serviceDomains": {"x.up.railway.app": {}},
        "tcpProxies": {"5432": None},
    }
    patch = {"services": {shop.web: {"networking": networking}}, "volumes": {volume: {"isDeleted": True}}}
    shop.railway.commit(shop.environment, patch)

    assert shop.config["networking"] == {"tcpProxies": {"5432": {}}}
    assert "isDeleted" not in shop.railway.config(shop.environment)["volumes"][volume]


def test_a_service_outside_the_environment_needs_is_created(shop: Shop):
    """Without it the settings are ignored, with it the instance appears."""
    query = "mutation($i: ServiceCreateInput!) { serviceCreate(input: $i) { id } }"
    given = {"projectId": shop.project, "environmentId": None, "name": "nowhere"}
    nowhere = shop.railway.ask(query, i=given)["serviceCreate"]["id"]
    shop.railway.commit(shop.environment, {"services": {nowhere: {"deploy": {"startCommand": "run"}}}})
    assert nowhere not in shop.railway.config(shop.environment)["services"]

    settings = {"isCreated": True, "deploy": {"startCommand": "run"}}
    shop.railway.commit(shop.environment, {"services": {nowhere: settings}})
    assert shop.railway.config(shop.environment)["services"][nowhere] == {
        **UNSET,
        "deploy": {**UNSET["deploy"], "startCommand": "run"},
    }


def test_nulls_get_lost_when_an_instance_is_created_again(shop: Shop):
    """The former settings come back, and nulls of the same patch do not remove them."""
    shop.patch(deploy={"startCommand": "run"})
    shop.railway.commit(shop.environment, {"services": {shop.web: None}})
    assert shop.railway.config(shop.environment)["services"][shop.web] == {"isDeleted": True}

    shop.patch(isCreated=True, deploy={"startCommand": None})
    assert shop.config["deploy"]["startCommand"] == "run"


def test_nulls_get_lost_beside_the_removal_of_the_last_region(shop: Shop):
    """Railway takes the service away first and then forgets the rest."""
    shop.patch(deploy={"startCommand": "run"})
    shop.patch(deploy={"multiRegionConfig": {"us-west2": None}, "startCommand": None})

    assert shop.config["deploy"]["startCommand"] == "run"


def test_groups_and_the_private_network_are_settings_of_the_environment(shop: Shop):
    """Kept as they are given; a group that is deleted is gone."""
    front = {"isCreated": True, "name": "front", "color": "blue"}
    shop.railway.commit(shop.environment, {"groups": {"g": front}, "privateNetworkDisabled": True})
    config = shop.railway.config(shop.environment)
    assert (config["groups"], config["privateNetworkDisabled"]) == ({"g": {"name": "front", "color": "blue"}}, True)

    shop.railway.commit(shop.environment, {"groups": {"g": {"isDeleted": True}}})
    config = shop.railway.config(shop.environment)
    assert (config["groups"], config["privateNetworkDisabled"]) == ({}, True)


def test_railway_forces_some_settings(shop: Shop):
    """A cron job never restarts; a Dockerfile path means the Dockerfile builder."""
    shop.patch(deploy={"cronSchedule": "*/10 * * * *"}, build={"dockerfilePath": "docker/Dockerfile"})

    assert shop.config["deploy"]["restartPolicyType"] == "NEVER"
    assert shop.config["build"]["builder"] == "DOCKERFILE"


def test_staged_changes_wait_and_add_up(shop: Shop):
    """merge adds to what is staged; committing takes it all; then nothing is left to apply."""
    first = {"services": {shop.web: {"source": {"image": "nginx:1"}}}}
    second = {"services": {shop.web: {"deploy": {"startCommand": "run"}}}}
    shop.railway.ask(STAGE, e=shop.environment, p=first)
    staged = shop.railway.ask(STAGE, e=shop.environment, p=second, m=True)["environmentStageChanges"]
    assert staged["status"] == "STAGED"
    assert shop.config == {}

    shop.railway.ask(COMMIT_STAGED, e=shop.environment, skip=True)
    shop.railway.clock.advance(2)
    assert shop.config == {"source": {"image": "nginx:1"}, "deploy": {"startCommand": "run"}}
    assert shop.count == 0
    assert shop.railway.refusal(COMMIT_STAGED, e=shop.environment) == "No patch to apply"
