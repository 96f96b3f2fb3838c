"""Checks of ``doctor`` at Railway: whose the token is and what it may not do, the plan, and config-as-code files that
still decide settings. Changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Final

from railway_api.answers import Project, Workspace
from railway_api.counting import count
from railway_api.documents.account import ME, WORKSPACE
from railway_api.documents.project import API_TOKEN, PROJECT, PROJECT_TOKEN
from railway_api.errors import NotAuthorized, RailwayError
from railway_api.patches import at, nested
from railway_api.plans import PLANS, Plan
from railyard.accounts.railway_client import Railway
from railyard.accounts.running_services import Deployed, RunningService, RunningSystem
from railyard.migrate.translation import translate
from railyard.operate.doctor.findings import Finding, note, ok, problem
from railyard.shared.stack import Stack, own_keys, read_stack_text
from stacks.plan import plan_violations
from stacks.project_folder import RAILYARD
from stacks.shared_settings import file_name

_ORDER: Final = list(PLANS)
CUT_OFF: Final = "Railway stops reading railway.toml and railway.json on 2026-12-01"


async def token(railway: Railway, stack: Stack) -> list[Finding]:
    """Check which kind of token it is, what it reaches and may not do; then the plan of its workspaces.

    Raises ``RailwayError`` for a later read that fails.
    """
    client = railway.client
    try:
        if client.transport.token.kind == "project":
            reached = await client.call(PROJECT_TOKEN)
            project = await client.call(PROJECT, id=reached["projectId"])
            return [_project_token(project)]
        workspaces = (await client.call(API_TOKEN))["workspaces"]
    except NotAuthorized as refusal:
        return [problem("railway", "Railway refuses the token", str(refusal))]
    except RailwayError as error:
        return [problem("railway", str(error), "check the network, and https://status.railway.com")]
    names = ", ".join(f"{workspace['name']} ({workspace['id']})" for workspace in workspaces) or "none"
    try:
        await client.call(ME)
        kind = ok("railway", f"an account token; it may what its owner may, in the workspaces {names}")
    except NotAuthorized:
        kind = ok("railway", f"a workspace token of {names}; it may not use other workspaces, nor personal projects")
    used = _workspaces_of_settings(railway, stack)
    named = {each for each in used if each}
    file, findings = file_name(stack.name), [kind]
    if missing := ", ".join(sorted(named - {workspace["id"] for workspace in workspaces})):
        fix = f"use a token that reaches it, or correct workspaceId in {file}"
        findings.append(problem("railway", f"the token does not reach the workspace {missing} of the settings", fix))
    unclear = None in used and len(workspaces) > 1
    if unclear:
        fix = f"write railway:workspaceId into {file}, or give each project in it its workspaceId"
        text = "the token reaches several workspaces, and not every project says in which it is"
        findings.append(problem("railway", text, fix))
    for workspace in workspaces:
        if workspace["id"] in named or (None in used and not unclear):
            findings += plan(stack, await client.call(WORKSPACE, workspaceId=workspace["id"]))
    return findings


def _workspaces_of_settings(railway: Railway, stack: Stack) -> set[str | None]:
    """Return the ids of the workspaces that systems with the stack's token name; None for one that names none."""
    default = own_keys(file_name(stack.name), read_stack_text(stack.name)).get("railway:workspaceId") or None
    return {
        each.project.workspace_id or default
        for name, each in stack.settings.systems.items()
        if name not in railway.missing and railway.of(name) is railway.client
    }


def _project_token(project: Project) -> Finding:
    text = (
        f"a project token of {project['name']}; it may not create projects, nor reach any other project or environment"
    )
    return note("railway", text, "an up of the whole stack needs an account or workspace token in RAILWAY_API_TOKEN")


def plan(stack: Stack, workspace: Workspace) -> Iterator[Finding]:
    """Check that the workspace has the plan that the settings count on, and find what is beyond it if not."""
    real, stated = str(workspace["plan"]).lower(), stack.settings.plan
    limit = workspace["apiTokenRateLimit"]
    if limit:
        yield ok("railway", f"{workspace['name']} has {count(limit['remainingPoints'], 'request')} left in this hour")
    if real == stated:
        yield ok("plan", f"{workspace['name']} has the {stated} plan, as railway:plan says")
    elif real not in PLANS:
        yield note("plan", f"{workspace['name']} has a plan {real!r}, whose limits are not known here")
    elif _ORDER.index(Plan(real)) > _ORDER.index(stated):
        text = (
            f"{workspace['name']} has the {real} plan, railway:plan says {stated}: fewer requests are sent than allowed"
        )
        yield note("plan", text, f"set railway:plan to {real} in Pulumi.{stack.name}.yaml")
    else:
        text = f"{workspace['name']} has the {real} plan, railway:plan says {stated}: Railway will refuse requests"
        yield problem("plan", text, f"set railway:plan to {real} in Pulumi.{stack.name}.yaml, or upgrade the workspace")
        yield from _beyond(stack, Plan(real))


def _beyond(stack: Stack, real: Plan) -> Iterator[Finding]:
    for name, settings in stack.settings.systems.items():
        for violation in plan_violations(settings, real):
            path = ".".join(str(part) for part in (name, *violation.path))
            yield problem("plan", f"{path} = {violation.value}: {violation.allowed}", violation.fix)


def config_as_code(systems: Sequence[RunningSystem]) -> Iterator[Finding]:
    """Find services whose settings a ``railway.toml`` or ``railway.json`` decides, whatever the stack's file says."""
    looked = 0
    for system in systems:
        for service in system.services:
            looked += service.service_id is not None
            if finding := _file(f"{system.name}/{service.name}", service, system.project_name):
                yield finding
    if looked:
        yield ok("config as code", f"looked at {count(looked, 'service')}")


def _file(where: str, service: RunningService, project: str) -> Finding | None:
    serving = service.serving
    file = service.config_file or (serving.config_file if serving else None)
    overrides = serving.overrides if serving else ()
    if not file and not overrides:
        return None
    decides = f" decides {', '.join(overrides)}" if overrides else " is set as its config-as-code file"
    path = where.replace("/", ".")
    lines = _as_settings(serving) if serving else []
    write = f"write {', '.join(lines)} under {path}" if lines else f"write these settings under {path}"
    return problem(
        "config as code",
        f"{where}: {file or 'a railway.toml or railway.json'}{decides}. {CUT_OFF}, and until then it wins over "
        "the settings here",
        f"{write} in the stack's file ({RAILYARD} migrate with the repository's folder and --into does), remove "
        "the other file from the repository and its path from the service's settings, then run up; without a "
        f"deployment {RAILYARD} migrate --to-railway --project {project} writes them into Railway's own settings",
    )


def _as_settings(serving: Deployed) -> list[str]:
    """Return what a file decided of a deployment as settings, ``startCommand: "npm start"``."""
    paths = [(*key.split(".", 1),) for key in serving.overrides]
    decided = nested({path: at(serving.manifest, path) for path in paths})
    settings = translate(decided, image=serving.image).settings
    return [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in settings.items()]
