"""The checks of the steps of ``first_steps``, and which stacks need them.

Each check changes nothing, and returns its findings as ``doctor`` shows them. Where no API says enough it returns only
notes, with what a person has to compare.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

from components.bucket import BucketSettings
from components.service import ServiceSettings
from pulumi_operations.project import load_project
from railway_api.documents.account import GITHUB_ACCESS
from railway_api.errors import NotAuthorized, RailwayError
from railyard.accounts.railway_client import Railway
from railyard.accounts.running_services_query import running_systems
from railyard.operate.doctor import clouds
from railyard.operate.doctor import machine as on_machine
from railyard.operate.doctor import railway as at_railway
from railyard.operate.doctor.findings import Finding, note, ok, problem
from railyard.shared.project import project_directory
from railyard.shared.stack import Stack, read_stack_text
from stacks.arguments_tree import walk_arguments
from stacks.project_folder import RAILYARD, page

GITHUB_APP: Final = "https://github.com/apps/railway-app/installations/new"
_PASSPHRASES: Final = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE")


@dataclass(kw_only=True)
class StepContext:
    """The stack and the accounts that are looked at."""

    stack: Stack
    real: bool
    """True for real accounts, False for the simulated ones."""
    railway: Railway | None
    """The connection; None where no token is set."""
    account: Sequence[Finding] = field(default=())
    """Findings about the token and its workspace."""


# Which stacks need a step


def has_repositories(context: StepContext) -> bool:
    return bool(_repositories(context))


def has_zones(context: StepContext) -> bool:
    return bool(context.stack.settings.stack.zones)


def has_spaces(context: StepContext) -> bool:
    return any(isinstance(part, BucketSettings) for part in _parts(context))


def has_secrets(context: StepContext) -> bool:
    return any(context.stack.declared.values())


def has_workflows(context: StepContext) -> bool:
    del context
    return (project_directory() / ".github" / "workflows").is_dir()


def is_real(context: StepContext) -> bool:
    return context.real


def _parts(context: StepContext) -> Iterator[Any]:
    for settings in context.stack.settings.systems.values():
        yield from (part for _, part in walk_arguments(settings))


def _repositories(context: StepContext) -> list[str]:
    return sorted({part.repo for part in _parts(context) if isinstance(part, ServiceSettings) and part.repo})


# Checks


async def machine(context: StepContext) -> Sequence[Finding]:
    return [*on_machine.tools(real=context.real)]


async def settings(context: StepContext) -> Sequence[Finding]:
    return [*on_machine.settings(context.stack)]


async def railway_token(context: StepContext) -> Sequence[Finding]:
    """Check whose the token is; a project's token works, and is too little for an ``up``."""
    if context.railway is None:
        return [on_machine.railway_token(context.stack)]
    context.account = await at_railway.token(context.railway, context.stack)
    if context.railway.client.transport.token.kind == "project":
        return [problem(each.area, each.text, each.fix) for each in context.account]
    return [each for each in context.account if each.area == "railway"]


async def railway_plan(context: StepContext) -> Sequence[Finding]:
    findings = [each for each in context.account if each.area == "plan"]
    fix = "make one for the workspace of the stack at https://railway.com/account/tokens"
    return findings or [problem("plan", "the token reaches no workspace", fix)]


async def github_app(context: StepContext) -> Sequence[Finding]:
    """Check each repository at Railway, which answers account tokens only."""
    assert context.railway is not None
    missing: list[str] = []
    for repository in _repositories(context):
        try:
            access = await context.railway.client.call(GITHUB_ACCESS, fullRepoName=repository)
        except NotAuthorized:
            text = "Railway tells which repositories its GitHub app reaches only to an account token"
            fix = f"look whether it is installed for {', '.join(_repositories(context))}: {GITHUB_APP}"
            return [note("github", text, fix)]
        except RailwayError as error:
            return [problem("github", f"{repository}: {error}", f"install Railway's GitHub app for it: {GITHUB_APP}")]
        missing += [] if access["hasAccess"] or access["isPublic"] else [repository]
    if missing:
        text = f"Railway's GitHub app does not reach {', '.join(missing)}"
        return [problem("github", text, f"install it for their owner, or add them to it: {GITHUB_APP}")]
    return [ok("github", f"Railway's GitHub app reaches {', '.join(_repositories(context))}")]


async def cloudflare_token(context: StepContext) -> Sequence[Finding]:
    finding = on_machine.cloudflare_token(context.stack)
    return [finding] if not os.environ.get("CLOUDFLARE_API_TOKEN") else [await clouds.cloudflare_token()]


async def cloudflare_zones(context: StepContext) -> Sequence[Finding]:
    return await clouds.cloudflare(context.stack, up=False)


async def digitalocean_token(context: StepContext) -> Sequence[Finding]:
    del context
    finding = on_machine.digitalocean_token()
    return [finding] if not os.environ.get("DIGITALOCEAN_TOKEN") else await clouds.digitalocean_token()


async def spaces_key(context: StepContext) -> Sequence[Finding]:
    finding = on_machine.spaces_key()
    return [finding] if finding.fix else await clouds.spaces(context.stack)


async def secrets(context: StepContext) -> Sequence[Finding]:
    return [*on_machine.secrets(context.stack)]


async def state(context: StepContext) -> Sequence[Finding]:
    """Check where ``pulumi`` is logged in, and whether the variables that a bucket needs are set."""
    url = _backend()
    if not url:
        fix = f"pulumi login, or make a bucket: {RAILYARD} state init --bucket <name> --region <region>"
        return [problem("state", "pulumi is logged in nowhere", fix)]
    if url.startswith(("https://", "http://")):
        return [ok("state", f"states are at {url}")]
    missing: list[str] = []
    if url.startswith("s3://") and not os.environ.get("AWS_PROFILE"):
        missing = [name for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY") if not os.environ.get(name)]
    text = f"\n{read_stack_text(context.stack.name)}"
    if not any(os.environ.get(name) for name in _PASSPHRASES) and "\nsecretsprovider:" not in text:
        missing.append(_PASSPHRASES[0])
    place = url.partition("?")[0]
    if missing:
        fix = f"export what {page('state.md')} names"
        return [problem("state", f"states are in {place}, and {', '.join(missing)} not set", fix)]
    return [ok("state", f"states are in {place}")]


def _backend() -> str:
    """Return where ``pulumi`` keeps states: by its variable, by Pulumi.yaml, or by its login; empty for nowhere."""
    declared: Any = load_project(project_directory()).settings.get("backend")
    of_project = cast("Mapping[str, Any]", declared).get("url") if isinstance(declared, dict) else None
    if url := os.environ.get("PULUMI_BACKEND_URL") or of_project:
        return str(url)
    home = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
    try:
        stored: Any = json.loads((home / "credentials.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        stored = {}
    current = cast("Mapping[str, Any]", stored).get("current") if isinstance(stored, dict) else None
    return str(current or (os.environ.get("PULUMI_ACCESS_TOKEN") and "https://api.pulumi.com") or "")


async def github(context: StepContext) -> Sequence[Finding]:
    del context
    text = "GitHub shows nobody which secrets the environments of the repository hold"
    return [note("github", text, f"compare them with {page('pull-requests.md')}, Deploying")]


async def first_up(context: StepContext) -> Sequence[Finding]:
    """Check whether each system of the stack is at Railway."""
    assert context.railway is not None
    systems = await running_systems(context.railway, context.stack)
    existing = [each.name for each in systems if each.environment_id is not None]
    if len(existing) == len(systems):
        return [ok("up", f"{', '.join(existing)} are there: {RAILYARD} verify -s {context.stack.name}")]
    missing = ", ".join(each.name for each in systems if each.name not in existing)
    return [problem("up", f"Railway has nothing of {missing}", context.railway.up(context.stack))]
