"""Members of projects and notification rules."""

from __future__ import annotations

from typing import Any

from railway_sandbox.railway.projects.members import open_account
from railway_sandbox.railway.state import State
from tests.sandbox_railway.railway_client import Client, Json

MEMBERS = "query($p: String!) { projectMembers(projectId: $p) { id email name role } }"
ADD = "mutation($i: ProjectMemberAddInput!) { projectMemberAdd(input: $i) { id role } }"
UPDATE = "mutation($i: ProjectMemberUpdateInput!) { projectMemberUpdate(input: $i) { role } }"
REMOVE = "mutation($i: ProjectMemberRemoveInput!) { projectMemberRemove(input: $i) { id } }"
RULES = "query($w: String!, $p: String) { notificationRules(workspaceId: $w, projectId: $p) { id severities } }"
CREATE_RULE = """mutation($i: CreateNotificationRuleInput!) {
    notificationRuleCreate(input: $i) { id eventTypes severities ephemeralEnvironments channels { config } } }"""


def test_who_made_a_project_is_an_admin_for_good(railway: Client):
    """Nobody locks the person out whose tokens these are."""
    project, _ = railway.project()
    (owner,) = railway.ask(MEMBERS, p=project)["projectMembers"]

    assert owner["role"] == "ADMIN"
    assert railway.refusal(REMOVE, i={"projectId": project, "userId": owner["id"]}) == "Not Authorized"


def test_a_member_needs_an_account_and_is_one_once(railway: Client):
    """A membership is of a person who is known, and its role changes in place."""
    project, _ = railway.project()
    grace = open_account(railway.cloud, "Grace", "grace@example.com")
    given: dict[str, Any] = {"projectId": project, "userId": grace, "role": "VIEWER"}

    assert railway.refusal(ADD, i={**given, "userId": "nobody"}) == "User not found"
    assert railway.ask(ADD, i=given)["projectMemberAdd"] == {"id": grace, "role": "VIEWER"}
    assert "already exists" in railway.refusal(ADD, i=given)
    assert railway.ask(UPDATE, i={**given, "role": "ADMIN"})["projectMemberUpdate"] == {"role": "ADMIN"}
    assert len(railway.ask(REMOVE, i={"projectId": project, "userId": grace})["projectMemberRemove"]) == 1
    assert railway.refusal(UPDATE, i=given) == "ProjectMember not found"


def test_a_project_token_sees_neither_members_nor_rules(railway: Client):
    """It opens one environment, and nothing of who may open it."""
    project, environment = railway.project()
    secret = railway.cloud.add_token("project", "ci", project_id=project, environment_id=environment)
    headers = {"Project-Access-Token": secret}
    workspace = next(iter(railway.cloud.state.workspaces))

    for query, variables in ((MEMBERS, {"p": project}), (RULES, {"w": workspace})):
        assert railway.post(query, headers=headers, **variables).json["errors"][0]["message"] == "Not Authorized"


def test_a_project_token_reads_the_name_of_the_workspace_and_nothing_else_in_it(railway: Client):
    """As Railway's command line shows the status of a project with it; other projects are out of its reach."""
    project, environment = railway.project()
    railway.project("another")
    secret = railway.cloud.add_token("project", "ci", project_id=project, environment_id=environment)
    token = {"Project-Access-Token": secret}

    def ask(query: str) -> Json:
        return railway.post(query, headers=token, p=project).json

    named = ask("query($p: String!) { project(id: $p) { name workspace { name } } }")
    beyond = ask("query($p: String!) { project(id: $p) { workspace { projects { edges { node { id } } } } } }")

    assert named == {"data": {"project": {"name": "shop", "workspace": {"name": "Sandbox"}}}}
    assert beyond["errors"][0]["message"] == "Not Authorized"


def test_a_rule_belongs_to_a_workspace_and_perhaps_to_a_project(railway: Client):
    """Without a project all rules of the workspace are listed; a deleted project takes its rules along."""
    workspace = next(iter(railway.cloud.state.workspaces))
    project, _ = railway.project()
    given = {"workspaceId": workspace, "eventTypes": ["Deployment.failed"], "channelConfigs": [{"type": "INAPP"}]}
    made = railway.ask(CREATE_RULE, i=given)["notificationRuleCreate"]
    railway.ask(CREATE_RULE, i={**given, "projectId": project, "severities": ["CRITICAL"]})

    assert made["channels"] == [{"config": {"type": "INAPP", "version": 1}}]
    assert len(railway.ask(RULES, w=workspace)["notificationRules"]) == 2
    (of_project,) = railway.ask(RULES, w=workspace, p=project)["notificationRules"]
    assert of_project["severities"] == ["CRITICAL"]
    railway.ask("mutation($p: String!) { projectDelete(id: $p) }", p=project)
    assert [found["id"] for found in railway.ask(RULES, w=workspace)["notificationRules"]] == [made["id"]]


def test_a_rule_without_event_or_with_an_empty_channel_is_refused(railway: Client):
    """The little that is certain about their form."""
    given = {
        "workspaceId": next(iter(railway.cloud.state.workspaces)),
        "eventTypes": ["a"],
        "channelConfigs": [{"a": 1}],
    }

    assert railway.refusal(CREATE_RULE, i={**given, "eventTypes": []}) == "Invalid input: eventTypes"
    assert railway.refusal(CREATE_RULE, i={**given, "channelConfigs": ["text"]}) == "Invalid input: channelConfigs"


def test_members_and_rules_survive_a_restart(railway: Client):
    """They are part of what is stored."""
    project, _ = railway.project()
    grace = open_account(railway.cloud, "Grace", "grace@example.com")
    railway.ask(ADD, i={"projectId": project, "userId": grace, "role": "MEMBER"})
    workspace = next(iter(railway.cloud.state.workspaces))
    railway.ask(CREATE_RULE, i={"workspaceId": workspace, "eventTypes": ["a"], "channelConfigs": [{"a": 1}]})

    assert State.from_json(railway.cloud.state.to_json()) == railway.cloud.state


def test_a_public_key_is_text_of_a_key(railway: Client):
    """Letters that no key has are refused like any other key that is not valid."""
    create = "mutation($i: SshPublicKeyCreateInput!) { sshPublicKeyCreate(input: $i) { id } }"

    for key in ("ssh-ed25519 é", "ssh-ed25519", "ssh-ed25519 AAAA"):
        assert railway.refusal(create, i={"name": "me", "publicKey": key}) == "Invalid input: publicKey"


def test_an_environment_belongs_to_the_project_that_is_named(railway: Client):
    """Making a service, a token or the base of pull requests with the environment of another project is refused."""
    project, _ = railway.project()
    _, foreign = railway.project("other")
    both = {"projectId": project, "environmentId": foreign, "name": "x"}
    base = "mutation($p: String!, $e: String!) { projectUpdate(id: $p, input: {baseEnvironmentId: $e}) { id } }"
    service = "mutation($i: ServiceCreateInput!) { serviceCreate(input: $i) { id } }"
    token = "mutation($i: ProjectTokenCreateInput!) { projectTokenCreate(input: $i) }"

    assert railway.refusal(service, i=both) == "Environment not found"
    assert railway.refusal(token, i=both) == "Environment not found"
    assert railway.refusal(base, p=project, e=foreign) == "Environment not found"
