"""Volumes: sizes, mounts, lists that lag, tombstones, backups; and TCP proxies."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox_railway.railway_client import Client, Json, open_account

CREATE_TWO = """mutation($a: VolumeCreateInput!, $b: VolumeCreateInput!) {
    first: volumeCreate(input: $a) { id } second: volumeCreate(input: $b) { id } }"""
CREATE = "mutation($i: VolumeCreateInput!) { volumeCreate(input: $i) { id name } }"
LISTED = """query($p: String!, $e: String!) { project(id: $p) { volumes { edges { node { id } } } }
    environment(id: $e) { volumeInstances { edges { node { volumeId state isPendingDeletion deletedAt } } } } }"""
DELETE = "mutation($v: String!) { volumeDelete(volumeId: $v) }"
RENAME = "mutation($v: String!, $n: String!) { volumeUpdate(volumeId: $v, input: {name: $n}) { name } }"
CHANGE = """mutation($v: String!, $e: String, $i: VolumeInstanceUpdateInput!) {
    volumeInstanceUpdate(volumeId: $v, environmentId: $e, input: $i) }"""


class Disk:
    """A service with a volume."""

    def __init__(self, railway: Client) -> None:
        self.railway = railway
        self.project, self.environment = railway.project()
        self.db = railway.service(self.project, self.environment, "db")
        self.id = railway.volume(self.project, self.environment, self.db)

    @property
    def config(self) -> Json:
        """What the config says of the volume."""
        return self.railway.config(self.environment)["volumes"][self.id]

    @property
    def instance(self) -> str:
        """The id of its instance."""
        return next(iter(self.railway.cloud.state.volume_instances))

    def resize(self, size_mb: int) -> Json:
        """A patch with that size."""
        return {"volumes": {self.id: {"sizeMB": size_mb}}}

    def listed(self) -> tuple[list[str], list[Json]]:
        """The volumes of the project and the instances of the environment."""
        answer = self.railway.ask(LISTED, p=self.project, e=self.environment)
        volumes = [edge["node"]["id"] for edge in answer["project"]["volumes"]["edges"]]
        return volumes, [edge["node"] for edge in answer["environment"]["volumeInstances"]["edges"]]


@pytest.fixture
def disk(railway: Client) -> Disk:
    return Disk(railway)


def test_volumes_cannot_be_created_too_quickly(disk: Disk):
    """Railway says so in its own words."""
    given = {"projectId": disk.project, "mountPath": "/data"}

    assert "Whoa there pal" in disk.railway.refusal(CREATE, i=given)


def test_two_volumes_of_one_request_are_too_quick(railway: Client):
    """The second is refused, and takes the id of the first away: the answer has no data, and no list shows it yet."""
    project, environment = railway.project()
    where = {"projectId": project, "environmentId": environment, "mountPath": "/data"}
    services = [railway.service(project, environment, name) for name in ("a", "b")]

    answer = railway.post(CREATE_TWO, a={**where, "serviceId": services[0]}, b={**where, "serviceId": services[1]}).json

    assert answer["data"] is None
    assert [error["path"] for error in answer["errors"]] == [["second"]]
    assert len(railway.cloud.state.volumes) == 1
    assert railway.ask(LISTED, p=project, e=environment)["project"]["volumes"]["edges"] == []


def test_a_new_volume_has_the_size_of_the_plan_and_the_name_of_its_service(disk: Disk):
    """Neither can be given at creation."""
    assert disk.config["sizeMB"] == 50_000
    assert disk.railway.cloud.state.volumes[disk.id].name == "db-volume"


def test_with_null_for_the_environment_there_is_no_instance(railway: Client):
    """Only the volume itself is made."""
    project, environment = railway.project()
    railway.clock.advance(2)
    railway.ask(CREATE, i={"projectId": project, "environmentId": None, "mountPath": "/data"})

    assert "volumes" not in railway.config(environment)


def test_without_an_environment_every_one_has_an_instance(railway: Client):
    """Leaving it out is not null; the service mounts it where it is."""
    project, environment = railway.project()
    service = railway.service(project, environment)
    railway.clock.advance(31)
    staging = railway.environment(project, "staging")
    railway.clock.advance(2)
    railway.ask(CREATE, i={"projectId": project, "serviceId": service, "mountPath": "/data"})

    disks = railway.cloud.state.volume_instances.values()
    assert {disk.environment_id: disk.service_id for disk in disks} == {environment: service, staging: None}


def test_the_lists_lag_behind(disk: Disk):
    """For up to 90 s a new volume is missing there, while the config has it."""
    assert disk.listed() == ([], [])
    assert disk.config

    disk.railway.clock.advance(90)
    volumes, instances = disk.listed()
    assert volumes == [disk.id]
    assert instances[0]["state"] == "READY"


def test_a_deleted_volume_stays_as_a_tombstone(disk: Disk):
    """It is listed, marked, for 48 hours."""
    disk.railway.clock.advance(90)
    disk.railway.ask(DELETE, v=disk.id)
    instance = disk.listed()[1][0]
    assert (instance["state"], instance["isPendingDeletion"]) == ("DELETING", True)
    assert instance["deletedAt"]

    disk.railway.clock.advance(48 * 3600)
    assert disk.listed() == ([], [])


def test_a_service_has_one_volume(disk: Disk):
    """A second one is refused."""
    disk.railway.clock.advance(2)
    given = {"projectId": disk.project, "environmentId": disk.environment, "serviceId": disk.db, "mountPath": "/more"}

    assert "already in use" in disk.railway.refusal(CREATE, i=given)


def test_volume_names_are_unique(disk: Disk):
    """The conflict names the name."""
    other = disk.railway.volume(disk.project, disk.environment, None)

    refusal = disk.railway.refusal(RENAME, v=other, n="db-volume")
    assert refusal == "A volume named db-volume already exists in this project"


def test_a_size_grows_and_never_shrinks_what_was_used(disk: Disk):
    """Before its first deployment a volume holds nothing and may be made smaller."""
    disk.railway.commit(disk.environment, disk.resize(5_000))
    disk.railway.commit(disk.environment, {"services": {disk.db: {"source": {"image": "postgres:16"}}}})
    disk.railway.commit(disk.environment, disk.resize(6_000))
    assert disk.config["sizeMB"] == 6_000

    assert "only be increased" in disk.railway.failure(disk.environment, disk.resize(5_000))
    assert disk.config["sizeMB"] == 6_000


@pytest.mark.parametrize("size_mb", [0, -1])
def test_a_size_of_nothing_is_refused_at_once(disk: Disk, size_mb: int):
    """It is no size on any plan."""
    before = disk.config["sizeMB"]
    assert "Invalid input: sizeMB" in disk.railway.commit_refusal(disk.environment, disk.resize(size_mb))
    assert disk.config["sizeMB"] == before


def test_resizing_deploys_nothing(disk: Disk):
    """A volume grows under a running service."""
    disk.railway.commit(disk.environment, {"services": {disk.db: {"source": {"image": "postgres:16"}}}})
    disk.railway.commit(disk.environment, disk.resize(60_000))

    assert len(disk.railway.deployments(disk.environment)) == 1


def test_the_plan_limits_size_and_number():
    """Hobby has 5 GB; Free has one volume per project."""
    hobby = Disk(open_account("hobby"))
    refusal = hobby.railway.failure(hobby.environment, hobby.resize(5_001))
    assert refusal == "Max size of 5000 MB on current plan. Please select a valid size or upgrade"

    free = Disk(open_account("free"))
    free.railway.clock.advance(2)
    assert "upgrade" in free.railway.refusal(CREATE, i={"projectId": free.project, "mountPath": "/data"})


def test_changing_only_the_path_disconnects_the_volume(disk: Disk):
    """Whoever leaves out the service loses the mount."""
    disk.railway.ask(CHANGE, v=disk.id, e=disk.environment, i={"mountPath": "/other", "serviceId": disk.db})
    mounts = disk.railway.config(disk.environment)["services"][disk.db]["volumeMounts"]
    assert mounts == {disk.id: {"mountPath": "/other"}}

    disk.railway.ask(CHANGE, v=disk.id, e=disk.environment, i={"mountPath": "/third"})
    assert "volumeMounts" not in disk.railway.config(disk.environment)["services"][disk.db]


def test_attaching_to_a_running_service_deploys_it(railway: Client):
    """The mount needs a new container."""
    project, environment = railway.project()
    web = railway.service(project, environment, source={"image": "nginx:1"})
    railway.clock.advance(60)
    railway.volume(project, environment, web)

    assert len(railway.deployments(environment, web)) == 2


def test_another_environment_gets_the_volume_by_patch(disk: Disk):
    """isCreated makes the instance, the mount comes along."""
    disk.railway.environment(disk.project, "x")
    staging = disk.railway.environment(disk.project, "staging")
    patch: dict[str, Any] = {
        "volumes": {disk.id: {"isCreated": True}},
        "services": {disk.db: {"isCreated": True, "volumeMounts": {disk.id: {"mountPath": "/data"}}}},
    }
    disk.railway.commit(staging, patch)

    config = disk.railway.config(staging)
    assert config["services"][disk.db]["volumeMounts"] == {disk.id: {"mountPath": "/data"}}
    assert config["volumes"][disk.id]["sizeMB"] == 50_000


def test_a_volume_follows_its_service_to_another_region(disk: Disk):
    """With data on it, that takes a while."""
    disk.railway.commit(disk.environment, {"services": {disk.db: {"source": {"image": "postgres:16"}}}})
    disk.railway.clock.advance(90)
    regions = {"us-west2": None, "europe-west4-drams3a": {"numReplicas": 1}}
    disk.railway.commit(disk.environment, {"services": {disk.db: {"deploy": {"multiRegionConfig": regions}}}})

    assert disk.config["region"] == "europe-west4-drams3a"
    assert disk.listed()[1][0]["state"] == "MIGRATING"
    disk.railway.clock.advance(60)
    assert disk.listed()[1][0]["state"] == "READY"


def test_backup_schedules_are_replaced_as_a_whole(disk: Disk):
    """By mutation and by patch alike; the list tells kind, cron and retention."""
    update = """mutation($v: String!, $k: [VolumeInstanceBackupScheduleKind!]!) {
        volumeInstanceBackupScheduleUpdate(volumeInstanceId: $v, kinds: $k) }"""
    listing = """query($v: String!) { volumeInstanceBackupScheduleList(volumeInstanceId: $v) {
        kind cron retentionSeconds createdAt } }"""
    disk.railway.ask(update, v=disk.instance, k=["DAILY", "WEEKLY"])
    mount = {disk.id: {"backupSchedules": ["DAILY"]}}
    disk.railway.commit(disk.environment, {"services": {disk.db: {"volumeMounts": mount}}})

    schedules = disk.railway.ask(listing, v=disk.instance)["volumeInstanceBackupScheduleList"]
    assert [(one["kind"], one["retentionSeconds"]) for one in schedules] == [("DAILY", 6 * 86_400)]


def test_a_proxy_is_created_by_patch_and_deleted_by_mutation(railway: Client):
    """Right after its creation it is still busy."""
    project, environment = railway.project()
    db = railway.service(project, environment, "db")
    railway.commit(environment, {"services": {db: {"networking": {"tcpProxies": {"5432": {}}}}}})
    query = """query($e: String!, $s: String!) { tcpProxies(environmentId: $e, serviceId: $s) {
        id domain proxyPort applicationPort syncStatus } }"""
    delete = "mutation($t: String!) { tcpProxyDelete(id: $t) }"
    proxy = railway.ask(query, e=environment, s=db)["tcpProxies"][0]
    assert (proxy["applicationPort"], proxy["syncStatus"]) == (5432, "CREATING")
    assert "operation is already in progress" in railway.refusal(delete, t=proxy["id"])

    railway.clock.advance(2)
    railway.ask(delete, t=proxy["id"])
    assert railway.ask(query, e=environment, s=db)["tcpProxies"] == []


BACKUPS = """query($v: String!) { volumeInstanceBackupList(volumeInstanceId: $v) {
    id name expiresAt scheduleId usedMB volumeInstanceSizeMB } }"""
BACK_UP = "mutation($v: String!) { volumeInstanceBackupCreate(volumeInstanceId: $v) { workflowId } }"
RESTORE = """mutation($v: String!, $b: String!) {
    volumeInstanceBackupRestore(volumeInstanceId: $v, volumeInstanceBackupId: $b) { workflowId } }"""
STATUS = "query($w: String!) { workflowStatus(workflowId: $w) { status error } }"


def _backups(disk: Disk) -> list[Json]:
    return disk.railway.ask(BACKUPS, v=disk.instance)["volumeInstanceBackupList"]


def _written(disk: Disk, used_mb: float) -> None:
    disk.railway.cloud.state.volume_instances[disk.instance].used_mb = used_mb


def test_a_backup_is_made_by_a_workflow(disk: Disk):
    """Until it is complete no list shows the backup."""
    _written(disk, 300)
    workflow = disk.railway.ask(BACK_UP, v=disk.instance)["volumeInstanceBackupCreate"]["workflowId"]
    assert disk.railway.ask(STATUS, w=workflow)["workflowStatus"]["status"] == "Running"
    assert _backups(disk) == []

    disk.railway.clock.advance(10)
    assert disk.railway.ask(STATUS, w=workflow)["workflowStatus"] == {"status": "Complete", "error": None}
    (made,) = _backups(disk)
    assert (made["name"], made["usedMB"], made["expiresAt"], made["scheduleId"]) == ("Manual", 300, None, None)
    assert disk.railway.ask(STATUS, w="nothing")["workflowStatus"]["status"] == "NotFound"


def test_a_backup_on_demand_holds_half_of_the_volume(disk: Disk):
    """The workflow ends with an error, and there is no backup."""
    _written(disk, 25_001)
    workflow = disk.railway.ask(BACK_UP, v=disk.instance)["volumeInstanceBackupCreate"]["workflowId"]
    disk.railway.clock.advance(10)

    assert "50%" in disk.railway.ask(STATUS, w=workflow)["workflowStatus"]["error"]
    assert _backups(disk) == []


@pytest.mark.parametrize("at_once", [True, False])
def test_a_backup_is_restored_to_a_service(disk: Disk, *, at_once: bool):
    """A volume without a service is not restored, whether it was disconnected before or during the restore."""
    disk.railway.ask(BACK_UP, v=disk.instance)
    disk.railway.clock.advance(10)
    (backup,) = _backups(disk)
    disconnect = {"v": disk.id, "e": disk.environment, "i": {"serviceId": None}}
    if at_once:
        disk.railway.ask(CHANGE, **disconnect)
        refused = disk.railway.refusal(RESTORE, v=disk.instance, b=backup["id"])
        assert refused == "Volume instance is not attached to a service"
        return
    workflow = disk.railway.ask(RESTORE, v=disk.instance, b=backup["id"])["volumeInstanceBackupRestore"]["workflowId"]
    disk.railway.ask(CHANGE, **disconnect)
    disk.railway.clock.advance(30)

    assert disk.railway.ask(STATUS, w=workflow)["workflowStatus"]["status"] == "Error"
    commit = "mutation($e: String!) { environmentPatchCommitStaged(environmentId: $e) }"
    assert disk.railway.refusal(commit, e=disk.environment) == "No patch to apply"


def test_a_deleted_volume_gets_no_backups(disk: Disk):
    """Its schedules end with it, and take no change."""
    update = """mutation($v: String!) { volumeInstanceBackupScheduleUpdate(volumeInstanceId: $v, kinds: [DAILY]) }"""
    disk.railway.ask(update, v=disk.instance)
    disk.railway.ask(DELETE, v=disk.id)
    disk.railway.clock.advance(90_000)

    assert _backups(disk) == []
    assert disk.railway.refusal(update, v=disk.instance) == "VolumeInstance not found"


def test_a_volume_is_mounted_once_and_in_a_region_of_railway(disk: Disk):
    """One patch does not mount it in two services, and no operation puts it where Railway has no region."""
    web = disk.railway.service(disk.project, disk.environment)
    disk.railway.ask(CHANGE, v=disk.id, e=disk.environment, i={"serviceId": None})
    mount = {"volumeMounts": {disk.id: {"mountPath": "/data"}}}

    twice = {"services": {disk.db: mount, web: mount}}
    assert "already in use" in disk.railway.commit_refusal(disk.environment, twice)
    moved = {"volumes": {disk.id: {"region": "moon"}}}
    assert "region" in disk.railway.commit_refusal(disk.environment, moved)
    given = {"projectId": disk.project, "environmentId": disk.environment, "mountPath": "/d", "region": "moon"}
    assert disk.railway.refusal(CREATE, i=given) == "Invalid input: region"


def test_a_change_of_every_environment_happens_in_all_or_none(disk: Disk):
    """A service that the second environment lacks changes nothing in the first."""
    web = disk.railway.service(disk.project, disk.environment)
    disk.railway.environment(disk.project, "other")
    other = disk.railway.cloud.environments_of(disk.project)[1].id
    disk.railway.commit(other, {"volumes": {disk.id: {"isCreated": True}}})

    refused = disk.railway.refusal(CHANGE, v=disk.id, e=None, i={"serviceId": web})

    assert refused == "ServiceInstance not found"
    assert disk.railway.cloud.state.volume_instances[disk.instance].service_id == disk.db


def test_the_volumes_of_a_copied_environment_are_empty(disk: Disk):
    """Data stay where they were written."""
    _written(disk, 300)
    copy = disk.railway.environment(disk.project, "copy", sourceEnvironmentId=disk.environment, skipInitialDeploys=True)

    query = """query($e: String!) { environment(id: $e) {
        volumeInstances { edges { node { currentSizeMB } } } } }"""
    disk.railway.clock.advance(90)
    (edge,) = disk.railway.ask(query, e=copy)["environment"]["volumeInstances"]["edges"]
    assert edge["node"] == {"currentSizeMB": 0}


def test_schedules_make_backups_that_expire(disk: Disk):
    """A daily one is kept for 6 days; a locked one stays."""
    update = """mutation($v: String!) { volumeInstanceBackupScheduleUpdate(volumeInstanceId: $v, kinds: [DAILY]) }"""
    disk.railway.ask(update, v=disk.instance)
    disk.railway.clock.advance(2 * 86_400)
    oldest = _backups(disk)[-1]
    assert len(_backups(disk)) == 2
    assert all(each["expiresAt"] and each["scheduleId"] for each in _backups(disk))

    lock = """mutation($v: String!, $b: String!) {
        volumeInstanceBackupLock(volumeInstanceId: $v, volumeInstanceBackupId: $b) }"""
    disk.railway.ask(lock, v=disk.instance, b=oldest["id"])
    disk.railway.clock.advance(20 * 86_400)
    backup_ids = [each["id"] for each in _backups(disk)]
    assert len(backup_ids) in (7, 8)
    assert backup_ids[-1] == oldest["id"]


def test_a_restore_stages_a_new_volume(disk: Disk):
    """Committed, the service mounts it; the former volume is kept without a service, and newer backups are gone."""
    _written(disk, 300)
    for _ in range(2):
        disk.railway.ask(BACK_UP, v=disk.instance)
        disk.railway.clock.advance(10)
    _written(disk, 450)
    chosen = _backups(disk)[-1]
    disk.railway.clock.advance(90)
    disk.railway.ask(RESTORE, v=disk.instance, b=chosen["id"])
    assert disk.listed()[1][0]["state"] == "RESTORING"
    disk.railway.clock.advance(30)

    mounts = disk.railway.config(disk.environment)["services"][disk.db]["volumeMounts"]
    assert list(mounts) == [disk.id]
    disk.railway.ask("mutation($e: String!) { environmentPatchCommitStaged(environmentId: $e) }", e=disk.environment)
    disk.railway.clock.advance(3)
    (new,) = disk.railway.config(disk.environment)["services"][disk.db]["volumeMounts"]
    instances = disk.railway.cloud.state.volume_instances.values()
    assert {each.volume_id: (each.service_id, each.used_mb) for each in instances} == {
        disk.id: (None, 450.0),
        new: (disk.db, 300.0),
    }
    restored = next(each for each in instances if each.volume_id == new)
    there = disk.railway.ask(BACKUPS, v=restored.id)["volumeInstanceBackupList"]
    assert [each["id"] for each in there] == [chosen["id"]]
