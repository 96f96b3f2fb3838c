"""Project tokens: credentials for one environment of one project.

Owns their operations; what a token may do stands in ``access``. A secret is answered once, when it is made.
"""

from __future__ import annotations

from railway_sandbox.railway.access import Arguments, Caller, Operations
from railway_sandbox.railway.errors import Refused, not_found
from railway_sandbox.railway.records import Token


def _create(caller: Caller, arguments: Arguments) -> str:
    caller.require("account", "workspace")
    inputs = arguments["input"]
    project = caller.project(inputs["projectId"])
    environment = caller.environment(inputs["environmentId"])
    if environment.project_id != project.id:
        raise not_found("Environment")
    return caller.cloud.add_token("project", inputs["name"], project_id=project.id, environment_id=environment.id)


def _list(caller: Caller, arguments: Arguments) -> list[Token]:
    caller.require("account", "workspace")
    project = caller.project(arguments["projectId"])
    return [token for token in caller.cloud.state.tokens.values() if token.project_id == project.id]


def _delete(caller: Caller, arguments: Arguments) -> bool:
    caller.require("account", "workspace")
    token = caller.cloud.state.tokens.get(arguments["id"])
    if token is None or token.project_id is None:
        raise Refused("project token not found")
    caller.project(token.project_id, live=False)
    del caller.cloud.state.tokens[token.id]
    return True


QUERIES: Operations = {"projectTokens": _list}
MUTATIONS: Operations = {"projectTokenCreate": _create, "projectTokenDelete": _delete}
