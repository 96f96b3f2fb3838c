"""The course of deployments, what ends them, and what can be asked of them."""

from __future__ import annotations

from typing import Any

import pytest

from railway_sandbox.railway.github_pushes import push
from tests.sandbox_railway.railway_client import Client, Json

REDEPLOY = "mutation($e: String!, $s: String!) { serviceInstanceRedeploy(environmentId: $e, serviceId: $s) }"
DEPLOY = "mutation($e: String!, $s: String!) { serviceInstanceDeployV2(environmentId: $e, serviceId: $s) }"
SOURCE = """mutation($e: String!, $s: String!, $i: String!) {
    serviceInstanceUpdate(environmentId: $e, serviceId: $s, input: {source: {image: $i}}) }"""
LOGS = """query($d: String!) { buildLogs(deploymentId: $d) { message severity }
    deploymentLogs(deploymentId: $d, limit: 20) { message severity tags { deploymentId } } }"""


class Running:
    """A service that was given a source."""

    def __init__(self, railway: Client, **settings: Any) -> None:
        self.railway = railway
        self.project, self.environment = railway.project()
        self.web = railway.service(self.project, self.environment)
        self.patch(**settings)

    def patch(self, **settings: Any) -> None:
        """Commit settings of the service and let them take effect."""
        self.railway.commit(self.environment, {"services": {self.web: settings}})

    def after(self, seconds: float) -> list[str]:
        """The statuses of all deployments some time later, newest first."""
        self.railway.clock.advance(seconds)
        return self.railway.statuses(self.environment, self.web)

    @property
    def newest(self) -> Json:
        """The newest deployment."""
        return self.railway.deployments(self.environment, self.web)[0]

    def do(self, operation: str, deployment: str) -> Any:
        """A mutation on one deployment."""
        return self.railway.ask(f"mutation($d: String!) {{ {operation}(id: $d) }}", d=deployment)


def test_an_image_passes_through_every_status(railway: Client):
    """Time moves it, not reading."""
    web = Running(railway, source={"image": "nginx:1"})

    assert web.after(0) == ["QUEUED"]
    assert web.after(1) == ["INITIALIZING"]
    assert web.after(1) == ["BUILDING"]
    assert web.after(8) == ["DEPLOYING"]
    assert web.after(6) == ["SUCCESS"]


def test_a_repository_takes_longer_to_build(railway: Client):
    """Twenty seconds instead of eight; the meta names branch and commit."""
    web = Running(railway, source={"repo": "me/web", "branch": "next"})

    assert web.after(21) == ["BUILDING"]
    assert web.after(7) == ["SUCCESS"]
    meta = web.newest["meta"]
    assert (meta["repo"], meta["branch"], len(meta["commitHash"])) == ("me/web", "next", 40)


@pytest.mark.parametrize(
    ("how", "settings", "seconds", "status", "log"),
    [
        ("unpullable", {}, 10, "FAILED", "Failed to pull image"),
        ("build", {}, 10, "FAILED", "Build failed"),
        ("crash", {}, 26, "CRASHED", "exited with code 1"),
        ("crash", {"deploy": {"restartPolicyType": "NEVER"}}, 16, "CRASHED", "exited with code 1"),
        ("crash-later", {}, 46, "CRASHED", "exited with code 1"),
        ("unhealthy", {"deploy": {"healthcheckPath": "/up"}}, 310, "FAILED", "Healthcheck failed"),
        ("unhealthy", {"deploy": {"healthcheckPath": "/up", "healthcheckTimeout": 30}}, 40, "FAILED", "Healthcheck"),
        ("unhealthy", {}, 16, "SUCCESS", "Container started"),
    ],
)
def test_a_bad_image_fails_in_its_own_way(
    railway: Client, how: Any, settings: Json, seconds: float, status: str, log: str
):
    """The status comes in its time, not before, and a log says why."""
    railway.cloud.fail_image("broken", how)
    web = Running(railway, source={"image": "broken:1"}, **settings)

    assert status not in web.after(seconds - 1)
    assert web.after(1) == [status]
    logs = railway.ask(LOGS, d=web.newest["id"])
    assert any(log in line["message"] for line in logs["buildLogs"] + logs["deploymentLogs"])


def test_only_the_bad_tag_fails(railway: Client):
    """A defect can belong to one tag."""
    railway.cloud.fail_image("nginx:2", "unpullable")
    web = Running(railway, source={"image": "nginx:1"})
    web.after(60)
    web.patch(source={"image": "nginx:2"})

    assert web.after(60) == ["FAILED", "SUCCESS"]


def test_a_newer_deployment_takes_the_place_of_the_old_one(railway: Client):
    """The old one serves until the new one does, and drains."""
    web = Running(railway, source={"image": "nginx:1"}, deploy={"drainingSeconds": 10})
    web.after(60)
    web.patch(source={"image": "nginx:2"})

    assert web.after(15) == ["DEPLOYING", "SUCCESS"]
    assert web.after(1) == ["SUCCESS", "REMOVING"]
    assert web.after(10) == ["SUCCESS", "REMOVED"]


def test_a_newer_deployment_ends_one_under_way(railway: Client):
    """The newest counts."""
    web = Running(railway, source={"image": "nginx:1"})
    web.patch(source={"image": "nginx:2"})

    assert web.after(0) == ["QUEUED", "REMOVED"]


def test_a_serverless_service_falls_asleep(railway: Client):
    """Ten minutes after it went live."""
    web = Running(railway, source={"image": "nginx:1"}, deploy={"sleepApplication": True})

    assert web.after(615) == ["SUCCESS"]
    assert web.after(1) == ["SLEEPING"]


def test_redeploy_runs_the_old_image(railway: Client):
    """A source set just before is ignored; deployV2 takes it."""
    web = Running(railway, source={"image": "nginx:1"})
    web.after(60)
    railway.ask(SOURCE, e=web.environment, s=web.web, i="nginx:2")
    railway.ask(REDEPLOY, e=web.environment, s=web.web)
    assert web.newest["meta"]["image"] == "nginx:1"

    made = railway.ask(DEPLOY, e=web.environment, s=web.web)["serviceInstanceDeployV2"]
    assert (web.newest["id"], web.newest["meta"]["image"]) == (made, "nginx:2")


def test_redeploy_is_refused_while_building(railway: Client):
    """It waits for the original deployment."""
    web = Running(railway, source={"image": "nginx:1"})

    assert railway.refusal(REDEPLOY, e=web.environment, s=web.web).startswith("Cannot redeploy yet")


def test_rollback_brings_back_image_and_variables(railway: Client):
    """Until its image is thrown away, a former deployment can run again."""
    web = Running(railway, source={"image": "nginx:1"}, variables={"A": {"value": "1"}})
    web.after(60)
    first = web.newest["id"]
    web.patch(source={"image": "nginx:2"}, variables={"A": {"value": "2"}})
    web.after(60)
    assert [d["canRollback"] for d in railway.deployments(web.environment)] == [False, True]

    web.do("deploymentRollback", first)
    assert web.newest["meta"]["image"] == "nginx:1"
    assert railway.cloud.state.deployments[web.newest["id"]].variables["A"] == "1"
    web.after(120 * 3600 + 60)
    assert "not available" in railway.refusal("mutation($d: String!) { deploymentRollback(id: $d) }", d=first)


def test_a_deployment_can_be_cancelled(railway: Client):
    """The one before goes on serving."""
    web = Running(railway, source={"image": "nginx:1"})
    web.after(60)
    web.patch(source={"image": "nginx:2"})
    web.do("deploymentCancel", web.newest["id"])

    assert web.after(60) == ["REMOVED", "SUCCESS"]


def test_a_missing_commit_is_refused(railway: Client):
    """A commit that the repository does not have cannot be asked for."""
    railway.cloud.fail("0" * 40, "missing-commit")
    web = Running(railway, source={"image": "nginx:1"})
    patch = {"services": {web.web: {"source": {"image": None, "repo": "me/web", "commitSha": "0" * 40}}}}

    assert railway.commit_refusal(web.environment, patch) == "Commit not found"


def test_a_push_deploys_its_branch(railway: Client):
    """Only the branch that the trigger follows."""
    web = Running(railway, source={"repo": "me/web", "branch": "main"})
    web.after(60)
    push(railway.cloud, "me/web", "other", "1" * 40)
    push(railway.cloud, "me/web", "main", "2" * 40)

    assert web.after(60) == ["SUCCESS", "REMOVED"]
    assert web.newest["meta"]["commitHash"] == "2" * 40


@pytest.mark.parametrize(
    ("settings", "defect", "paths", "status"),
    [
        ({"build": {"watchPatterns": ["/src/**"]}}, None, ["docs/readme.md"], "SKIPPED"),
        ({"build": {"watchPatterns": ["/src/**"]}}, None, ["src/app/main.py"], "SUCCESS"),
        ({"source": {"checkSuites": True}}, "checks", [], "SKIPPED"),
        ({}, "outsider", [], "NEEDS_APPROVAL"),
    ],
)
def test_not_every_push_deploys(railway: Client, settings: Json, defect: Any, paths: list[str], status: str):
    """Watch patterns, CI checks and approval hold it back."""
    web = Running(railway, source={"repo": "me/web"})
    web.after(60)
    web.patch(**settings)
    web.after(60)
    if defect:
        railway.cloud.fail("2" * 40, defect)
    push(railway.cloud, "me/web", "main", "2" * 40, paths)

    assert web.after(120)[0] == status
    assert status == "SUCCESS" or "SUCCESS" in web.after(0)[1:]


def test_an_approved_deployment_goes_on(railway: Client):
    """Approval starts what was held back."""
    railway.cloud.fail("2" * 40, "outsider")
    web = Running(railway, source={"repo": "me/web"})
    web.after(60)
    push(railway.cloud, "me/web", "main", "2" * 40)
    web.do("deploymentApprove", web.newest["id"])

    assert web.after(60) == ["SUCCESS", "REMOVED"]


@pytest.mark.parametrize("defect", ["outsider", "checks"])
def test_a_commit_that_was_held_back_is_not_deployed_by_another_change(railway: Client, defect: Any):
    """A variable, a redeploy and a volume run what is deployed again, not the commit that waits or was skipped."""
    railway.cloud.fail("2" * 40, defect)
    web = Running(railway, source={"repo": "me/web", "checkSuites": True})
    first = web.newest["meta"]["commitHash"]
    web.after(60)
    push(railway.cloud, "me/web", "main", "2" * 40)
    web.after(60)
    where = {"environmentId": web.environment, "serviceId": web.web}
    upsert = "mutation($i: VariableUpsertInput!) { variableUpsert(input: $i) }"
    railway.ask(upsert, i={**where, "projectId": web.project, "name": "A", "value": "1"})
    assert web.newest["meta"]["commitHash"] == first

    push(railway.cloud, "me/web", "main", "2" * 40)
    web.after(60)
    redeploy = """mutation($e: String!, $s: String!) {
        serviceInstanceRedeploy(environmentId: $e, serviceId: $s) }"""
    railway.ask(redeploy, e=web.environment, s=web.web)
    assert web.newest["meta"]["commitHash"] == first


@pytest.mark.parametrize("operation", ["deploymentRollback", "deploymentRedeploy"])
def test_a_deleted_service_is_not_deployed_again(railway: Client, operation: str):
    """Its deployments can be read for a while, and no more."""
    web = Running(railway, source={"image": "nginx:1"})
    web.after(60)
    deployment = web.newest["id"]
    railway.ask("mutation($s: String!) { serviceDelete(id: $s) }", s=web.web)
    selection = " { id }" if operation == "deploymentRedeploy" else ""

    refused = railway.refusal(f"mutation($d: String!) {{ {operation}(id: $d){selection} }}", d=deployment)

    assert refused == "Service not found"


def test_removing_again_does_not_keep_an_image_longer(railway: Client):
    """An image is kept for some hours after its deployment is removed, counted from the first removal."""
    web = Running(railway, source={"image": "nginx:1"})
    web.after(60)
    old = web.newest["id"]
    web.patch(source={"image": "nginx:2"})
    web.after(119 * 3600)
    web.do("deploymentRemove", old)
    web.patch(deploy={"multiRegionConfig": {"us-west2": None}})
    web.after(2 * 3600)

    query = "query($d: String!) { deployment(id: $d) { canRollback status } }"
    assert railway.ask(query, d=old)["deployment"] == {"canRollback": False, "status": "REMOVED"}


def test_a_timeout_variable_that_is_not_a_number_is_ignored(railway: Client):
    """The health check then takes as long as the settings say."""
    railway.cloud.fail_image("bad:1", "unhealthy")
    deploy = {"healthcheckPath": "/up", "healthcheckTimeout": 20}
    variables = {"RAILWAY_HEALTHCHECK_TIMEOUT_SEC": {"value": "5m"}}
    web = Running(railway, source={"image": "bad:1"}, deploy=deploy, variables=variables)

    assert web.after(60) == ["FAILED"]


def test_a_service_is_connected_to_one_source(railway: Client):
    """Neither none nor an image and a repository at once."""
    web = Running(railway)
    query = "mutation($s: String!, $i: ServiceConnectInput!) { serviceConnect(id: $s, input: $i) { id } }"

    for given in ({}, {"branch": "main"}, {"image": "nginx:1", "repo": "me/web", "branch": "main"}):
        assert railway.refusal(query, s=web.web, i=given) == "Invalid input: source"


def test_a_trigger_goes_with_its_repository(railway: Client):
    """A push to the repository that the older form has replaced by an image deploys nothing."""
    web = Running(railway, source={"repo": "me/web"})
    query = """mutation($e: String!, $s: String!) {
        serviceInstanceUpdate(environmentId: $e, serviceId: $s, input: {source: {image: "nginx:1"}}) }"""
    railway.ask(query, e=web.environment, s=web.web)

    assert push(railway.cloud, "me/web", "main", "2" * 40) == []


def test_a_source_set_in_the_older_form_has_no_trigger(railway: Client):
    """A repository without a trigger is not deployed by a push."""
    web = Running(railway)
    query = """mutation($e: String!, $s: String!) {
        serviceInstanceUpdate(environmentId: $e, serviceId: $s, input: {source: {repo: "me/web"}}) }"""
    railway.ask(query, e=web.environment, s=web.web)

    assert push(railway.cloud, "me/web", "main", "2" * 40) == []


def test_lists_filter_by_status(railway: Client):
    """in and notIn as in the API."""
    web = Running(railway, source={"image": "nginx:1"})
    web.after(60)
    web.patch(source={"image": "nginx:2"})
    query = "query($i: DeploymentListInput!) { deployments(input: $i) { edges { node { status } } } }"
    wanted = {"environmentId": web.environment, "status": {"notIn": ["SUCCESS"]}}

    edges = railway.ask(query, i=wanted)["deployments"]["edges"]
    assert [edge["node"]["status"] for edge in edges] == ["QUEUED"]


def test_logs_appear_as_time_passes(railway: Client):
    """A log has no line from the future."""
    web = Running(railway, source={"image": "nginx:1"})
    deployment = web.newest["id"]
    assert railway.ask(LOGS, d=deployment)["buildLogs"] == []

    web.after(60)
    logs = railway.ask(LOGS, d=deployment)
    assert [line["message"] for line in logs["deploymentLogs"]] == ["Starting Container", "Container started"]


def test_a_log_is_read_between_two_moments(railway: Client):
    """A moment may be written with any offset; what is not a date is refused before anything is read."""
    web = Running(railway, source={"image": "nginx:1"})
    web.after(60)
    query = """query($d: String!, $a: DateTime, $b: DateTime) {
        deploymentLogs(deploymentId: $d, startDate: $a, endDate: $b) { message timestamp } }"""
    first, last = railway.ask(query, d=web.newest["id"])["deploymentLogs"]

    def messages(**moments: str) -> list[str]:
        return [line["message"] for line in railway.ask(query, d=web.newest["id"], **moments)["deploymentLogs"]]

    assert messages(a=last["timestamp"]) == ["Container started"]
    assert messages(b=first["timestamp"].replace("Z", "+00:00")) == ["Starting Container"]
    assert messages(b="2026-01-01T00:00:00-12:00") == ["Starting Container", "Container started"]
    wrong = railway.post(query, d=web.newest["id"], a="yesterday")
    assert (wrong.status, wrong.json["errors"][0]["extensions"]["code"]) == (400, "BAD_USER_INPUT")
