"""Settings of a service instance: set, cleared, and what counts as drift."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from railway_sandbox.http_messages import Request, Response
from tests.provider.dashboard import patch
from tests.provider.driver import Driver, Half, Made, Place, a_project
from tests.provider.in_process import Connection, without_sealed

CLEARABLE: dict[str, tuple[Any, tuple[str, str]]] = {
    "startCommand": ("run", ("deploy", "startCommand")),
    "preDeployCommand": ("migrate", ("deploy", "preDeployCommand")),
    "healthcheckPath": ("/up", ("deploy", "healthcheckPath")),
    "ipv6EgressEnabled": (True, ("deploy", "ipv6EgressEnabled")),
    "autoUpdates": ("patch", ("source", "autoUpdates")),
    "restartPolicyMaxRetries": (3, ("deploy", "restartPolicyMaxRetries")),
    "cronSchedule": ("*/10 * * * *", ("deploy", "cronSchedule")),
    "sleepApplication": (True, ("deploy", "sleepApplication")),
    "overlapSeconds": (5, ("deploy", "overlapSeconds")),
    "drainingSeconds": (5, ("deploy", "drainingSeconds")),
    "vcpus": (0.5, ("deploy", "limitOverride")),
    "memoryMb": (512, ("deploy", "limitOverride")),
    "buildCommand": ("make", ("build", "buildCommand")),
    "dockerfilePath": ("docker/Dockerfile", ("build", "dockerfilePath")),
    "watchPatterns": (["src/**"], ("build", "watchPatterns")),
    "builder": ("NIXPACKS", ("build", "builder")),
    "rootDirectory": ("app", ("source", "rootDirectory")),
    "branch": ("develop", ("source", "branch")),
    "checkSuites": (True, ("source", "checkSuites")),
}
REPOSITORY = ("build", "source")
OF_AN_IMAGE = ("autoUpdates",)
NOTHING: tuple[Any, ...] = (None, [], 0, False, {}, {"containers": {}}, "ON_FAILURE", {"type": "disabled"})


@pytest.mark.parametrize("name", CLEARABLE)
async def test_removed_setting_is_cleared_on_railway(driver: Driver, name: str) -> None:
    """A setting that leaves the program goes back to Railway's default, whatever value that takes."""
    value, (group, key) = CLEARABLE[name]
    source = {"repo": "acme/shop"} if group in REPOSITORY and name not in OF_AN_IMAGE else {"image": "app:1"}
    place = await a_project(driver)
    service = await place.service()
    instance = await place.instance(service, **source, waitForDeployment=False, **{name: value})
    assert place.config(service)[group].get(key) not in NOTHING
    cleared = await driver.update(instance, **dict[str, Any]({name: None}))
    assert place.config(service).get(group, {}).get(key) in NOTHING
    assert place.config(service).get("deploy", {}).get("restartPolicyType") != "NEVER"
    assert place.config(service).get("build", {}).get("builder") != "DOCKERFILE"
    read = await place.refreshed(cleared)
    assert read is not None
    assert await driver.diff(read) == {}


async def test_variables_and_credentials_are_removed(driver: Driver) -> None:
    """A variable or login that leaves the program leaves Railway; variables of others stay."""
    place = await a_project(driver)
    service = await place.service()
    login = {"username": "robot", "password": "registry-password"}
    instance = await place.instance(service, variables={"A": "1", "B": "2"}, registryCredentials=login)
    place.config(service)["variables"]["OTHERS"] = {"value": "x"}
    await driver.update(instance, variables={"B": "3"}, registryCredentials=None)
    stored = place.config(service)
    assert stored["variables"] == {"B": {"value": "3"}, "OTHERS": {"value": "x"}}
    assert "registryCredentials" not in stored["deploy"]


async def test_only_owned_variables_drift(driver: Driver) -> None:
    """A variable deleted or changed in the dashboard shows; one that was added there does not."""
    place = await a_project(driver)
    service = await place.service()
    instance = await place.instance(service, variables={"A": "1", "B": "2", "C": "3"})
    stored = place.config(service)["variables"]
    del stored["A"]
    stored["B"]["value"] = "changed"
    stored["OTHERS"] = {"value": "x"}
    read = await place.refreshed(instance)
    assert read is not None
    assert read.inputs["variables"] == {"B": "changed", "C": "3"}
    assert await driver.diff(read, variables=instance["variables"]) == {
        "variables.A": "ADD",
        "variables.B": "UPDATE",
    }


async def test_changed_settings_drift(driver: Driver) -> None:
    """An owned setting that was changed in the dashboard shows; one that was never set does not."""
    place = await a_project(driver)
    service = await place.service()
    instance = await place.instance(service, healthcheckPath="/up", regions={"us-west2": 1})
    deploy = place.config(service)["deploy"]
    deploy["healthcheckPath"] = "/other"
    deploy["startCommand"] = "run"
    deploy["multiRegionConfig"] = {"us-west2": {"numReplicas": 3}}
    read = await place.refreshed(instance)
    assert read is not None
    assert sorted(await driver.diff(read, healthcheckPath="/up", regions={"us-west2": 1})) == [
        "healthcheckPath",
        'regions["us-west2"]',
    ]
    assert "startCommand" not in read.inputs


async def test_sealed_variable_keeps_its_value_in_the_state(driver: Driver) -> None:
    """A variable that was sealed in the dashboard has no readable value, and is no drift for it."""
    place = await a_project(driver)
    service = await place.service()
    instance = await place.instance(service, variables={"KEY": "secret-value"})
    place.config(service)["variables"]["KEY"]["isSealed"] = True
    read = await place.refreshed(instance)
    assert read is not None
    assert instance.inputs == read.inputs


async def test_variables_are_sealed_on_request_and_their_values_still_change(driver: Driver) -> None:
    """Sealed with the first patch, no drift, not sent again with other changes, and sent when the value differs."""
    place = await a_project(driver)
    service = await place.service()
    given: dict[str, Any] = {"variables": {"KEY": "secret-value", "PLAIN": "1"}, "sealed": ["KEY"]}
    instance = await place.instance(service, **given)
    assert place.config(service)["variables"]["KEY"] == {"value": "secret-value", "isSealed": True}
    read = await place.refreshed(instance)
    assert read is not None
    assert instance.inputs == read.inputs
    place.config(service)["variables"]["KEY"]["value"] = "changed by somebody, and nobody can see it"
    restarted = await driver.update(instance, startCommand="run")
    assert place.config(service)["variables"]["KEY"]["value"] == "changed by somebody, and nobody can see it"
    await driver.update(restarted, variables={"KEY": "another-value", "PLAIN": "1"})
    assert place.config(service)["variables"]["KEY"] == {"value": "another-value", "isSealed": True}


async def test_a_sealed_variable_that_is_gone_is_drift(driver: Driver) -> None:
    """Existence is what Railway tells of it."""
    place = await a_project(driver)
    service = await place.service()
    instance = await place.instance(service, variables={"KEY": "secret-value", "PLAIN": "1"}, sealed=["KEY"])
    del place.config(service)["variables"]["KEY"]
    read = await place.refreshed(instance)
    assert read is not None
    assert (read["variables"], read["sealed"]) == ({"PLAIN": "1"}, [])


async def test_what_is_not_to_be_sealed_any_more_stays_sealed_and_is_said(driver: Driver) -> None:
    """Railway cannot unseal; sealing in place is possible, and only of variables that are set."""
    place = await a_project(driver)
    service = await place.service()
    instance = await place.instance(service, variables={"KEY": "secret-value"})
    sealed = await driver.update(instance, sealed=["KEY"])
    assert place.config(service)["variables"]["KEY"]["isSealed"] is True
    opened = await driver.update(sealed, sealed=None)
    assert any("KEY: still sealed" in text for _, text in driver.engine.said)
    read = await place.refreshed(opened)
    assert read is not None
    assert opened.inputs == read.inputs


async def test_regions_are_sent_whole(driver: Driver) -> None:
    """A region that is not wanted any more goes, the default one of a new service too."""
    place = await a_project(driver)
    service = await place.service()
    instance = await place.instance(service, regions={"europe-west4-drams3a": 1})
    assert place.config(service)["deploy"]["multiRegionConfig"] == {"europe-west4-drams3a": {"numReplicas": 1}}
    both = await driver.update(instance, regions={"europe-west4-drams3a": 2, "us-west2": 1})
    await driver.update(both, regions={"us-west2": 1})
    assert place.config(service)["deploy"]["multiRegionConfig"] == {"us-west2": {"numReplicas": 1}}


async def test_image_update_keeps_regions_and_settings(driver: Driver) -> None:
    """Another image changes the image alone."""
    place = await a_project(driver)
    service = await place.service()
    instance = await place.instance(service, regions={"us-west2": 2}, healthcheckPath="/up")
    before = {**place.config(service), "source": {"image": "app:2"}}
    await driver.update(instance, image="app:2")
    assert before == place.config(service)


async def test_replicas_alone_scale_without_a_deployment(driver: Driver) -> None:
    """More replicas are no new deployment: the running one is scaled."""
    place = await a_project(driver)
    service = await place.service()
    instance = await place.instance(service, numReplicas=1)
    scaled = await driver.update(instance, numReplicas=3)
    assert instance["deploymentId"] == scaled["deploymentId"]
    assert place.config(service)["deploy"]["multiRegionConfig"] == {"us-west2": {"numReplicas": 3}}
    read = await place.refreshed(scaled)
    assert read is not None
    assert read["numReplicas"] == 3


async def test_source_changes_between_image_and_repository(driver: Driver) -> None:
    """A service moves from an image to a repository and back, leaving nothing of the other kind."""
    place = await a_project(driver)
    service = await place.service()
    instance = await place.instance(service)
    cloned = await driver.update(instance, image=None, repo="acme/shop", commitSha="abcdef1", buildCommand="make")
    assert place.config(service)["source"] == {"repo": "acme/shop", "commitSha": "abcdef1"}
    await driver.update(cloned, image="app:2", repo=None, commitSha=None, buildCommand=None)
    assert place.config(service)["source"] == {"image": "app:2"}


async def test_delete_leaves_an_empty_service(driver: Driver) -> None:
    """Without its instance a service runs nothing and has nothing of the program left."""
    place = await a_project(driver)
    service = await place.service()
    instance = await place.instance(service, variables={"A": "1"}, healthcheckPath="/up", regions={"us-west2": 1})
    await driver.delete(instance)
    stored = place.config(service)
    assert {key: value for key, value in stored.items() if value and key != "deploy"} == {}
    assert stored["deploy"].pop("multiRegionConfig") == {"us-west2": {"numReplicas": 1}}
    read = await place.refreshed(instance)
    assert read is not None
    assert read["deploymentStatus"] == "REMOVED"
    again = await place.instance(service, image="app:9")
    assert again["deploymentStatus"] == "SUCCESS"


async def test_service_in_use_is_not_taken_over(driver: Driver) -> None:
    """A service that runs something already is taken over by an import alone, and the error says how."""
    place = await a_project(driver)
    service = await place.service()
    instance = await place.instance(service)
    with pytest.raises(Exception, match=f"pulumi import railway:index:Service <resource name> {service.id}"):
        await place.service()
    with pytest.raises(Exception, match=f"import railway:index:ServiceInstance <resource name> {instance.id}"):
        await place.instance(service, image="other:1")


STANDARD = "us-west2"


async def test_a_stopped_service_has_no_replica(driver: Driver) -> None:
    """Somebody stopped it: that is zero replicas and drift, and the next update starts it again."""
    place = await a_project(driver)
    service = await place.service()
    by_number = await place.instance(service, numReplicas=1)
    place.config(service)["deploy"]["multiRegionConfig"] = {STANDARD: {"numReplicas": 0}}
    stopped = await place.refreshed(by_number)
    assert stopped is not None
    assert stopped.inputs["numReplicas"] == 0
    assert await driver.diff(stopped, numReplicas=1) == {"numReplicas": "UPDATE"}
    await driver.update(stopped, numReplicas=1)
    assert place.config(service)["deploy"]["multiRegionConfig"] == {STANDARD: {"numReplicas": 1}}


async def test_regions_with_zero_replicas_are_read_as_they_are(driver: Driver) -> None:
    """The same by regions."""
    place = await a_project(driver)
    service = await place.service()
    instance = await place.instance(service, regions={STANDARD: 1})
    place.config(service)["deploy"]["multiRegionConfig"] = {STANDARD: {"numReplicas": 0}}
    stopped = await place.refreshed(instance)
    assert stopped is not None
    assert stopped.inputs["regions"] == {STANDARD: 0}


@pytest.mark.parametrize("nothing", [{"numReplicas": None}, {}, None])
async def test_a_region_without_a_number_is_no_region(driver: Driver, nothing: Any) -> None:
    """Railway shows such entries for regions that a service left; they are neither replicas nor drift."""
    place = await a_project(driver)
    service = await place.service()
    instance = await place.instance(service, regions={STANDARD: 2})
    placed = {STANDARD: {"numReplicas": 2}, "europe-west4-drams3a": nothing}
    place.config(service)["deploy"]["multiRegionConfig"] = placed
    read = await place.refreshed(instance)
    assert read is not None
    assert read.inputs["regions"] == {STANDARD: 2}


async def test_a_status_that_nobody_here_knows_is_told_soon(driver: Driver, address: Connection) -> None:
    """It may be the last one, so nobody waits half an hour for another."""
    place = await a_project(driver)
    service = await place.service()
    handle = address.sandbox.handle

    def newer(request: Request) -> Response:
        response = handle(request)
        return replace(response, body=response.body.replace(b'"SUCCESS"', b'"EXPIRED"'))

    address.sandbox.handle = newer  # type: ignore[method-assign]
    before = asyncio.get_running_loop().time()
    with pytest.raises(Half, match="has the status EXPIRED, which is newer than this version"):
        await place.instance(service)
    assert asyncio.get_running_loop().time() - before < 120


async def test_the_pre_deploy_command_has_a_time_limit(driver: Driver) -> None:
    """It stands beside the command, shows as drift, and goes with the command alone or by itself."""
    place = await a_project(driver)
    service = await place.service()
    given: dict[str, Any] = {"preDeployCommand": "migrate", "preDeployTimeoutSeconds": 600}
    instance = await place.instance(service, **given)
    deploy = place.config(service)["deploy"]
    assert (deploy["preDeployCommand"], deploy["preDeployTimeoutSeconds"]) == (["migrate"], 600)
    deploy["preDeployTimeoutSeconds"] = 60
    read = await place.refreshed(instance)
    assert read is not None
    assert await driver.diff(read, **given) == {"preDeployTimeoutSeconds": "UPDATE"}
    mended = await driver.update(read, **given)
    assert place.config(service)["deploy"]["preDeployTimeoutSeconds"] == 600
    await driver.update(mended, preDeployCommand=None, preDeployTimeoutSeconds=None)
    assert "preDeployTimeoutSeconds" not in place.config(service)["deploy"]


UPDATES: dict[str, Any] = {"autoUpdates": "patch", "autoUpdateWindows": ["SAT 2-6", "SUN 0-24"]}


def updated_by_railway(driver: Driver, place: Place, service: Made, image: str) -> None:
    """What Railway does in a window: another tag in the configuration, and a deployment of it."""
    entry = {"source": {"image": image}}
    patch(driver.cloud, place.project["environmentId"], services={service["serviceId"]: entry})


async def test_an_image_is_updated_in_windows(driver: Driver) -> None:
    """Type and windows reach Railway in its own form, an import reads them, and another window is drift."""
    place = await a_project(driver)
    service = await place.service()
    instance = await place.instance(service, image="app:1.2.3", **UPDATES, autoUpdateTags="semver")
    assert place.config(service)["source"] == {
        "image": "app:1.2.3",
        "autoUpdates": {
            "type": "patch",
            "schedule": [{"day": 6, "startHour": 2, "endHour": 6}, {"day": 0, "startHour": 0, "endHour": 24}],
            "tagMode": "semver",
        },
    }
    read = await place.refreshed(instance)
    assert read is not None
    assert await driver.diff(read) == {}
    imported = await driver.import_("ServiceInstance", instance.id)
    assert imported is not None
    assert {name: imported.inputs[name] for name in UPDATES} == UPDATES
    place.config(service)["source"]["autoUpdates"]["schedule"] = [{"day": 1, "startHour": 0, "endHour": 1}]
    moved = await place.refreshed(instance)
    assert moved is not None
    assert moved["autoUpdateWindows"] == ["MON 0-1"]


async def test_what_railway_has_updated_is_no_drift_and_is_not_taken_back(driver: Driver) -> None:
    """The program goes on saying 1.2.3; another setting leaves 1.2.5 where it is, another image does not."""
    place = await a_project(driver)
    service = await place.service()
    instance = await place.instance(service, image="app:1.2.3", **UPDATES)
    updated_by_railway(driver, place, service, "app:1.2.5")
    await asyncio.sleep(3)  # five minutes of the simulated clock

    read = await place.refreshed(instance)
    assert read is not None
    assert await driver.diff(read) == {}

    changed = await driver.update(read, healthcheckPath="/up")
    assert (place.config(service)["source"]["image"], changed["deploymentStatus"]) == ("app:1.2.5", "SUCCESS")

    await driver.update(changed, image="app:1.2.4")
    assert place.config(service)["source"]["image"] == "app:1.2.4"


@pytest.mark.parametrize(
    ("wanted", "kind", "other"),
    [
        ("app:1.2.3", "patch", "app:1.3.0"),
        ("app:1.2.3", "patch", "app:1.2.2"),
        ("app:1.2.3", "minor", "app:2.0.0"),
        ("app:1.2.3", "disabled", "app:1.2.4"),
        ("app:1.2.3", "minor", "other:1.2.4"),
        ("app:1.2.3-alpine", "minor", "app:1.2.4"),
        ("app:latest", "minor", "app:1.2.4"),
    ],
)
async def test_an_image_that_updates_cannot_have_put_there_is_drift(
    driver: Driver, wanted: str, kind: str, other: str
) -> None:
    """Somebody changed it, and the program's image is deployed again."""
    place = await a_project(driver)
    service = await place.service()
    instance = await place.instance(service, image=wanted, autoUpdates=kind)
    updated_by_railway(driver, place, service, other)
    await asyncio.sleep(3)  # five minutes of the simulated clock
    read = await place.refreshed(instance)
    assert read is not None
    assert await driver.diff(read, image=wanted) == {"image": "UPDATE"}


async def test_a_sealed_variable_that_the_configuration_does_not_show_is_removed(
    driver: Driver, address: Connection
) -> None:
    """Railway may leave sealed variables out of what it shows: one that leaves the program goes, as on a delete."""
    place = await a_project(driver)
    service = await place.service()
    sealed = {"KEY": "a value that is sealed", "OTHER": "a value that is sealed"}
    made = await place.instance(service, variables={"A": "1", **sealed}, sealed=[*sealed])

    address.spoil("environment", without_sealed)
    place.forget()
    updated = await driver.update(made, variables={"A": "1", "KEY": sealed["KEY"]}, sealed=["KEY"])
    assert sorted(place.config(service)["variables"]) == ["A", "KEY"]
    for _ in range(2):
        await driver.delete(updated)
        assert place.config(service).get("variables", {}) == {}


async def test_a_hidden_sealed_variable_is_removed_when_nothing_else_changes(
    driver: Driver, address: Connection
) -> None:
    """The configuration does not show it, so its removal looks like no change: it is sent all the same."""
    place = await a_project(driver)
    service = await place.service()
    made = await place.instance(service, variables={"A": "1", "KEY": "a value that is sealed"}, sealed=["KEY"])
    address.spoil("environment", without_sealed)
    place.forget()

    await driver.update(made, variables={"A": "1"}, sealed=None)

    assert place.config(service)["variables"] == {"A": {"value": "1"}}


async def test_a_delete_leaves_nothing_that_follows_from_a_setting(driver: Driver) -> None:
    """The restart policy of a job goes with its schedule, and limits that somebody else has set stay."""
    place = await a_project(driver)
    service = await place.service()
    made = await place.instance(service, cronSchedule="*/10 * * * *")
    patch(driver.cloud, place.project["environmentId"], services={
        service["serviceId"]: {"deploy": {"limitOverride": {"containers": {"cpu": 2}}}}
    })  # fmt: skip
    await driver.settle(60)
    await driver.delete(made)
    deploy = place.config(service)["deploy"]
    assert deploy.get("restartPolicyType") in (None, "ON_FAILURE")
    assert deploy["limitOverride"]["containers"] == {"cpu": 2}
