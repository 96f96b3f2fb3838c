"""What single resources do at the turns of their lives, through the protocol, against the simulated Railway.

The turns that all resources have in common stand in ``test_whole_lives``.
"""

from __future__ import annotations

import pytest

from tests.provider.dashboard import click
from tests.provider.driver import Driver, Half, Refused, a_project
from tests.provider.in_process import Connection

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


async def test_all_settings_of_an_instance_read_back(driver: Driver) -> None:
    """A refresh shows no difference, and an id alone brings back everything that Railway shows."""
    place = await a_project(driver)
    made = await place.instance(await place.service(), **EVERYTHING)
    read = await place.refreshed(made)
    assert read is not None
    assert await driver.diff(read) == {}
    assert (read.inputs, read.outputs) == (made.inputs, made.outputs)
    imported = await driver.import_(made.kind, made.id)
    assert imported is not None
    left_out = {"registryCredentials", "sleepApplication", "waitForDeployment"}
    assert imported.inputs == {key: value for key, value in made.inputs.items() if key not in left_out}


async def test_a_second_generated_domain_is_refused_before_railway_does(driver: Driver) -> None:
    """With the one that there is, and nothing is asked of Railway; the same port again is the same domain."""
    place = await a_project(driver)
    service = await place.service()
    first = await place.make("ServiceDomain", service, targetPort=80)
    with pytest.raises(Exception, match="Railway gives a service one generated domain, and this one has") as refused:
        await place.make("ServiceDomain", service, targetPort=81)
    assert f"has {first['domain']}, which leads to port 80: remove this ServiceDomain" in str(refused.value)
    assert [domain.target_port for domain in driver.cloud.state.service_domains.values()] == [80]


async def test_a_generated_domain_with_a_port_of_its_own_is_not_taken_over(driver: Driver) -> None:
    """A program that names no port gets no address that was made by hand: it would lead to that port for good."""
    place = await a_project(driver)
    service = await place.service()
    where = {"environmentId": place.project["environmentId"], "serviceId": service["serviceId"]}
    click(driver.cloud, "serviceDomainCreate", input={**where, "targetPort": 3000})
    place.forget()

    with pytest.raises(Refused, match="which leads to port 3000: remove this ServiceDomain and set targetPort"):
        await place.make("ServiceDomain", service)


async def test_everything_is_gone_with_its_project(driver: Driver) -> None:
    """A deleted project takes all with it: reads find nothing, deletes have nothing to do."""
    place = await a_project(driver)
    service = await place.service()
    made = [
        service,
        await place.make("Volume", service, mountPath="/data"),
        await place.make("CustomDomain", service, domain="api.example.com", targetPort=80),
        await place.make("ServiceDomain", service, targetPort=80),
        await place.instance(service),
    ]
    await driver.delete(place.project)
    for each in made:
        assert await place.refreshed(each) is None
        await driver.delete(each)


async def test_another_workspace_replaces_a_project(driver: Driver) -> None:
    """A project is not moved between workspaces, and naming the one it is in changes nothing."""
    project = (await a_project(driver)).project
    workspace = next(iter(driver.cloud.state.workspaces))
    named = await driver.update(project, workspaceId=workspace)
    assert await driver.diff(named, workspaceId="another") == {"workspaceId": "UPDATE_REPLACE"}
    assert await driver.diff(named, workspaceId=None) == {}


async def test_service_preview_knows_the_private_host(driver: Driver) -> None:
    """The address in the private network follows from the name, so previews show it, without a request."""
    shown = await driver.preview("Service", name="My API", projectId="p", environmentId="e")
    assert shown["privateDomain"] == "my-api.railway.internal"
    assert driver.operations == []


async def test_service_is_renamed_in_place(driver: Driver) -> None:
    """A rename keeps the service, and the private host that it was made with."""
    place = await a_project(driver)
    service = await place.service()
    renamed = await driver.update(service, name="site")
    assert service["serviceId"] == renamed["serviceId"]
    assert renamed["privateDomain"] == "web.railway.internal"
    read = await driver.refresh(renamed)
    assert read is not None
    assert read["name"] == "site"


async def test_service_deploys_nothing_before_its_instance(driver: Driver) -> None:
    """A service is made empty: its first deployment comes with its settings, and is the only one."""
    place = await a_project(driver)
    service = await place.service()
    await place.make("Volume", service, mountPath="/data", sizeMb=60_000)
    assert len(driver.cloud.state.deployments) == 0
    await place.instance(service, variables={"A": "1"})
    assert len(driver.cloud.state.deployments) == 1


async def test_the_alerts_of_a_volume_are_those_that_were_asked_for(driver: Driver) -> None:
    """Railway's own ones go with the first that are set; a change by hand is seen; without any, none is touched."""
    place = await a_project(driver)
    made = await place.make("Volume", await place.service(), mountPath="/data")
    disk = next(iter(driver.cloud.state.volume_instances.values()))
    disk.usage_alerts = [80, 95, 100]
    await driver.settle(200.0)  # until Railway's list shows the new volume
    untouched = await place.refreshed(made)
    assert untouched is not None
    assert untouched.inputs == made.inputs

    set_ = await driver.update(made, usageAlerts=[90, 80])
    assert disk.usage_alerts == [80, 90]
    same = await place.refreshed(set_)
    assert same is not None
    assert same.inputs == set_.inputs
    disk.usage_alerts = [80]
    drifted = await place.refreshed(set_)
    assert drifted is not None
    assert drifted.outputs["usageAlerts"] == [80]


async def test_a_volume_that_railway_made_larger_and_does_not_shrink_is_kept(driver: Driver) -> None:
    """More room than asked for will do: the volume is made, the refusal is a warning, and a refresh finds no drift."""
    place = await a_project(driver)
    service = await place.service()
    refusal = "Volume size can only be increased"
    driver.address.fail("environmentPatchCommit", status=200, message=refusal)
    made = await place.make("Volume", service, mountPath="/data", sizeMb=5_000, backupSchedules=["DAILY"])
    read = await place.refreshed(made)
    disk = next(iter(driver.cloud.state.volume_instances.values()))
    assert (disk.size_mb, list(disk.backup_schedules)) == (50_000, ["DAILY"])
    assert read is not None
    assert read.inputs == made.inputs


async def test_new_volume_that_is_not_listed_yet_is_not_gone(driver: Driver) -> None:
    """Railway's lists lag behind a create by up to 90 s: a refresh in that time keeps the volume."""
    place = await a_project(driver)
    volume = await place.make("Volume", await place.service(), mountPath="/data")
    read = await place.refreshed(volume)
    assert read is not None
    assert volume.outputs == read.outputs


async def test_new_volume_that_is_not_shown_is_kept(driver: Driver, address: Connection) -> None:
    """Railway answers the create without the disk, and the look for it fails: the state has the volume's id."""
    place = await a_project(driver)
    service = await place.service()
    address.spoil("volumeCreate", lambda volume: volume["volumeInstances"]["edges"].clear())
    address.spoil("volumeCreate", lambda _: driver.address.fail("environment", status=200, message="Not Authorized"))
    with pytest.raises(Half, match="does not show it: run the command again") as half:
        await place.make("Volume", service, mountPath="/data", sizeMb=60_000)
    (volume,) = driver.cloud.state.volumes.values()
    assert (half.value.made.id, half.value.made["volumeId"]) == (
        f"{'/'.join(place.where.values())}/{volume.id}",
        volume.id,
    )
    done = await driver.update(half.value.made)
    (disk,) = driver.cloud.state.volume_instances.values()
    assert (done["volumeInstanceId"], disk.size_mb) == (disk.id, 60_000)


async def test_alerts_that_could_not_be_set_are_not_in_the_state(driver: Driver) -> None:
    """A half-made volume shows what Railway has."""
    place = await a_project(driver)
    service = await place.service()
    driver.address.fail("environmentPatchCommit", status=200, message="Invalid input")
    with pytest.raises(Half) as half:
        await place.make("Volume", service, mountPath="/data", usageAlerts=[50])
    assert half.value.made.outputs.get("usageAlerts") != [50]
    await driver.update(half.value.made)
    (disk,) = driver.cloud.state.volume_instances.values()
    assert disk.usage_alerts == [50]


async def test_two_resources_are_not_the_same_custom_domain(driver: Driver) -> None:
    """The second one would delete the domain of the first when it leaves the program."""
    place = await a_project(driver)
    service = await place.service()
    await place.make("CustomDomain", service, domain="api.example.com")
    with pytest.raises(Refused, match=r"two resources are the custom domain api\.example\.com"):
        await place.make("CustomDomain", service, domain="api.example.com", targetPort=80)
