"""Change sets, as Railway's infrastructure as code sends them: previewed, applied in one commit, and followed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox_railway.railway_client import Client, Json

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
        found = place.railway.ask(names, id=place.project)["project"]["services"]["edges"]
        return {each["node"]["name"]: each["node"]["id"] for each in found}

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
    ],
)
def test_what_is_no_change_is_refused_before_anything_is_made(place: Place, change: Json, words: str):
    """Also when it stands beside one that could be done."""
    created = {"kind": "resource.create", "address": "service.new", "resource": {"name": "new"}}
    wrong = {key: place.address if value == "ADDRESS" else value for key, value in change.items()}

    refused = place.railway.refusal(APPLY, e=place.environment, i={"version": 1, "changes": [created, wrong]})

    assert words in refused
    assert [service.name for service in place.railway.cloud.state.services.values()] == [place.name]
