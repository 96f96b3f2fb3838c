"""``cloudflare.Ruleset``: the rules of one phase of a zone, as far as redirects need it.

Requests as of the real plugin: POST, PUT with all rules, GET on refresh, DELETE. A zone has one entry point for each
phase, so that one in the place of another is made after that is gone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any, cast

from pulumi_embedded.standins.cloudflare.client import CloudflareClient
from pulumi_provider.declaration import Context, Inputs, Nested, Property, Resource


@dataclass(frozen=True, kw_only=True)
class TargetUrl(Nested):
    """The address to which a redirect leads: one of both."""

    value: Annotated[str | None, Property("An address.")] = None
    expression: Annotated[str | None, Property("An expression whose value is the address.")] = None


@dataclass(frozen=True, kw_only=True)
class FromValue(Nested):
    """Hold what a redirect answers."""

    target_url: Annotated[TargetUrl, Property("Target of the redirect.")]
    status_code: Annotated[int | None, Property("Status of the answer.")] = None
    preserve_query_string: Annotated[bool | None, Property("True if the query is kept.")] = None


@dataclass(frozen=True, kw_only=True)
class ActionParameters(Nested):
    """Hold what an action needs."""

    from_value: Annotated[FromValue | None, Property("Target and status of a redirect.")] = None


@dataclass(frozen=True, kw_only=True)
class Rule(Nested):
    """Hold one rule. What Cloudflare adds to it, its id and its version, is left out of the state."""

    action: Annotated[str, Property("Action of the rule.")]
    expression: Annotated[str, Property("Expression that a request must match.")]
    action_parameters: Annotated[ActionParameters | None, Property("Parameters of the action.")] = None
    description: Annotated[str | None, Property("A note for people.")] = None
    enabled: Annotated[bool | None, Property("True if the rule is applied. Default: true.")] = None
    ref: Annotated[str | None, Property("The name by which it stays the same rule.")] = None


@dataclass(frozen=True, kw_only=True)
class RulesetInputs(Inputs):
    """Hold what a program gives."""

    zone_id: Annotated[str, Property("Cloudflare's id of the zone.", replaces=True)]
    kind: Annotated[str, Property("Kind of the ruleset: zone.", replaces=True)]
    name: Annotated[str, Property("Its name.", replaces=True)]
    phase: Annotated[str, Property("Phase in which it is applied.", replaces=True)]
    description: Annotated[str | None, Property("A note for people.")] = None
    rules: Annotated[list[Rule] | None, Property("Its rules; the first that matches counts.")] = None


@dataclass(frozen=True, kw_only=True)
class RulesetState(RulesetInputs):
    """Hold what Cloudflare adds."""

    version: Annotated[str | None, Property("Counts its changes.")] = None
    last_updated: Annotated[str | None, Property("Time of its last change, ISO 8601.")] = None


class Ruleset(Resource[RulesetInputs, RulesetState]):
    """The rules of one phase of a zone."""

    token = "cloudflare:index/ruleset:Ruleset"
    inputs_type, state_type = RulesetInputs, RulesetState
    delete_before_replace = True

    async def create(self, context: Context, new: RulesetInputs) -> tuple[str, RulesetState]:
        client = cast("CloudflareClient", context.client)
        ruleset = await _leftover(client, new) if context.interrupted else None
        if ruleset is None:
            ruleset = await client.result("POST", f"/zones/{new.zone_id}/rulesets", _sent(new))
        return str(ruleset["id"]), _state(ruleset, new.zone_id)

    async def read(self, context: Context, id: str, old: RulesetState | None) -> RulesetState | None:
        zone_id, ruleset_id = _ids(id, old)
        answer = await cast("CloudflareClient", context.client).find(f"/zones/{zone_id}/rulesets/{ruleset_id}")
        return _state(answer["result"], zone_id) if answer else None

    async def update(self, context: Context, id: str, old: RulesetState, new: RulesetInputs) -> RulesetState:
        zone_id, ruleset_id = _ids(id, old)
        client = cast("CloudflareClient", context.client)
        return _state(await client.result("PUT", f"/zones/{zone_id}/rulesets/{ruleset_id}", _sent(new)), zone_id)

    async def delete(self, context: Context, id: str, old: RulesetState) -> None:
        zone_id, ruleset_id = _ids(id, old)
        await cast("CloudflareClient", context.client).remove(f"/zones/{zone_id}/rulesets/{ruleset_id}")


def _ids(id: str, old: RulesetState | None) -> tuple[str, str]:
    """Return zone and ruleset id; an import names both as ``zones/ZONE/RULESET``."""
    zone_id, _, ruleset_id = id.removeprefix("zones/").rpartition("/")
    return zone_id or (old.zone_id if old else ""), ruleset_id


def _sent(new: RulesetInputs) -> dict[str, Any]:
    return {name: value for name, value in _given({"rules": [], **asdict(new)}).items() if name != "zone_id"}


def _given(value: Any) -> Any:
    """Return a value without what is not set in it."""
    if isinstance(value, list):
        return [_given(each) for each in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    return {name: _given(each) for name, each in cast("dict[str, Any]", value).items() if each is not None}


def _state(ruleset: Mapping[str, Any], zone_id: str) -> RulesetState:
    # Cloudflare answers an empty string for none.
    same = {name: ruleset.get(name) or None for name in ("description", "version", "last_updated")}
    rules: list[dict[str, Any]] = ruleset.get("rules") or []
    return RulesetState(
        zone_id=zone_id,
        kind=ruleset["kind"],
        name=ruleset["name"],
        phase=ruleset["phase"],
        rules=[_rule(rule) for rule in rules],
        **same,
    )


def _rule(rule: Mapping[str, Any]) -> Rule:
    parameters = cast("dict[str, Any]", rule.get("action_parameters") or {})
    value = cast("dict[str, Any] | None", parameters.get("from_value"))
    same = {name: rule.get(name) for name in ("description", "enabled", "ref")}
    return Rule(
        action=rule["action"],
        expression=rule["expression"],
        action_parameters=ActionParameters(from_value=_from_value(value)) if value else None,
        **same,
    )


def _from_value(value: Mapping[str, Any]) -> FromValue:
    same = {name: value.get(name) for name in ("status_code", "preserve_query_string")}
    return FromValue(target_url=TargetUrl(**value["target_url"]), **same)


async def _leftover(client: CloudflareClient, new: RulesetInputs) -> dict[str, Any] | None:
    """Return what an interrupted create may have left: the ruleset of the phase, if it says exactly the same."""
    answer = await client.ask("GET", f"/zones/{new.zone_id}/rulesets/phases/{new.phase}/entrypoint")
    if not answer.succeeded:
        return None
    ruleset = cast("dict[str, Any]", answer.json()["result"])
    state = _state(ruleset, new.zone_id)
    same = (state.name, state.rules or []) == (new.name, new.rules or [])
    return ruleset if same else None
