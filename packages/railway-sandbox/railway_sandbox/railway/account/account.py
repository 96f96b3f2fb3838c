"""The account around the projects: tokens, the user and the workspace.

Owns the questions "who am I" of each token kind.
"""

from __future__ import annotations

from typing import Any

from railway_sandbox.clock import timestamp
from railway_sandbox.railway import limits
from railway_sandbox.railway.access import Arguments, Caller, FieldResolvers, Operations
from railway_sandbox.railway.errors import not_authorized
from railway_sandbox.railway.plans import GB_IN_BYTES
from railway_sandbox.railway.records import Environment, Project, Token, Workspace

OPERATOR_EMAIL = "operator@sandbox.invalid"
OPERATOR_NAME = "Sandbox operator"
"""Whose account the tokens belong to."""


def plan_limit(caller: Caller) -> dict[str, Any]:
    """Return the limits of the plan as Railway's opaque ``SubscriptionPlanLimit``."""
    plan = caller.cloud.plan
    return {
        "containers": {
            "cpu": plan.max_vcpus_per_service,
            "memoryBytes": int(plan.max_memory_gb_per_service * GB_IN_BYTES),
        },
        "replicas": plan.max_replicas_per_service,
        "volumes": {"maxPerProject": plan.max_volumes_per_project, "defaultSizeMB": plan.default_volume_mb},
        "customDomains": {"maxPerService": plan.max_custom_domains_per_service},
    }


def _api_token(caller: Caller, _arguments: Arguments) -> dict[str, Any]:
    return {"workspaces": [{"id": w.id, "name": w.name} for w in caller.workspaces()]}


def _project_token(caller: Caller, _arguments: Arguments) -> Token:
    caller.require("project")
    return caller.token


def _me(caller: Caller, _arguments: Arguments) -> dict[str, Any]:
    caller.require("account")
    first = next(iter(caller.cloud.state.workspaces.values()))
    return {
        "id": caller.cloud.state.user_id,
        "email": OPERATOR_EMAIL,
        "name": OPERATOR_NAME,
        "username": "sandbox",
        "createdAt": first.created_at,
        "workspaces": caller.workspaces(),
    }


def _repository_access(caller: Caller, arguments: Arguments) -> dict[str, Any]:
    caller.require("account")
    return {"hasAccess": not caller.cloud.breaks(arguments["fullRepoName"], "no-access"), "isPublic": False}


def _workspace(caller: Caller, arguments: Arguments) -> Workspace:
    return caller.workspace(arguments["workspaceId"])


def _rate_limit(caller: Caller, _record: Any, _arguments: Arguments) -> dict[str, Any]:
    remaining, resets_at = limits.remaining(caller.cloud, caller.token.id)
    return {"remainingPoints": remaining, "resetsAt": timestamp(resets_at)}


def _plan(caller: Caller, _workspace: Workspace, _arguments: Arguments) -> str:
    return {"trial": "FREE"}.get(caller.cloud.state.plan, caller.cloud.state.plan.upper())


def _token_project(caller: Caller, token: Token, _arguments: Arguments) -> Project:
    if token.project_id is None:
        raise not_authorized()
    return caller.project(token.project_id, live=False)


def _token_environment(caller: Caller, token: Token, _arguments: Arguments) -> Environment:
    if token.environment_id is None:
        raise not_authorized()
    return caller.environment(token.environment_id, live=False)


QUERIES: Operations = {
    "apiToken": _api_token,
    "projectToken": _project_token,
    "me": _me,
    "workspace": _workspace,
    "gitHubRepoAccessAvailable": _repository_access,
    "externalWorkspaces": lambda _caller, _arguments: [],  # those of other people, of which a project is shared
}
MUTATIONS: Operations = {"cliEventTrack": lambda _caller, _arguments: True}  # Railway's own statistics
FIELDS: FieldResolvers = {
    "ProjectToken.displayToken": lambda _caller, token, _arguments: f"****-{token.secret[-4:]}",
    "ProjectToken.environment": _token_environment,
    "ProjectToken.project": _token_project,
    "User.apiTokenRateLimit": _rate_limit,
    "Workspace.apiTokenRateLimit": _rate_limit,
    "Workspace.plan": _plan,
    "Workspace.team": lambda _caller, _workspace, _arguments: None,
    "Workspace.subscriptionPlanLimit": lambda caller, _workspace, _arguments: plan_limit(caller),
}
