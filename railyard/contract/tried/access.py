"""Points on projects, tokens, members and notification rules."""

from __future__ import annotations

import time
from typing import Any, Final

from pulumiverse_railway.provider.configuration import Configuration, build_client
from railway_api.client import PAGE
from railway_api.documents.access import (
    PROJECT_MEMBERS,
    PROJECT_TOKEN_CREATE,
    PROJECT_TOKEN_DELETE,
    PROJECT_TOKENS,
)
from railway_api.documents.environment import ENVIRONMENT_PATCH_COMMIT, SNAPSHOT
from railway_api.documents.notification import (
    NOTIFICATION_RULE_CREATE,
    NOTIFICATION_RULE_DELETE,
    NOTIFICATION_RULES,
)
from railway_api.documents.project import ACCOUNT, PROJECT_DELETE, PROJECTS
from railway_api.documents.volume import VOLUME_CREATE
from railway_api.errors import NotAuthorized, RailwayError
from railway_api.snapshot import nodes, table
from railyard.contract.documents import ME, PROJECT_EXPIRY
from railyard.contract.ground import Ground
from railyard.contract.points import CouldNotTell, Verdict, judged, point
from railyard.contract.throwaway import is_gone

CHANNEL: Final = {"type": "WEBHOOK", "url": "https://example.com/railyard-live"}
"""A guess: the form of a channel is not published. Nothing is ever sent, since the project deploys no failure."""
EVENT: Final = "Deployment.failed"


@point(
    17,
    "Can a project with live volumes be deleted, and is it gone at once?",
    assumed="it can, and everything in it is gone at once",
    change=("resources/project.py", "railway/projects.py"),
    requests=20,
    volumes=1,
    last=True,
)
async def delete_project(ground: Ground) -> Verdict:
    """The throwaway project itself, with a volume in it."""
    service = await ground.service("kept")
    wanted = {**ground.where, "serviceId": service, "mountPath": "/data"}
    await ground.patiently(lambda: ground.call(VOLUME_CREATE, input=wanted))
    started = time.monotonic()
    try:
        await ground.call(PROJECT_DELETE, id=ground.project_id)
    except RailwayError as refused:
        gone = await is_gone(ground.client, ground.project_id)
        return judged((gone, f"an error ({refused.reason}), and the project is {'gone' if gone else 'still there'}"))
    if await ground.seen(lambda: is_gone(ground.client, ground.project_id)):
        took_s = (time.monotonic() - started) * ground.client.clock.speed
        return judged((True, f"accepted with a live volume, and gone {took_s:.0f} s later"))
    expires = (await ground.call(PROJECT_EXPIRY, id=ground.project_id))["expiredAt"]
    return judged((False, f"accepted, and still there: to expire at {expires}" if expires else "accepted, still there"))


@point(
    20,
    "May a project token read and write its environment's configuration?",
    assumed="it may, in its own environment, and may not list projects",
    change=("client.py", "railway/access.py"),
    requests=30,
)
async def project_token(ground: Ground) -> Verdict:
    """A token is made, used and deleted."""
    secret, token_id = await _token(ground, "live")
    client = build_client(Configuration(project_token=secret, api_url=ground.client.transport.url))
    sent: dict[str, Any] = {"environmentId": ground.environment_id, "patch": {"sharedVariables": {}}}
    sent["patch"]["sharedVariables"]["TOKEN"] = {"value": "1"}
    known = {each["id"] for each in await ground.patches()}
    try:
        reads = await _allowed(client.transport.read(SNAPSHOT, **ground.where, domainStatus=False))
        writes = await _allowed(client.call(ENVIRONMENT_PATCH_COMMIT, **sent))
        lists = await _allowed(client.call(PROJECTS, first=1))
    finally:
        await client.close()
        await ground.call(PROJECT_TOKEN_DELETE, id=token_id)
    if writes:
        await ground.settled(known)
    return judged(
        (reads, f"it may {'' if reads else 'not '}read"),
        (writes, f"it may {'' if writes else 'not '}write"),
        (not lists, f"it may {'' if lists else 'not '}list projects"),
    )


async def _allowed(call: Any) -> bool:
    try:
        await call
    except NotAuthorized:
        return False
    return True


@point(
    21,
    "The form of notification rules",
    assumed="a channel comes back with all that was given, and a list without a project has the rules of projects",
    change=(
        "resources/parts/channels.py",
        "resources/notification_rule.py",
        "railway/notification_rules.py",
    ),
    seconds=60,
)
async def notification_rule(ground: Ground) -> Verdict:
    """A rule for the throwaway project alone, with a guessed channel, deleted again."""
    if ground.workspace_id is None:
        return Verdict.unknown("the token has no workspace, and rules belong to one")
    wanted = {"channelConfigs": [CHANNEL], "eventTypes": [EVENT], "workspaceId": ground.workspace_id}
    try:
        made = await ground.call(NOTIFICATION_RULE_CREATE, input={**wanted, "projectId": ground.project_id})
    except RailwayError as refused:
        return Verdict.unknown(f"the guessed channel {CHANNEL} was refused: {refused.reason}")
    try:
        rules = await ground.call(NOTIFICATION_RULES, workspaceId=ground.workspace_id)
    finally:
        await ground.call(NOTIFICATION_RULE_DELETE, id=made["id"])
    config = table(made["channels"][0]["config"]) if made["channels"] else {}
    lost = [key for key, value in CHANNEL.items() if config.get(key) != value]
    listed = any(rule["id"] == made["id"] for rule in rules)
    return judged(
        (not lost, f"the channel has other {', '.join(lost)}" if lost else f"the channel has {', '.join(config)}"),
        (listed, f"the list without a project {'has' if listed else 'lacks'} it"),
    )


@point(
    25,
    "What names a project's member?",
    assumed="the id of the account",
    change=("resources/project_member.py", "railway/members.py"),
    requests=4,
    seconds=30,
)
async def member(ground: Ground) -> Verdict:
    """Whoever made the project is a member of it."""
    try:
        account = (await ground.call(ME))["id"]
    except NotAuthorized:
        return Verdict.unknown("only a token of an account says who it is, and this is one of a workspace")
    ids = [each["id"] for each in await ground.call(PROJECT_MEMBERS, projectId=ground.project_id)]
    mine = account in ids
    return judged((mine, f"the account's id is {'that of a member' if mine else 'none of the members'}"))


@point(
    26,
    "Which token was made?",
    assumed="the list shows the last four characters of the secret",
    change=("resources/project_token.py", "railway/account.py"),
    requests=6,
    seconds=30,
)
async def shown_token(ground: Ground) -> Verdict:
    """A token is made, looked at in the list and deleted."""
    secret, token_id = await _token(ground, "shown")
    listed = nodes(await ground.call(PROJECT_TOKENS, projectId=ground.project_id, first=PAGE))
    shown = next(each["displayToken"] for each in listed if each["id"] == token_id)
    await ground.call(PROJECT_TOKEN_DELETE, id=token_id)
    visible = len(shown) - len(shown.lstrip("*-.…"))
    # The form only: part of a secret is no business of a report, even of one that is deleted.
    form = f"{len(shown)} characters, of which the first {visible} hide"
    return judged((shown.endswith(secret[-4:]), f"the list shows {form}"))


async def _token(ground: Ground, name: str) -> tuple[str, str]:
    """A new project token: its secret and its id."""
    secret: str = await ground.call(PROJECT_TOKEN_CREATE, input={**ground.where, "name": name})
    listed = nodes(await ground.call(PROJECT_TOKENS, projectId=ground.project_id, first=PAGE))
    token_id = next((each["id"] for each in listed if each["name"] == name), None)
    if token_id is None:
        raise CouldNotTell("the list of tokens does not show the new one")
    return secret, token_id


@point(
    29,
    "Does `projects` without a workspace list all that a token may see?",
    assumed="it does",
    change=("client.py", "railway/projects.py"),
    requests=10,
    seconds=60,
)
async def all_projects(ground: Ground) -> Verdict:
    """Whether the throwaway project is in it."""

    async def listed() -> bool:
        found = (await ground.client.transport.read(ACCOUNT, first=PAGE))["projects"]
        return any(each["id"] == ground.project_id for each in nodes(found))

    there = await ground.seen(listed)
    return judged((there, f"a new project of the workspace is {'in it' if there else 'missing'}"))


POINTS = (delete_project, project_token, notification_rule, member, shown_token, all_projects)
