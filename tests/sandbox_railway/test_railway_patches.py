"""Patches of an environment's settings: what they change, ignore, refuse and set off."""

from __future__ import annotations

from typing import Any

import pytest

from railway_sandbox.railway.errors import NotSimulated
from railway_sandbox.railway.records import Aftermath, Patch
from tests.sandbox_railway.railway_client import Client, Json, open_account

PATCHES = """query($e: String!) { environmentPatches(environmentId: $e, first: 1) {
    edges { node { id status appliedAt lastAppliedError } } } }"""
STAGE = """mutation($e: String!, $p: EnvironmentConfig!, $m: Boolean) {
    environmentStageChanges(environmentId: $e, input: $p, merge: $m) { status patch(decryptVariables: true) } }"""
COMMIT_STAGED = """mutation($e: String!, $skip: Boolean) {
    environmentPatchCommitStaged(environmentId: $e, skipDeploys: $skip) }"""
STAGED = "query($e: String!) { environmentStagedChanges(environmentId: $e) { patch } }"
ETAG = "query($e: String!) { environment(id: $e) { configEtag } }"


UNSET: Json = {
    "source": {},
    "build": {},
    "deploy": {
        "ipv6EgressEnabled": False,
        "runtime": "V2",
        "useLegacyStacker": False,
        "multiRegionConfig": {"us-west2": {"numReplicas": 1}},
    },
    "variables": {},
    "networking": {},
}
"""What Railway shows of a service for which nobody set anything."""


class Shop:
    """A project with one environment and one service."""

    def __init__(self, railway: Client) -> None:
        self.railway = railway
        self.project, self.environment = railway.project()
        self.web = railway.service(self.project, self.environment)

    def patch(self, **settings: Any) -> None:
        """Commit settings of the service and let them take effect."""
        self.railway.commit(self.environment, {"services": {self.web: settings}})

    def refusal(self, **settings: Any) -> str:
        """Why settings of the service are refused."""
        return self.railway.commit_refusal(self.environment, {"services": {self.web: settings}})

    @property
    def shown(self) -> Json:
        """The settings of the service, all that Railway shows."""
        return self.railway.config(self.environment)["services"][self.web]

    @property
    def config(self) -> Json:
        """The settings of the service, without those that Railway shows where nobody set anything."""
        groups = {
            name: {key: value for key, value in group.items() if UNSET.get(name, {}).get(key) != value}
            for name, group in self.shown.items()
        }
        return {name: group for name, group in groups.items() if group}

    @property
    def last_patch(self) -> Json:
        """The patch that was committed last."""
        return self.railway.ask(PATCHES, e=self.environment)["environmentPatches"]["edges"][0]["node"]

    @property
    def patched(self) -> Patch:
        """The record of that patch."""
        return [*self.railway.cloud.state.patches.values()][-1]

    @property
    def count(self) -> int:
        """How many deployments there were."""
        return len(self.railway.deployments(self.environment))


@pytest.fixture
def shop(railway: Client) -> Shop:
    return Shop(railway)


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


def test_what_railway_shows_where_nobody_set_anything(shop: Shop):
    """Empty groups, four settings of the deployment, and of the environment its groups and private network."""
    assert shop.shown == UNSET
    whole = shop.railway.config(shop.environment)
    assert whole == {"services": {shop.web: UNSET}, "groups": {}, "privateNetworkDisabled": False}


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


def test_nothing_is_staged(shop: Shop):
    """Railway answers with a patch of its own kind, which is nowhere stored."""
    query = "query($e: String!) { environmentStagedChanges(environmentId: $e) { id status patch } }"

    found = shop.railway.ask(query, e=shop.environment)["environmentStagedChanges"]

    assert found == {"id": "<empty>", "status": "STAGED", "patch": {}}
    assert shop.railway.cloud.state.patches == {}


def test_defaults_are_left_out_on_reading(shop: Shop):
    """What is set to Railway's default is not shown."""
    shop.patch(
        build={"builder": "RAILPACK", "buildEnvironment": "V3"},
        deploy={"restartPolicyType": "ON_FAILURE", "restartPolicyMaxRetries": 10, "sleepApplication": False},
    )

    assert shop.config == {}


def test_values_are_hidden_unless_asked_for(shop: Shop):
    """Names are always there; sealed values never are; credentials are masked."""
    shop.patch(
        variables={"OPEN": {"value": "1"}, "CLOSED": {"value": "2", "isSealed": True}},
        deploy={"registryCredentials": {"username": "me", "password": "secret"}},
    )
    hidden = shop.railway.config(shop.environment, decrypt=False)["services"][shop.web]

    assert hidden["variables"] == {"OPEN": {"value": None}, "CLOSED": {"value": None, "isSealed": True}}
    assert shop.config["variables"]["OPEN"] == {"value": "1"}
    assert shop.config["variables"]["CLOSED"] == {"value": None, "isSealed": True}
    assert shop.config["deploy"]["registryCredentials"] == {"username": "*****", "password": "*****"}


def test_a_sealed_variable_stays_sealed(shop: Shop):
    """Its value can change, its seal cannot be broken."""
    shop.patch(variables={"KEY": {"value": "1", "isSealed": True}})
    shop.patch(variables={"KEY": {"value": "2", "isSealed": False}})

    assert shop.config["variables"]["KEY"] == {"value": None, "isSealed": True}


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


def test_groups_and_the_private_network_are_settings_of_the_environment(shop: Shop):
    """Kept as they are given; a group that is deleted is gone."""
    front = {"isCreated": True, "name": "front", "color": "blue"}
    shop.railway.commit(shop.environment, {"groups": {"g": front}, "privateNetworkDisabled": True})
    config = shop.railway.config(shop.environment)
    assert (config["groups"], config["privateNetworkDisabled"]) == ({"g": {"name": "front", "color": "blue"}}, True)

    shop.railway.commit(shop.environment, {"groups": {"g": {"isDeleted": True}}})
    config = shop.railway.config(shop.environment)
    assert (config["groups"], config["privateNetworkDisabled"]) == ({}, True)


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


def test_railway_forces_some_settings(shop: Shop):
    """A cron job never restarts; a Dockerfile path means the Dockerfile builder."""
    shop.patch(deploy={"cronSchedule": "*/10 * * * *"}, build={"dockerfilePath": "docker/Dockerfile"})

    assert shop.config["deploy"]["restartPolicyType"] == "NEVER"
    assert shop.config["build"]["builder"] == "DOCKERFILE"


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


def test_a_new_source_deploys_once(shop: Shop):
    """However much a patch changes, there is one deployment."""
    shop.patch(source={"image": "nginx:1"}, variables={"A": {"value": "1"}}, deploy={"startCommand": "run"})

    assert shop.count == 1


def test_a_service_without_source_is_not_deployed(shop: Shop):
    """There is nothing to run."""
    shop.patch(variables={"A": {"value": "1"}})

    assert shop.count == 0


def test_the_same_patch_again_deploys_nothing(shop: Shop):
    """Neither does setting what is the default anyway."""
    shop.patch(source={"image": "nginx:1"})
    shop.patch(source={"image": "nginx:1"})
    shop.patch(deploy={"restartPolicyType": "ON_FAILURE"})

    assert shop.count == 1


def test_regions_and_replicas_scale_without_a_deployment(shop: Shop):
    """The running deployment takes them on."""
    shop.patch(source={"image": "nginx:1"})
    shop.railway.clock.advance(60)
    shop.patch(deploy={"multiRegionConfig": {"us-west2": None, "europe-west4-drams3a": {"numReplicas": 3}}})

    assert shop.count == 1
    deploy = shop.railway.deployments(shop.environment)[0]["meta"]["serviceManifest"]["deploy"]
    assert deploy["multiRegionConfig"] == {"europe-west4-drams3a": {"numReplicas": 3}}
    assert shop.config["deploy"] == {"multiRegionConfig": {"europe-west4-drams3a": {"numReplicas": 3}}}


def test_a_number_of_replicas_counts_for_the_only_region(shop: Shop):
    """It ends up in the regions, where it is read."""
    shop.patch(deploy={"numReplicas": 2})

    assert shop.config["deploy"] == {"multiRegionConfig": {"us-west2": {"numReplicas": 2}}}


def test_a_new_region_comes_beside_the_default_one(shop: Shop):
    """The region that Railway chose stays unless it is removed."""
    shop.patch(deploy={"multiRegionConfig": {"europe-west4-drams3a": {"numReplicas": 1}}})

    assert set(shop.config["deploy"]["multiRegionConfig"]) == {"us-west2", "europe-west4-drams3a"}


def test_only_affected_services_are_deployed(shop: Shop):
    """A shared variable touches those that refer to it."""
    other = shop.railway.service(shop.project, shop.environment, "other")
    services = {
        shop.web: {"source": {"image": "nginx:1"}, "variables": {"A": {"value": "${{shared.KEY}}"}}},
        other: {"source": {"image": "nginx:1"}},
    }
    shop.railway.commit(shop.environment, {"services": services, "sharedVariables": {"KEY": {"value": "1"}}})
    shop.railway.clock.advance(60)
    shop.railway.commit(shop.environment, {"sharedVariables": {"KEY": {"value": "2"}}})

    assert len(shop.railway.deployments(shop.environment, shop.web)) == 2
    assert len(shop.railway.deployments(shop.environment, other)) == 1


def test_a_batch_follows_the_references_between_its_services(shop: Shop):
    """A service waits for those whose variables it uses."""
    database = shop.railway.service(shop.project, shop.environment, "database")
    services = {
        shop.web: {"source": {"image": "nginx:1"}, "variables": {"URL": {"value": "${{database.URL}}"}}},
        database: {"source": {"image": "postgres:16"}, "variables": {"URL": {"value": "postgres://"}}},
    }
    shop.railway.commit(shop.environment, {"services": services})

    assert shop.railway.statuses(shop.environment, shop.web) == ["WAITING"]
    assert shop.railway.statuses(shop.environment, database) == ["QUEUED"]
    shop.railway.clock.advance(16)
    assert shop.railway.statuses(shop.environment, database) == ["SUCCESS"]
    assert shop.railway.statuses(shop.environment, shop.web) == ["QUEUED"]


def test_the_etag_changes_with_the_config(shop: Shop):
    """Also when only a hidden value changed."""
    seen = {shop.railway.ask(ETAG, e=shop.environment)["environment"]["configEtag"]}
    for value in ("1", "2"):
        shop.patch(variables={"KEY": {"value": value, "isSealed": True}})
        seen.add(shop.railway.ask(ETAG, e=shop.environment)["environment"]["configEtag"])

    assert len(seen) == 3


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
    found = shop.railway.ask(PATCHES, e=shop.environment)["environmentPatches"]["edges"]
    assert [(each["node"]["status"], each["node"]["lastAppliedError"]) for each in found] == listed
    waiting = shop.railway.ask(STAGED, e=shop.environment)["environmentStagedChanges"]["patch"]
    assert bool(waiting) is staged
    assert (shop.config, shop.count) == ({}, 0)
    shop.patch(source={"image": "nginx:2"})
    assert shop.config == {"source": {"image": "nginx:2"}}


UPSERT = "mutation($i: VariableCollectionUpsertInput!) { variableCollectionUpsert(input: $i) }"
VARIABLES = """query($p: String!, $e: String!, $s: String, $u: Boolean) {
    variables(projectId: $p, environmentId: $e, serviceId: $s, unrendered: $u) }"""


def _upsert(shop: Shop, values: dict[str, str], **more: Any) -> Json:
    return {
        "projectId": shop.project,
        "environmentId": shop.environment,
        "serviceId": shop.web,
        "variables": values,
        **more,
    }


def test_variables_are_rendered_unless_asked_otherwise(shop: Shop):
    """References become values; Railway adds its own."""
    shop.railway.ask(UPSERT, i=_upsert(shop, {"HOST": "h", "URL": "http://${{HOST}}/${{RAILWAY_SERVICE_NAME}}"}))
    ask = {"p": shop.project, "e": shop.environment, "s": shop.web}
    rendered = shop.railway.ask(VARIABLES, **ask)["variables"]

    assert rendered["URL"] == "http://h/web"
    assert rendered["RAILWAY_PRIVATE_DOMAIN"] == "web.railway.internal"
    assert shop.railway.ask(VARIABLES, **ask, u=True)["variables"]["URL"].startswith("http://${{HOST}}")


def test_a_name_with_a_dot_is_referred_to_in_quotes(shop: Shop):
    """Without them Railway finds nothing, and fills in an empty text."""
    other = shop.railway.service(shop.project, shop.environment, "name.with.dots")
    own = {"A": '<${{"name.with.dots".RAILWAY_SERVICE_NAME}}>', "B": "<${{name.with.dots.RAILWAY_SERVICE_NAME}}>"}
    shop.railway.ask(UPSERT, i=_upsert(shop, own))

    found = shop.railway.ask(VARIABLES, p=shop.project, e=shop.environment, s=shop.web)["variables"]
    assert other
    assert (found["A"], found["B"]) == ("<name.with.dots>", "<>")


def test_writing_variables_deploys_each_time_unless_told_not_to(shop: Shop):
    """skipDeploys keeps it quiet; replace removes the others."""
    shop.patch(source={"image": "nginx:1"})
    shop.railway.clock.advance(60)
    shop.railway.ask(UPSERT, i=_upsert(shop, {"A": "1"}))
    assert shop.count == 2

    shop.railway.ask(UPSERT, i=_upsert(shop, {"B": "2"}, replace=True, skipDeploys=True))
    assert shop.count == 2
    assert shop.config["variables"] == {"B": {"value": "2"}}


def test_writing_variables_of_what_never_ran_is_refused_after_the_effect(shop: Shop):
    """There is no snapshot to deploy again, but the variable is written."""
    query = (
        "mutation($e: String!, $p: EnvironmentConfig!) { environmentStageChanges(environmentId: $e, input: $p) { id } }"
    )
    patch = {"services": {shop.web: {"source": {"image": "nginx:1"}}}}
    shop.railway.ask(query, e=shop.environment, p=patch)
    shop.railway.ask(COMMIT_STAGED, e=shop.environment, skip=True)
    shop.railway.clock.advance(2)

    assert shop.railway.refusal(UPSERT, i=_upsert(shop, {"A": "1"})) == "Cannot redeploy without snapshot"
    assert shop.config["variables"] == {"A": {"value": "1"}}
