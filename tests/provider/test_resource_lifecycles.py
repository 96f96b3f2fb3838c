"""Each resource from create to delete, through the protocol, against the simulated Railway."""

from __future__ import annotations

from typing import Any

import pytest

from tests.provider.driver import Driver, Made, Place, Run, a_project

EVERYTHING = {
    "image": "app:1",
    "startCommand": "/bin/sh -c 'run $PORT'",
    "preDeployCommand": "migrate",
    "healthcheckPath": "/health-check",
    "healthcheckTimeout": 30,
    "restartPolicyType": "ALWAYS",
    "restartPolicyMaxRetries": 3,
    "sleepApplication": False,
    "overlapSeconds": 5,
    "drainingSeconds": 7,
    "regions": {"europe-west4-drams3a": 2, "us-west2": 1},
    "vcpus": 0.5,
    "memoryMb": 512,
    "variables": {"PLAIN": "1", "REFERENCE": "${{other.URL}}", "EMPTY": ""},
    "registryCredentials": {"username": "robot", "password": "registry-password"},
}


async def make(place: Place, kind: str, service: Made) -> Made:
    inputs: dict[str, Any] = {
        "Volume": {"mountPath": "/data", "sizeMb": 60_000, "name": "disk", "backupSchedules": ["WEEKLY", "DAILY"]},
        "ServiceInstance": EVERYTHING,
        "CustomDomain": {"domain": "api.example.com", "targetPort": 80},
        "ServiceDomain": {"targetPort": 80},
    }[kind]
    return await place.make(kind, service, **inputs)


KINDS = ["Volume", "ServiceInstance", "CustomDomain", "ServiceDomain"]


@pytest.mark.parametrize("kind", KINDS)
def test_refresh_after_create_shows_no_difference(run: Run, kind: str) -> None:
    """What was just made reads back as it was asked for."""

    async def scenario(driver: Driver) -> None:
        place = await a_project(driver)
        made = await make(place, kind, await place.service())
        read = await place.refreshed(made)
        assert read is not None
        assert await driver.diff(read) == {}
        assert made.inputs == read.inputs
        assert made.outputs == read.outputs

    run(scenario)


@pytest.mark.parametrize("kind", KINDS)
def test_import_by_id_matches_the_program(run: Run, kind: str) -> None:
    """An id alone brings back everything that can be read."""

    async def scenario(driver: Driver) -> None:
        place = await a_project(driver)
        made = await make(place, kind, await place.service())
        await driver.settle(100)
        place.forget()
        imported = await driver.import_(kind, made.id)
        assert imported is not None
        write_only = {"registryCredentials", "sleepApplication"}
        expected = {key: value for key, value in made.inputs.items() if key not in write_only}
        found = dict(imported.inputs)
        assert sorted(expected.pop("backupSchedules", [])) == sorted(found.pop("backupSchedules", []))
        assert expected == found

    run(scenario)


@pytest.mark.parametrize("kind", KINDS)
def test_delete_twice_is_done(run: Run, kind: str) -> None:
    """Something that is gone already counts as deleted, and reads as gone."""

    async def scenario(driver: Driver) -> None:
        place = await a_project(driver)
        made = await make(place, kind, await place.service())
        await driver.delete(made)
        await driver.delete(made)
        read = await place.refreshed(made)
        assert read is None or not read.inputs.get("image")

    run(scenario)


@pytest.mark.parametrize("kind", ["Service", *KINDS])
def test_everything_is_gone_with_its_project(run: Run, kind: str) -> None:
    """A deleted project takes all with it: reads find nothing, deletes have nothing to do."""

    async def scenario(driver: Driver) -> None:
        place = await a_project(driver)
        service = await place.service()
        made = service if kind == "Service" else await make(place, kind, service)
        await driver.delete(place.project)
        assert await place.refreshed(made) is None
        await driver.delete(made)

    run(scenario)


def test_project_lifecycle(run: Run) -> None:
    """A project is renamed, described and its environment renamed in place."""

    async def scenario(driver: Driver) -> None:
        project = (await a_project(driver)).project
        changes = {"name": "store", "description": None, "environmentName": "live"}
        assert await driver.diff(project, **changes) == {
            "name": "UPDATE",
            "description": "DELETE",
            "environmentName": "UPDATE",
        }
        updated = await driver.update(project, **changes)
        assert project["environmentId"] == updated["environmentId"]
        read = await driver.refresh(updated)
        assert read is not None
        assert updated.inputs == read.inputs
        imported = await driver.import_("Project", project.id)
        assert imported is not None
        assert imported["environmentName"] == "live"
        await driver.delete(updated)
        await driver.delete(updated)
        assert await Place(driver, project).refreshed(updated) is None

    run(scenario)


def test_another_workspace_replaces_a_project(run: Run) -> None:
    """A project is not moved between workspaces, and naming the one it is in changes nothing."""

    async def scenario(driver: Driver) -> None:
        project = (await a_project(driver)).project
        workspace = next(iter(driver.cloud.state.workspaces))
        named = await driver.update(project, workspaceId=workspace)
        assert await driver.diff(named, workspaceId="another") == {"workspaceId": "UPDATE_REPLACE"}
        assert await driver.diff(named, workspaceId=None) == {}

    run(scenario)


def test_service_preview_knows_the_private_host(run: Run) -> None:
    """The address in the private network follows from the name, so previews show it, without a request."""

    async def scenario(driver: Driver) -> None:
        shown = await driver.preview("Service", name="My API", projectId="p", environmentId="e")
        assert shown["privateDomain"] == "my-api.railway.internal"
        assert driver.operations == []

    run(scenario)


def test_service_is_renamed_in_place(run: Run) -> None:
    """A rename keeps the service, and the private host that it was made with."""

    async def scenario(driver: Driver) -> None:
        place = await a_project(driver)
        service = await place.service()
        renamed = await driver.update(service, name="site")
        assert service["serviceId"] == renamed["serviceId"]
        assert renamed["privateDomain"] == "web.railway.internal"
        read = await driver.refresh(renamed)
        assert read is not None
        assert read["name"] == "site"

    run(scenario)


def test_service_deploys_nothing_before_its_instance(run: Run) -> None:
    """A service is made empty: its first deployment comes with its settings, and is the only one."""

    async def scenario(driver: Driver) -> None:
        place = await a_project(driver)
        service = await place.service()
        await place.make("Volume", service, mountPath="/data", sizeMb=60_000)
        assert len(driver.cloud.state.deployments) == 0
        await place.instance(service, variables={"A": "1"})
        assert len(driver.cloud.state.deployments) == 1

    run(scenario)


def test_a_volume_that_railway_made_larger_and_does_not_shrink_is_kept(run: Run) -> None:
    """More room than asked for will do: the volume is made, the refusal is a warning, and a refresh finds no drift."""

    async def scenario(driver: Driver) -> None:
        place = await a_project(driver)
        service = await place.service()
        refusal = "Volume size can only be increased"
        driver.cloud.faults.add(operation="environmentPatchCommit", status=200, message=refusal)
        made = await place.make("Volume", service, mountPath="/data", sizeMb=5_000, backupSchedules=["DAILY"])
        read = await place.refreshed(made)
        disk = next(iter(driver.cloud.state.volume_instances.values()))
        assert (disk.size_mb, list(disk.backup_schedules)) == (50_000, ["DAILY"])
        assert read is not None
        assert read.inputs == made.inputs

    run(scenario)


def test_volume_grows_moves_and_changes_its_schedules_in_place(run: Run) -> None:
    """Size up, name, path and schedules change without a new volume; a smaller size is a new one."""

    async def scenario(driver: Driver) -> None:
        place = await a_project(driver)
        volume = await make(place, "Volume", await place.service())
        changes = {"sizeMb": 70_000, "mountPath": "/var/data", "name": "store", "backupSchedules": ["MONTHLY"]}
        updated = await driver.update(volume, **changes)
        read = await place.refreshed(updated)
        assert read is not None
        assert updated.inputs == read.inputs
        assert await driver.diff(updated, sizeMb=1_000) == {"sizeMb": "UPDATE_REPLACE"}
        cleared = await driver.update(updated, backupSchedules=None)
        disk = next(iter(driver.cloud.state.volume_instances.values()))
        assert disk.backup_schedules == {}
        other = await place.service("other")
        await driver.update(cleared, serviceId=other["serviceId"])
        assert other["serviceId"] == disk.service_id

    run(scenario)


def test_new_volume_that_is_not_listed_yet_is_not_gone(run: Run) -> None:
    """Railway's lists lag behind a create by up to 90 s: a refresh in that time keeps the volume."""

    async def scenario(driver: Driver) -> None:
        place = await a_project(driver)
        volume = await place.make("Volume", await place.service(), mountPath="/data")
        read = await place.refreshed(volume)
        assert read is not None
        assert volume.outputs == read.outputs

    run(scenario)


def test_domain_ports_change_in_place(run: Run) -> None:
    """Another port is no other domain; another name is."""

    async def scenario(driver: Driver) -> None:
        place = await a_project(driver)
        service = await place.service()
        custom, own = await driver.all(make(place, "CustomDomain", service), make(place, "ServiceDomain", service))
        for domain in (custom, own):
            updated = await driver.update(domain, targetPort=8080)
            read = await place.refreshed(updated)
            assert read is not None
            assert read["targetPort"] == 8080
            assert domain["domain"] == read["domain"]
        assert await driver.diff(custom, domain="www.example.com") == {"domain": "UPDATE_REPLACE"}

    run(scenario)
