"""A rule of a workspace that says which events are sent where.

Owns the rule with its channels. Railway publishes neither the form of a channel nor the names of events, so both pass
through as they are; what Railway adds to a channel by itself is no drift. No check quotes a channel: its address may
be a secret.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final

from pulumi_provider.declaration import Context, Inputs, Property, Resource, Unknown
from railway_api.client import Client
from railway_api.deletion import delete_listed, list_in_project
from railway_api.documents.account import (
    NOTIFICATION_RULE_CREATE,
    NOTIFICATION_RULE_DELETE,
    NOTIFICATION_RULE_UPDATE,
    NOTIFICATION_RULES,
)
from railway_api.errors import Opaque, OutcomeUnknown
from railway_api.failure import Failure
from railway_api.retries import create_or_find

from .shared import checks
from .shared.scopes import choice, join, railway, replaced_by_workspace, split

if TYPE_CHECKING:
    from railway_api.answers import NotificationRule as AnsweredRule
    from railway_api.scalars import Json


ID_PARTS: Final = ("workspace id", "rule id")


class NotificationSeverity(StrEnum):
    """The severity of an event (API: NotificationSeverity)."""

    INFO = "INFO"
    NOTICE = "NOTICE"
    WARNING = "WARNING"
    CRITICAL = "CRITICAL"


def _channels(value: Sequence[str | Unknown]) -> str | None:
    """Demand at least one string, each a JSON object."""
    if not value:
        return "must name at least one channel"
    texts = [(str(number), text) for number, text in enumerate(value, 1) if not isinstance(text, Unknown)]
    problems = [number for number, text in texts if not _is_object(text)]
    return f"must be JSON objects as strings, which number {', '.join(problems)} is not" if problems else None


def _some_without_repetition(value: Sequence[object]) -> str | None:
    """Demand at least one, each only once."""
    return checks.no_repetition(value) if value else "must name at least one"


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


@dataclass(frozen=True, kw_only=True)
class NotificationRuleInputs(Inputs):
    """Inputs of a notification rule."""

    event_types: Annotated[
        list[str],
        Property(
            "Names of the events, such as Deployment.failed; Railway publishes no list of them, and the check is its "
            "own (API: eventTypes).",
            check=_some_without_repetition,
        ),
    ]
    channel_configs: Annotated[
        list[str],
        Property(
            "Channels to send them to, each a JSON object as text. Its form is not published and not confirmed: look "
            "at one made in the dashboard with 'pulumi import' first (API: channelConfigs). A secret, because the "
            "address of a webhook usually is one.",
            secret=True,
            check=_channels,
        ),
    ]
    workspace_id: Annotated[
        str | None,
        Property(
            "Railway's id of the workspace that owns the rule (API: workspaceId). Another one replaces the rule. "
            "Default: railway:workspaceId of the configuration, else the only workspace of the token.",
            keeps_when_unset=True,
        ),
    ] = None
    project_id: Annotated[
        str | None,
        Property(
            "Railway's id of the project that the rule is for (API: projectId). Default: all of the workspace.",
            replaces=True,
        ),
    ] = None
    severities: Annotated[
        list[NotificationSeverity] | None,
        Property(
            "Only events this serious. Default: what Railway takes (API: severities).", check=checks.no_repetition
        ),
    ] = None
    ephemeral_environments: Annotated[
        bool | None,
        Property(
            "True if events of short-lived environments count too. Default: what Railway takes (API: "
            "ephemeralEnvironments)."
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class NotificationRuleState(NotificationRuleInputs):
    """A notification rule as it is."""

    rule_id: Annotated[str, Property("Railway's id of the rule (API: id).", stable=True)]


class NotificationRule(Resource[NotificationRuleInputs, NotificationRuleState]):
    """A rule that sends events of a workspace or a project to webhooks. Its id is <workspace id>/<rule id>."""

    token = "railway:index:NotificationRule"
    inputs_type, state_type = NotificationRuleInputs, NotificationRuleState

    def replaced_by(self, old: NotificationRuleState, new: Mapping[str, Any]) -> Sequence[str]:
        """Return the workspace when another one is named."""
        return replaced_by_workspace(old.workspace_id, new)

    async def create(self, context: Context, new: NotificationRuleInputs) -> tuple[str, NotificationRuleState]:
        """Make the rule, or take the equal one that an attempt without an answer left."""
        client = railway(context)
        workspace_id = new.workspace_id or await client.workspace()
        if workspace_id is None:
            raise Failure("the token has no workspace: say which one the rule belongs to with workspaceId")
        existing = await _rules(client, workspace_id, new.project_id)
        equal = [rule for rule in existing if _is_equal(rule, new)]
        if context.interrupted and len(equal) == 1:
            rule = equal[0]
            await context.info(f"took over notification rule {rule['id']} of the same content")
        elif equal:
            its_id = join(workspace_id, equal[0]["id"])
            raise Failure(
                "there is a notification rule of the same content already, and a second one would send everything "
                f"twice: import it with 'pulumi import railway:index:NotificationRule <resource name> {its_id}', or "
                "delete it in the dashboard"
            )
        else:
            rule = await _create(context, client, workspace_id, new, {rule["id"] for rule in existing})
        return join(workspace_id, rule["id"]), NotificationRuleState(**asdict(new), rule_id=rule["id"])

    async def read(self, context: Context, id: str, old: NotificationRuleState | None) -> NotificationRuleState | None:
        """Return the rule."""
        client = railway(context)
        workspace_id, rule_id = split(id, *ID_PARTS)
        rule = await _rule(client, workspace_id, old.project_id if old else None, rule_id)
        if rule is None:
            return None
        events = rule["eventTypes"]
        severities: list[NotificationSeverity] | None = [
            choice(NotificationSeverity, name) for name in rule["severities"]
        ]
        ephemeral = rule["ephemeralEnvironments"]
        if old is not None:
            # Neither has an order that means anything, and what was never set is Railway's business.
            events = old.event_types if set(old.event_types) == set(events) else events
            severities = old.severities if set(old.severities or severities) == set(severities) else severities
            ephemeral = None if old.ephemeral_environments is None else ephemeral
        else:
            # What Railway takes by itself is nothing that a program says.
            severities = None if set(severities) == set(NotificationSeverity) else severities
            ephemeral = ephemeral or None
        return NotificationRuleState(
            workspace_id=None if old is not None and old.workspace_id is None else workspace_id,
            project_id=rule["projectId"],
            event_types=events,
            severities=severities,
            channel_configs=_as_given(old.channel_configs if old else (), _configs(rule)),
            ephemeral_environments=ephemeral,
            rule_id=rule_id,
        )

    async def update(
        self, context: Context, id: str, old: NotificationRuleState, new: NotificationRuleInputs
    ) -> NotificationRuleState:
        """Change what differs."""
        workspace_id, rule_id = split(id, *ID_PARTS)
        if new.workspace_id not in (None, workspace_id):
            raise Failure(f"the rule is in workspace {workspace_id}: set workspaceId to that, or leave it out")
        before, after = _settings(old), _settings(new)
        changes = {name: value for name, value in after.items() if value != before[name]}
        if changes:
            await railway(context).call(NOTIFICATION_RULE_UPDATE, id=rule_id, input=changes)
        return NotificationRuleState(**asdict(new), rule_id=rule_id)

    async def delete(self, context: Context, id: str, old: NotificationRuleState) -> None:
        """Delete the rule with its channels."""
        client = railway(context)
        workspace_id, rule_id = split(id, *ID_PARTS)

        async def still_there() -> bool:
            return await _rule(client, workspace_id, old.project_id, rule_id, deleting=True) is not None

        await delete_listed(lambda: client.call(NOTIFICATION_RULE_DELETE, id=rule_id), still_there)


def _settings(rule: NotificationRuleInputs) -> dict[str, object]:
    """Return what can be changed, in Railway's spelling."""
    return {
        "eventTypes": rule.event_types,
        "channelConfigs": [json.loads(text) for text in rule.channel_configs],
        "severities": rule.severities,
        "ephemeralEnvironments": rule.ephemeral_environments,
    }


def _configs(rule: AnsweredRule) -> list[Json]:
    return [channel["config"] for channel in rule["channels"]]


def _as_given(written: Sequence[str], current: Sequence[Json]) -> list[str]:
    """Return the channels of a rule as JSON: first those that agree with ``written``, as they are there.

    Railway may add to a channel; what was given must be in it.
    """
    remaining = list(current)
    texts: list[str] = []
    for text in written:
        match = next((config for config in remaining if _contains(config, json.loads(text))), None)
        if match is not None:
            remaining.remove(match)
            texts.append(text)
    return texts + [json.dumps(config, sort_keys=True) for config in remaining]


def _contains(current: Json, written: Json) -> bool:
    if isinstance(current, dict) and isinstance(written, dict):
        return all(key in current and _contains(current[key], value) for key, value in written.items())
    return current == written


def _is_equal(rule: AnsweredRule, new: NotificationRuleInputs) -> bool:
    """Tell whether a rule agrees with all that the inputs give."""
    texts = new.channel_configs
    return (
        rule["projectId"] == new.project_id
        and set(rule["eventTypes"]) == set(new.event_types)
        and (new.severities is None or set(rule["severities"]) == set(new.severities))
        and _as_given(texts, _configs(rule)) == texts
    )


async def _rules(client: Client, workspace_id: str, project_id: str | None) -> list[AnsweredRule]:
    return await client.call(NOTIFICATION_RULES, workspaceId=workspace_id, projectId=project_id)


async def _rule(
    client: Client, workspace_id: str, project_id: str | None, rule_id: str, *, deleting: bool = False
) -> AnsweredRule | None:
    async def listing() -> list[AnsweredRule]:
        return await _rules(client, workspace_id, project_id)

    listed = await (
        list_in_project(client, project_id, listing, deleting=deleting) if project_id is not None else listing()
    )
    return next((rule for rule in listed if rule["id"] == rule_id), None)


async def _create(
    context: Context, client: Client, workspace_id: str, new: NotificationRuleInputs, existing_ids: set[str]
) -> AnsweredRule:
    settings = {name: value for name, value in _settings(new).items() if value is not None}
    inputs = {"workspaceId": workspace_id, **({"projectId": new.project_id} if new.project_id else {}), **settings}

    async def look() -> AnsweredRule | None:
        # Equal rules are allowed, so only one that was not there before can be of this call.
        listed = await _rules(client, workspace_id, new.project_id)
        return next((rule for rule in listed if rule["id"] not in existing_ids and _is_equal(rule, new)), None)

    async def make() -> AnsweredRule:
        return await client.call(NOTIFICATION_RULE_CREATE, input=inputs)

    return await create_or_find(context, make, look, on=(OutcomeUnknown, Opaque))
