"""Access to a project: its members, each with a role, and its tokens, which are for one environment.

Owns memberships and the operations on project tokens; what a token may do stands in ``access``. Who has an account is
told from outside (``open_account``); the person whose tokens these are is an ADMIN of every project, and cannot be
changed. Invitations by e-mail are not simulated. The secret of a token is answered once, when it is made.
"""

from __future__ import annotations

from typing import Any

from railway_sandbox.railway.access import Arguments, Caller, Operations
from railway_sandbox.railway.account.account import OPERATOR_EMAIL, OPERATOR_NAME
from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.railway.errors import Refused, not_authorized, not_found
from railway_sandbox.railway.records import Project, ProjectMember, Token, User


def open_account(cloud: RailwayCloud, name: str, email: str) -> str:
    """Open another account at Railway; return its id."""
    person = User(id=cloud.new_id(), name=name, email=email)
    cloud.state.people[person.id] = person
    cloud.touch()
    return person.id


def _row(cloud: RailwayCloud, member: ProjectMember) -> dict[str, Any]:
    person = cloud.state.people[member.user_id]
    return {"id": person.id, "email": person.email, "name": person.name, "avatar": None, "role": member.role}


def _rows(cloud: RailwayCloud, project: Project) -> list[dict[str, Any]]:
    owner = {"id": cloud.state.user_id, "email": OPERATOR_EMAIL, "name": OPERATOR_NAME, "avatar": None, "role": "ADMIN"}
    members = [member for member in cloud.state.project_members.values() if member.project_id == project.id]
    return [owner, *(_row(cloud, member) for member in members)]


def _project(caller: Caller, project_id: str) -> Project:
    caller.require("account", "workspace")
    return caller.project(project_id)


def _key(project: Project, user_id: str) -> str:
    return f"{project.id}/{user_id}"


def _member(caller: Caller, inputs: Arguments) -> ProjectMember:
    """Return the membership that an input names."""
    project = _project(caller, inputs["projectId"])
    if inputs["userId"] == caller.cloud.state.user_id:
        raise not_authorized()
    member = caller.cloud.state.project_members.get(_key(project, inputs["userId"]))
    if member is None:
        raise not_found("ProjectMember")
    return member


def _list(caller: Caller, arguments: Arguments) -> list[dict[str, Any]]:
    return _rows(caller.cloud, _project(caller, arguments["projectId"]))


def _add(caller: Caller, arguments: Arguments) -> dict[str, Any]:
    inputs = arguments["input"]
    project = _project(caller, inputs["projectId"])
    if inputs["userId"] in [row["id"] for row in _rows(caller.cloud, project)]:
        raise Refused("A member with this user already exists in this project")
    if inputs["userId"] not in caller.cloud.state.people:
        raise not_found("User")
    member = ProjectMember(project_id=project.id, user_id=inputs["userId"], role=inputs["role"])
    caller.cloud.state.project_members[_key(project, member.user_id)] = member
    return _row(caller.cloud, member)


def _update(caller: Caller, arguments: Arguments) -> dict[str, Any]:
    member = _member(caller, arguments["input"])
    member.role = arguments["input"]["role"]
    return _row(caller.cloud, member)


def _remove(caller: Caller, arguments: Arguments) -> list[dict[str, Any]]:
    member = _member(caller, arguments["input"])
    project = caller.project(member.project_id)
    del caller.cloud.state.project_members[_key(project, member.user_id)]
    return _rows(caller.cloud, project)


def _create_token(caller: Caller, arguments: Arguments) -> str:
    caller.require("account", "workspace")
    inputs = arguments["input"]
    project = caller.project(inputs["projectId"])
    environment = caller.environment_in(project, inputs["environmentId"])
    return caller.cloud.add_token("project", inputs["name"], project_id=project.id, environment_id=environment.id)


def _list_tokens(caller: Caller, arguments: Arguments) -> list[Token]:
    caller.require("account", "workspace")
    project = caller.project(arguments["projectId"])
    return [token for token in caller.cloud.state.tokens.values() if token.project_id == project.id]


def _delete_token(caller: Caller, arguments: Arguments) -> bool:
    caller.require("account", "workspace")
    token = caller.cloud.state.tokens.get(arguments["id"])
    if token is None or token.project_id is None:
        raise Refused("project token not found")
    caller.project(token.project_id, live=False)
    del caller.cloud.state.tokens[token.id]
    return True


QUERIES: Operations = {"projectMembers": _list, "projectTokens": _list_tokens}
MUTATIONS: Operations = {
    "projectMemberAdd": _add,
    "projectMemberUpdate": _update,
    "projectMemberRemove": _remove,
    "projectTokenCreate": _create_token,
    "projectTokenDelete": _delete_token,
}
