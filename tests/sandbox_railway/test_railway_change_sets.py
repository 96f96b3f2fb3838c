"""Change sets, as Railway's infrastructure as code sends them: previewed, applied in one commit, and followed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox_railway.railway_client import Client, Json, open_account

PREVIEW = """mutation($e: String!, $i: JSON!) {
    environmentPreviewChangeSet(environmentId: $e, input: $i) { changeSet diagnostics effects } }"""
RESULT = "id status deploymentId stagedPatchId diagnostics changes { kind path summary status outputs }"
APPLY = f"""mutation($e: String!, $i: JSON!, $m: String, $t: String, $w: Boolean) {{
    environmentApplyChangeSet(
        environmentId: $e, input: $i, commitMessage: $m, baseConfigEtag: $t, waitForCompletion: $w
    ) {{ {RESULT} }} }}"""
STATUS = f"query($e: String!, $id: String!) {{ environmentChangeSetApply(environmentId: $e, id: $id) {{ {RESULT} }} }}"
CONFIG = "query($e: String!) { environment(id: $e) { config(decryptVariables: true) configEtag } }"


class Place:
    """A project with one service, ``web``."""

    def __init__(self, railway: Client) -> None:
        self.railway = railway
        self.project, self.environment = railway.project()
        self.web = railway.service(self.project, self.environment)
        query = "query($id: String!) { service(id: $id) { name } }"
        self.name = railway.ask(query, id=self.web)["service"]["name"]
        settings = {
            "source": {"image": "nginx:1"},
            "deploy": {"startCommand": "run", "healthcheckPath": "/up"},
            "variables": {"OLD": {"value": "1"}, "KEPT": {"value": "2"}},
        }
        railway.commit(self.environment, {"services": {self.web: settings}})
        railway.clock.advance(60)

    @property
    def address(self) -> str:
        return f"service.{self.name}"

    def config(self) -> Json:
        return self.railway.ask(CONFIG, e=self.environment)["environment"]

    def apply(self, *changes: Json, **more: Any) -> Json:
        given = {"w": False, **more}
        asked = self.railway.ask(APPLY, e=self.environment, i={"version": 1, "changes": list(changes)}, **given)
        return asked["environmentApplyChangeSet"]

    def preview(self, *changes: Json) -> list[Json]:
        """The changes that a preview leaves."""
        asked = self.railway.ask(PREVIEW, e=self.environment, i={"version": 1, "changes": list(changes)})
        return asked["environmentPreviewChangeSet"]["changeSet"]["changes"]

    def names(self, noun: str) -> dict[str, str]:
        """Ids of the project's services, volumes or buckets by name."""
        query = f"query($id: String!) {{ project(id: $id) {{ {noun} {{ edges {{ node {{ id name }} }} }} }} }}"
        self.railway.clock.advance(100)
        edges = self.railway.ask(query, id=self.project)["project"][noun]["edges"]
        return {each["node"]["name"]: each["node"]["id"] for each in edges}

    def service(self, name: str) -> Json:
        """The settings of a service."""
        return self.config()["config"]["services"][self.names("services")[name]]

    def status(self, id: str) -> Json:
        return self.railway.ask(STATUS, e=self.environment, id=id)["environmentChangeSetApply"]


@pytest.fixture
def place(railway: Client) -> Place:
    return Place(railway)


def set_variable(place: Place, name: str, after: Json) -> Json:
    return {"kind": "variable.set", "address": place.address, "variable": name, "after": after, "path": f"v.{name}"}


def test_a_preview_changes_nothing_and_an_apply_is_one_commit(place: Place):
    """Applying at first, then applied; every change has its line, and there is one deployment."""
    changes = [
        set_variable(place, "NEW", {"type": "literal", "value": "3", "isSealed": False}),
        {"kind": "variable.delete", "address": place.address, "variable": "OLD", "path": "v.OLD", "summary": "Delete"},
        {
            "kind": "resource.update", "address": place.address, "field": "deploy",
            "before": {"startCommand": "run", "healthcheckPath": "/up"}, "after": {"startCommand": "serve"},
        },
    ]  # fmt: skip
    before = place.config()
    shown = place.railway.ask(PREVIEW, e=place.environment, i={"version": 1, "changes": changes})
    assert place.config() == before
    deployments = len(place.railway.deployments(place.environment))

    applying = place.apply(*changes, m="From the file", t=before["configEtag"])
    place.railway.clock.advance(30)
    applied = place.status(applying["id"])

    assert shown["environmentPreviewChangeSet"]["diagnostics"] == []
    assert (applying["status"], applied["status"]) == ("applying", "applied")
    assert [(each["kind"], each["status"]) for each in applied["changes"]] == [
        ("variable.set", "applied"), ("variable.delete", "applied"), ("resource.update", "applied"),
    ]  # fmt: skip
    service = place.config()["config"]["services"][place.web]
    assert {name: each["value"] for name, each in service["variables"].items()} == {"KEPT": "2", "NEW": "3"}
    assert service["deploy"]["startCommand"] == "serve"
    assert "healthcheckPath" not in service["deploy"]
    assert len(place.railway.deployments(place.environment)) == deployments + 1


def test_references_are_by_name(place: Place):
    """Of another service, and of shared variables."""
    place.apply(
        set_variable(place, "URL", {"type": "reference", "resource": "service.db", "output": "DATABASE_URL"}),
        set_variable(place, "KEY", {"type": "sharedReference", "name": "KEY"}),
        w=True,
    )

    variables = place.config()["config"]["services"][place.web]["variables"]
    assert (variables["URL"]["value"], variables["KEY"]["value"]) == ("${{db.DATABASE_URL}}", "${{shared.KEY}}")


def test_a_service_is_made_renamed_and_deleted(place: Place):
    """With its source it is deployed; a client that waits is answered when all is done."""
    source = {"type": "image", "image": "redis:8"}
    made = place.apply(
        {"kind": "resource.create", "address": "service.cache", "resource": {"name": "cache", "source": source}}, w=True
    )
    names = "query($id: String!) { project(id: $id) { services { edges { node { id name } } } } }"

    def services() -> dict[str, str]:
        edges = place.railway.ask(names, id=place.project)["project"]["services"]["edges"]
        return {each["node"]["name"]: each["node"]["id"] for each in edges}

    assert made["status"] == "applied"
    cache = services()["cache"]
    assert place.config()["config"]["services"][cache]["source"] == {"image": "redis:8"}
    assert len(place.railway.deployments(place.environment, cache)) == 1
    place.apply({"kind": "resource.update", "address": "service.cache", "field": "name", "after": "store"}, w=True)
    assert services()["store"] == cache
    place.apply({"kind": "resource.delete", "address": "service.store"}, w=True)
    assert place.config()["config"]["services"][cache] == {"isDeleted": True}


def test_a_plan_of_an_older_configuration_is_refused(place: Place):
    """Somebody changed it meanwhile; nothing is done."""
    etag = place.config()["configEtag"]
    place.railway.commit(place.environment, {"services": {place.web: {"deploy": {"startCommand": "other"}}}})
    changes = {"version": 1, "changes": [set_variable(place, "NEW", {"type": "literal", "value": "3"})]}

    refused = place.railway.refusal(APPLY, e=place.environment, i=changes, t=etag)

    assert "has changed" in refused
    assert "NEW" not in place.config()["config"]["services"][place.web]["variables"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": "variable.set", "address": "service.nobody", "variable": "A", "after": {}}, "nobody not found"),
        ({"kind": "resource.explode", "address": "ADDRESS"}, "Invalid RailwayChangeSet patch"),
        (
            {"kind": "variable.set", "address": "ADDRESS", "variable": "A", "after": {"type": "preserve"}},
            "Invalid Rail",
        ),
        ({"address": "ADDRESS"}, "Invalid RailwayChangeSet patch"),
        ({"kind": "variable.set", "address": "ADDRESS", "after": {}}, "Invalid RailwayChangeSet patch"),
        ({"kind": "resource.create", "address": "service.x", "resource": "text"}, "Invalid RailwayChangeSet patch"),
        ({"kind": "resource.update", "address": "ADDRESS", "field": "name"}, "Invalid RailwayChangeSet patch"),
        (
            {"kind": "resource.update", "address": "ADDRESS", "field": "source", "after": "text"},
            "Invalid RailwayChangeSet patch",
        ),
        (
            {"kind": "resource.update", "address": "ADDRESS", "field": "volumeAttachments", "after": {"d": {}}},
            "Invalid RailwayChangeSet patch",
        ),
        ({"kind": "resource.update", "address": "service.new", "field": "name", "after": "NAME"}, "already exists"),
    ],
)
def test_what_is_no_change_is_refused_before_anything_is_made(place: Place, change: Json, words: str):
    """Also when it stands beside one that could be done."""
    created = {"kind": "resource.create", "address": "service.new", "resource": {"name": "new"}}
    placed = {"ADDRESS": place.address, "NAME": place.name}
    wrong = {key: placed.get(value, value) if isinstance(value, str) else value for key, value in change.items()}

    refused = place.railway.refusal(APPLY, e=place.environment, i={"version": 1, "changes": [created, wrong]})

    assert words in refused
    assert [service.name for service in place.railway.cloud.state.services.values()] == [place.name]


def created(noun: str, name: str, **resource: Any) -> Json:
    """The change that makes a resource."""
    return {
        "kind": "resource.create", "address": f"{noun}.{name}", "path": f"resources.{noun}.{name}",
        "resource": {"address": f"{noun}.{name}", "type": noun, "name": name, **resource},
    }  # fmt: skip


def updated(address: str, field: str, before: Any, after: Any) -> Json:
    """The change of one part of a resource."""
    return {"kind": "resource.update", "address": address, "field": field, "before": before, "after": after}


POSTGRES = "ghcr.io/railwayapp-templates/postgres-ssl:18"


@pytest.mark.parametrize(
    ("engine", "image", "mount_path", "output", "begins"),
    [
        ("postgres", POSTGRES, "/var/lib/postgresql/data", "DATABASE_URL", "postgresql://postgres:"),
        ("mysql", "mysql:9", "/var/lib/mysql", "MYSQL_URL", "mysql://root:"),
        ("redis", "railwayapp/redis:8.2", "/bitnami", "REDIS_URL", "redis://default:"),
        ("mongo", "mongo:8", "/data/db", "MONGO_URL", "mongodb://mongo:"),
    ],
)
def test_a_database_is_made_with_its_volume_and_variables(
    place: Place, engine: str, image: str, mount_path: str, output: str, begins: str
):
    """It runs in its region alone, its data lie on a volume there, and others get its address by reference."""
    regions = {"multiRegionConfig": {"europe-west4-drams3a": {"numReplicas": 1}}}
    source = {"type": "image", "image": image}
    database = created("database", "db", engine=engine, image=image, source=source, deploy=regions)
    reference = set_variable(place, "URL", {"type": "reference", "resource": "database.db", "output": output})

    made = place.apply(reference, database, w=True)
    place.railway.clock.advance(120)

    assert made["status"] == "applied"
    found, volumes = place.service("db"), place.config()["config"]["volumes"]
    (volume_id,) = found["volumeMounts"]
    assert found["source"] == {"image": image}
    assert list(found["deploy"]["multiRegionConfig"]) == ["europe-west4-drams3a"]
    assert found["deploy"]["requiredMountPath"] == found["volumeMounts"][volume_id]["mountPath"] == mount_path
    assert volumes[volume_id]["region"] == "europe-west4-drams3a"
    assert place.names("volumes") == {"db-volume": volume_id}
    query = (
        "query($p: String!, $e: String!, $s: String!) { variables(projectId: $p, environmentId: $e, serviceId: $s) }"
    )
    seen = place.railway.ask(query, p=place.project, e=place.environment, s=place.web)["variables"]
    assert seen["URL"].startswith(begins)
    assert "db.railway.internal" in seen["URL"]
    assert "$" not in seen["URL"]
    assert "SUCCESS" in place.railway.statuses(place.environment, place.names("services")["db"])


def test_a_group_is_renamed_by_the_change_set_that_makes_it(place: Place):
    """A preview shows the change and makes nothing; the group has its new name."""
    changes = (created("group", "front"), updated("group.front", "name", "front", "shop"))

    assert place.preview(*changes) == [*changes]
    assert place.config()["config"]["groups"] == {}
    place.apply(*changes, w=True)

    assert [group["name"] for group in place.config()["config"]["groups"].values()] == ["shop"]


def test_two_databases_have_two_passwords(place: Place):
    """Each is made up for its own."""
    place.apply(created("database", "one", engine="redis"), created("database", "two", engine="redis"), w=True)

    words = [place.service(name)["variables"]["REDIS_PASSWORD"]["value"] for name in ("one", "two")]
    assert len(set(words)) == 2


def test_volumes_buckets_and_groups_are_made_beside_the_service_that_uses_them(place: Place):
    """Whatever their order in the change set; names are known to the dashboard, and the group to those in it."""
    mounts = {"disk": {"volume": "volume.disk", "mountPath": "/data"}}
    place.apply(
        created("service", "shop", source={"image": "shop:1"}, volumeAttachments=mounts, groupId="front"),
        created("volume", "disk", config={"sizeMB": 2000, "region": "us-west2"}, groupId="front"),
        created("bucket", "files", config={"region": "ams"}),
        created("group", "front", color="blue"),
        w=True,
    )  # fmt: skip

    config = place.config()["config"]
    disk, files = place.names("volumes")["disk"], place.names("buckets")["files"]
    assert place.service("shop")["volumeMounts"] == {disk: {"mountPath": "/data"}}
    assert (config["volumes"][disk]["sizeMB"], config["buckets"][files]) == (2000, {"region": "ams"})
    ((group, shown),) = config["groups"].items()
    assert shown == {"name": "front", "color": "blue"}
    assert place.service("shop")["groupId"] == group
    refs = place.railway.ask("query($e: String!) { environment(id: $e) { canvasGroupRefs } }", e=place.environment)
    assert refs["environment"]["canvasGroupRefs"] == {disk: group}


def test_they_are_changed_and_deleted_but_for_the_volume(place: Place):
    """A database goes and its data stay, as with Railway; a bucket and a group go."""
    place.apply(
        created("database", "db", engine="mysql"),
        created("volume", "disk", config={"sizeMB": 2000}),
        created("bucket", "files", config={"region": "ams"}),
        created("group", "front"),
        w=True,
    )
    place.railway.clock.advance(60)
    disk, files = place.names("volumes")["disk"], place.names("buckets")["files"]

    place.apply(
        updated("volume.disk", "config", {"sizeMB": 2000}, {"sizeMB": 3000}),
        updated("volume.disk", "groupId", None, "front"),
        {"kind": "resource.delete", "address": "database.db"},
        {"kind": "resource.delete", "address": "bucket.files"},
        w=True,
    )
    place.apply({"kind": "resource.delete", "address": "group.front"}, w=True)
    place.apply({"kind": "resource.delete", "address": "volume.disk"}, w=True)

    config = place.config()["config"]
    assert config["volumes"][disk]["sizeMB"] == 3000
    assert set(place.names("volumes")) == {"disk", "db-volume"}
    assert config["buckets"][files] == {"isDeleted": True}
    assert config["groups"] == {}
    deleted = {"kind": "resource.delete", "address": "bucket.files"}
    refused = place.railway.refusal(APPLY, e=place.environment, i={"version": 1, "changes": [deleted]})
    assert refused == "Resource bucket.files not found"


def test_the_volume_of_a_database_counts_for_the_plan():
    """A Trial project has three volumes, whoever makes them; with a fourth nothing of the change set is made."""
    place = Place(open_account("trial"))
    place.apply(*(created("database", f"db{number}", engine="redis") for number in range(3)), w=True)

    fourth = {"version": 1, "changes": [created("database", "more", engine="redis")]}
    assert "limited to 3 volumes" in place.railway.refusal(APPLY, e=place.environment, i=fourth)
    assert len(place.names("volumes")) == 3
    assert "more" not in place.names("services")


def test_a_preview_leaves_out_what_changes_nothing(place: Place):
    """Values that the reader saw masked, and defaults that were not shown; what does change stays."""
    same = set_variable(place, "KEPT", {"type": "literal", "value": "2"})
    other = set_variable(place, "OLD", {"type": "literal", "value": "2"})
    deploy = {"startCommand": "run", "healthcheckPath": "/up"}
    default = updated(place.address, "deploy", deploy, {**deploy, "restartPolicyType": "ON_FAILURE"})

    assert place.preview(same, other, default) == [other]
    new = created("service", "new", source={"type": "image", "image": "new:1"})
    assert place.preview(new) == [new]


def test_what_a_pulled_file_has_no_words_for_stays(place: Place):
    """Nixpacks, backup schedules and the version of a database are in no such file: its plan says no changes."""
    mounts = {"disk": {"volume": "volume.disk", "mountPath": "/data", "backupSchedules": ["DAILY"]}}
    image = "ghcr.io/railwayapp-templates/postgres-ssl:16"
    place.apply(
        created("volume", "disk", config={"sizeMB": 1000}),
        created("service", "bot", source={"type": "github", "repo": "a/b"}, build={"builder": "NIXPACKS"},
                volumeAttachments=mounts),
        created("database", "db", engine="postgres", image=image),
        w=True,
    )  # fmt: skip
    place.railway.clock.advance(60)
    unwritten = [
        updated("service.bot", "build", {"builder": "NIXPACKS"}, None),
        updated("service.bot", "volumeAttachments", mounts, {"disk": {"volume": "volume.disk", "mountPath": "/data"}}),
        updated("database.db", "source", None, {"type": "image", "image": POSTGRES}),
    ]

    assert place.preview(*unwritten) == []
    place.apply(*unwritten, w=True)

    disk = place.names("volumes")["disk"]
    assert place.service("bot")["build"] == {"builder": "NIXPACKS"}
    assert place.service("bot")["volumeMounts"] == {disk: {"mountPath": "/data", "backupSchedules": ["DAILY"]}}
    assert place.service("db")["source"] == {"image": image}
    written = [
        updated("service.bot", "build", {"builder": "NIXPACKS"}, {"builder": "RAILPACK"}),
        updated("database.db", "source", None, {"type": "image", "image": POSTGRES.replace("18", "17")}),
    ]
    assert place.preview(*written) == written


def test_what_the_commit_refuses_leaves_nothing_behind(place: Place):
    """A service that would be made beside it is not there either."""
    wide = {"multiRegionConfig": {"us-west2": {"numReplicas": 2}}}
    mounts = {"disk": {"volume": "volume.disk", "mountPath": "/data"}}
    changes = [
        created("volume", "disk", config={"sizeMB": 1000}),
        created("service", "new", source={"type": "image", "image": "new:1"}, deploy=wide, volumeAttachments=mounts),
    ]

    refused = place.railway.refusal(APPLY, e=place.environment, i={"version": 1, "changes": changes})

    assert "more than one replica" in refused
    assert (set(place.names("services")), place.names("volumes")) == ({place.name}, {})


@pytest.mark.parametrize(("noun", "config"), [("volume", {"sizeMB": 1000}), ("bucket", {"region": "sjc"})])
def test_blank_names_are_refused(place: Place, noun: str, config: Json):
    """A change set renames no volume and no bucket to a blank name, as their own operations do not."""
    place.apply(created(noun, "store", config=config), w=True)
    blank = updated(f"{noun}.store", "name", "store", " ")

    assert "name" in place.railway.refusal(APPLY, e=place.environment, i={"version": 1, "changes": [blank]})
    assert set(place.names(f"{noun}s")) == {"store"}


def test_names_are_refused_as_elsewhere(place: Place):
    """A name that is taken, and a volume or a group that nobody makes."""
    taken = created("service", place.name, source={"type": "image", "image": "x:1"})
    lost = created("service", "new", volumeAttachments={"d": {"volume": "volume.lost", "mountPath": "/d"}})

    assert "already exists" in place.railway.refusal(APPLY, e=place.environment, i={"version": 1, "changes": [taken]})
    assert "volume.lost not found" in place.railway.refusal(
        APPLY, e=place.environment, i={"version": 1, "changes": [lost]}
    )
    away = updated(place.address, "groupId", None, "lost")
    assert "group.lost not found" in place.railway.refusal(
        APPLY, e=place.environment, i={"version": 1, "changes": [away]}
    )
