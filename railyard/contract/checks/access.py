"""Points on projects, tokens, members and notification rules."""

from __future__ import annotations

from typing import Any, Final

from pulumiverse_railway.provider.configuration import Configuration, build_client
from railway_api.client import PAGE
from railway_api.documents.account import NOTIFICATION_RULE_CREATE, NOTIFICATION_RULE_DELETE, NOTIFICATION_RULES
from railway_api.documents.environment import ENVIRONMENT_PATCH_COMMIT, SNAPSHOT
from railway_api.documents.project import (
    ACCOUNT,
    PROJECT_DELETE,
    PROJECT_MEMBERS,
    PROJECT_TOKEN_CREATE,
    PROJECT_TOKEN_DELETE,
    PROJECT_TOKENS,
    PROJECTS,
)
from railway_api.documents.storage import VOLUME_CREATE
from railway_api.errors import NotAuthorized, RailwayError
from railway_api.json_objects import table
from railway_api.relay import nodes
from railyard.contract.doubtful_point import Verdict, doubtful_point, verdict
from railyard.contract.graphql_documents import ME, PROJECT_EXPIRY
from railyard.contract.project_under_test import ProjectUnderTest, Undecided
from railyard.contract.throwaway_project import is_gone

CHANNEL: Final = {"type": "WEBHOOK", "url": "https://example.com/railyard-live"}
"""A guess: the form of a channel is not published. Nothing is ever sent, since the project deploys no failure."""
EVENT: Final = "Deployment.failed"


@doubtful_point(
    17,
    "Can a project with live volumes be deleted, and is it gone at once?",
    assumed="it can, and everything in it is gone at once",
    change=("resources/project.py", "railway/projects/projects.py"),
    requests=20,
    volumes=1,
    last=True,
)
async def delete_project(project: ProjectUnderTest) -> Verdict:
    """Delete the throwaway project itself, with a volume in it."""
    service = await project.service("kept")
    volume_input = {**project.ids, "serviceId": service, "mountPath": "/data"}
    await project.retried(lambda: project.call(VOLUME_CREATE, input=volume_input))
    started = project.client.clock.now()
    try:
        await project.call(PROJECT_DELETE, id=project.project_id)
    except RailwayError as refused:
        deleted = await is_gone(project.client, project.project_id)
        return verdict(
            (deleted, f"an error ({refused.reason}), and the project is {'deleted' if deleted else 'still there'}")
        )
    if await project.appears(lambda: is_gone(project.client, project.project_id)):
        took_s = project.client.clock.now() - started
        return verdict((True, f"accepted with a live volume, and gone {took_s:.0f} s later"))
    expires = (await project.call(PROJECT_EXPIRY, id=project.project_id))["expiredAt"]
    return verdict(
        (False, f"accepted, and still there: to expire at {expires}" if expires else "accepted, still there")
    )


@doubtful_point(
    20,
    "May a project token read and write its environment's configuration?",
    assumed="it may, in its own environment, and may not list projects",
    change=("client.py", "railway/access.py"),
    requests=30,
)
async def project_token(project: ProjectUnderTest) -> Verdict:
    """Make a token, use it and delete it."""
    secret, token_id = await _token(project, "live")
    client = build_client(Configuration(project_token=secret, api_url=project.client.transport.url))
    sent: dict[str, Any] = {"environmentId": project.environment_id, "patch": {"sharedVariables": {}}}
    sent["patch"]["sharedVariables"]["TOKEN"] = {"value": "1"}
    patch_ids = {each["id"] for each in await project.patches()}
    try:
        reads = await _allowed(client.transport.read(SNAPSHOT, **project.ids, domainStatus=False))
        writes = await _allowed(client.call(ENVIRONMENT_PATCH_COMMIT, **sent))
        lists = await _allowed(client.call(PROJECTS, first=1))
    finally:
        await client.close()
        await project.call(PROJECT_TOKEN_DELETE, id=token_id)
    if writes:
        await project.settled(patch_ids)
    return verdict(
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


@doubtful_point(
    21,
    "The form of notification rules",
    assumed="a channel comes back with all that was given, and a list without a project has the rules of projects",
    change=(
        "resources/notification_rule.py",
        "railway/projects/notification_rules.py",
    ),
    seconds=60,
)
async def notification_rule(project: ProjectUnderTest) -> Verdict:
    """Make a rule for the throwaway project alone, with a guessed channel, and delete it again."""
    if project.workspace_id is None:
        return Verdict.unknown("the token has no workspace, and rules belong to one")
    rule_input = {"channelConfigs": [CHANNEL], "eventTypes": [EVENT], "workspaceId": project.workspace_id}
    try:
        rule = await project.call(NOTIFICATION_RULE_CREATE, input={**rule_input, "projectId": project.project_id})
    except RailwayError as refused:
        return Verdict.unknown(f"the guessed channel {CHANNEL} was refused: {refused.reason}")
    try:
        rules = await project.call(NOTIFICATION_RULES, workspaceId=project.workspace_id)
    finally:
        await project.call(NOTIFICATION_RULE_DELETE, id=rule["id"])
    config = table(rule["channels"][0]["config"]) if rule["channels"] else {}
    changed_keys = [key for key, value in CHANNEL.items() if config.get(key) != value]
    listed = any(each["id"] == rule["id"] for each in rules)
    return verdict(
        (
            not changed_keys,
            f"the channel has other {', '.join(changed_keys)}"
            if changed_keys
            else f"the channel has {', '.join(config)}",
        ),
        (listed, f"the list without a project {'has' if listed else 'lacks'} it"),
    )


@doubtful_point(
    25,
    "What names a project's member?",
    assumed="the id of the account",
    change=("resources/project_member.py", "railway/projects/members.py"),
    requests=4,
    seconds=30,
)
async def member(project: ProjectUnderTest) -> Verdict:
    """Look whether whoever made the project is a member of it."""
    try:
        account = (await project.call(ME))["id"]
    except NotAuthorized:
        return Verdict.unknown("only a token of an account says who it is, and this is one of a workspace")
    ids = [each["id"] for each in await project.call(PROJECT_MEMBERS, projectId=project.project_id)]
    is_listed = account in ids
    return verdict((is_listed, f"the account's id is {'that of a member' if is_listed else 'none of the members'}"))


@doubtful_point(
    26,
    "Which token was made?",
    assumed="the list shows the last four characters of the secret",
    change=("resources/project_token.py", "railway/account/account.py"),
    requests=6,
    seconds=30,
)
async def shown_token(project: ProjectUnderTest) -> Verdict:
    """Make a token, look at it in the list, and delete it."""
    secret, token_id = await _token(project, "shown")
    listed = nodes(await project.call(PROJECT_TOKENS, projectId=project.project_id, first=PAGE))
    shown = next(each["displayToken"] for each in listed if each["id"] == token_id)
    await project.call(PROJECT_TOKEN_DELETE, id=token_id)
    visible = len(shown) - len(shown.lstrip("*-.…"))
    # The form only: part of a secret is no business of a report, even of one that is deleted.
    form = f"{len(shown)} characters, of which the first {visible} hide"
    return verdict((shown.endswith(secret[-4:]), f"the list shows {form}"))


async def _token(project: ProjectUnderTest, name: str) -> tuple[str, str]:
    """Return a new project token: its secret and its id."""
    secret: str = await project.call(PROJECT_TOKEN_CREATE, input={**project.ids, "name": name})
    listed = nodes(await project.call(PROJECT_TOKENS, projectId=project.project_id, first=PAGE))
    token_id = next((each["id"] for each in listed if each["name"] == name), None)
    if token_id is None:
        raise Undecided("the list of tokens does not show the new one")
    return secret, token_id


@doubtful_point(
    29,
    "Does `projects` without a workspace list all that a token may see?",
    assumed="it does",
    change=("client.py", "railway/projects/projects.py"),
    requests=10,
    seconds=60,
)
async def all_projects(project: ProjectUnderTest) -> Verdict:
    """List all projects, and look for the throwaway project."""

    async def listed() -> bool:
        projects = (await project.client.transport.read(ACCOUNT, first=PAGE))["projects"]
        return any(each["id"] == project.project_id for each in nodes(projects))

    appeared = await project.appears(listed)
    return verdict((appeared, f"a new project of the workspace is {'in it' if appeared else 'missing'}"))


POINTS = (delete_project, project_token, notification_rule, member, shown_token, all_projects)
