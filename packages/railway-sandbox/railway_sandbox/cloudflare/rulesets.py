"""Rulesets of a zone: the redirect rules that Cloudflare applies before a request reaches an origin.

Owns the one entry point ruleset that a zone has in a phase, its rules and what they answer a visitor. Of the phases
only ``http_request_dynamic_redirect`` is simulated, and of the rules language what a redirect of a host name needs;
all else is answered as not simulated. https://developers.cloudflare.com/ruleset-engine/rulesets-api/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NotRequired, TypedDict, cast

from railway_sandbox.clock import timestamp
from railway_sandbox.cloudflare.refusals import not_simulated
from railway_sandbox.identifiers import Identifiers
from railway_sandbox.rest import RefusedError
from railway_sandbox.tables import Table

REDIRECTS: Final = "http_request_dynamic_redirect"
STATUSES: Final = (301, 302, 303, 307, 308)
MOST_RULES: Final = 10
"""Redirect rules of a zone on the free plan."""
_HOST: Final = re.compile(r'\(?\s*http\.host eq "(?P<host>[^"\\]+)"\s*\)?')
_PATH: Final = "http.request.uri.path"
_CONCAT: Final = re.compile(
    rf'concat\(\s*((?:"[^"\\]*"|{re.escape(_PATH)})(?:\s*,\s*(?:"[^"\\]*"|{re.escape(_PATH)}))*)\s*\)'
)
_PART: Final = re.compile(rf'"([^"\\]*)"|{re.escape(_PATH)}')


class Rule(TypedDict):
    """A rule as the API answers it."""

    id: str
    version: str
    action: str
    action_parameters: dict[str, Any]
    expression: str
    description: str
    last_updated: str
    ref: str
    enabled: bool


class Ruleset(TypedDict):
    """A ruleset as the API answers it; a list of rulesets comes without their rules."""

    id: str
    name: str
    description: str
    kind: str
    version: str
    phase: str
    last_updated: str
    rules: NotRequired[list[Rule]]


class Rulesets:
    """The rulesets of one zone."""

    def __init__(self, table: Table[Ruleset], now: Callable[[], float], ids: Identifiers) -> None:
        self._table, self._now, self._ids = table, now, ids

    def every(self) -> list[dict[str, Any]]:
        """Return all of them, without their rules."""
        return [{key: value for key, value in each.items() if key != "rules"} for each in self._table.values()]

    def one(self, id: str) -> Ruleset:
        """Return a ruleset; ``RefusedError`` when the zone has none with this id."""
        if id not in self._table:
            raise RefusedError(404, 10_003, f"could not find ruleset {id}")
        return self._table[id]

    def entry_point(self, phase: str) -> Ruleset:
        """Return the entry point of a phase; ``RefusedError`` when there is none."""
        if (ruleset := self._of_phase(phase)) is None:
            raise RefusedError(404, 10_003, f"could not find entrypoint ruleset in the {phase} phase")
        return ruleset

    def create(self, body: Mapping[str, Any], *, dry_run: bool = False) -> Ruleset:
        """Make the entry point of a phase; ``RefusedError`` when it is invalid, or there is one already."""
        for name in ("kind", "name", "phase"):
            if not isinstance(body.get(name), str) or not body[name]:
                raise _invalid(f"{name} is required")
        if body["kind"] != "zone":
            raise not_simulated(f"rulesets of kind {body['kind']!r}")
        if self._of_phase(body["phase"]) is not None:
            reason = f"exceeded maximum number of zone rulesets for phase {body['phase']}"
            raise RefusedError(400, 20_217, f"'zone' is not a valid value for kind because {reason}")
        return self._store(self._ids.hexadecimal(32), body, old=None, dry_run=dry_run)

    def put(self, ruleset: Mapping[str, Any]) -> None:
        """Add a ruleset as the API answers it, with its ids."""
        self._table[ruleset["id"]] = cast("Ruleset", dict(ruleset))

    def replace(self, id: str, body: Mapping[str, Any], *, dry_run: bool = False) -> Ruleset:
        """Replace the rules of a ruleset with those of the body; its name and description stay where none are sent."""
        old = self.one(id)
        for name in ("kind", "phase"):
            if body.get(name, old[name]) != old[name]:
                raise _invalid(f"{name} cannot be changed")
        return self._store(id, {**old, "rules": [], **body}, old=old, dry_run=dry_run)

    def replace_entry_point(self, phase: str, body: Mapping[str, Any], *, dry_run: bool = False) -> Ruleset:
        """Replace the rules of a phase's entry point, which is made where there is none."""
        if (old := self._of_phase(phase)) is not None:
            return self.replace(old["id"], body, dry_run=dry_run)
        return self.create({"name": "default", "kind": "zone", "phase": phase, **body}, dry_run=dry_run)

    def delete(self, id: str) -> None:
        """Delete a ruleset with all its rules."""
        self.one(id)
        del self._table[id]

    def redirect(self, host: str, path: str, query: str) -> tuple[int, str] | None:
        """Return status and address of the first rule that matches a request; None when none does."""
        ruleset = self._of_phase(REDIRECTS)
        for rule in ruleset.get("rules", []) if ruleset else []:
            if not rule["enabled"] or _host_of(rule["expression"]) != host:
                continue
            value = rule["action_parameters"]["from_value"]
            address = _address(value["target_url"], path)
            suffix = f"?{query}" if query and value.get("preserve_query_string") and "?" not in address else ""
            return value.get("status_code", 301), f"{address}{suffix}"
        return None

    def _of_phase(self, phase: str) -> Ruleset | None:
        if phase != REDIRECTS:
            raise not_simulated(f"rulesets of the phase {phase!r}")
        return next(iter(self._table.values()), None)

    def _store(self, id: str, body: Mapping[str, Any], *, old: Ruleset | None, dry_run: bool) -> Ruleset:
        now = timestamp(self._now())
        ruleset = Ruleset(
            id=id,
            name=body["name"],
            description=body.get("description") or "",
            kind=body["kind"],
            version=str(int(old["version"]) + 1 if old else 1),
            phase=body["phase"],
            last_updated=now,
            rules=self._rules(body.get("rules") or [], old.get("rules", []) if old else [], now),
        )
        if not dry_run:
            self._table[id] = ruleset
        return ruleset

    def _rules(self, bodies: Sequence[Mapping[str, Any]], old: Sequence[Rule], now: str) -> list[Rule]:
        if len(bodies) > MOST_RULES:
            count = f"{len(bodies)} out of {MOST_RULES}"
            raise _invalid(f"exceeded maximum number of rules in the phase {REDIRECTS}: {count}")
        rules = [self._rule(each, old, now) for each in bodies]
        refs = [rule["ref"] for rule in rules]
        if len(set(refs)) < len(refs):
            raise _invalid("rules must have different refs")
        return rules

    def _rule(self, body: Mapping[str, Any], old: Sequence[Rule], now: str) -> Rule:
        """Return a rule; it is the one from before that has the same id, or the same ref."""
        id_, ref = body.get("id"), body.get("ref")
        before = next((rule for rule in old if rule["id"] == id_ or (rule["ref"] == ref and id_ is None)), None)
        if id_ is not None and before is None:
            raise _invalid(f"'{id_}' is not a rule of this ruleset")
        _validate(body)
        own = before["id"] if before else self._ids.hexadecimal(32)
        rule = Rule(
            id=own,
            version=before["version"] if before else "1",
            action=body["action"],
            action_parameters=dict(body["action_parameters"]),
            expression=body["expression"],
            description=body.get("description") or "",
            last_updated=before["last_updated"] if before else now,
            ref=ref or own,
            enabled=bool(body.get("enabled", True)),
        )
        if before and rule != before:
            rule["version"], rule["last_updated"] = str(int(before["version"]) + 1), now
        return rule


def _invalid(reason: str) -> RefusedError:
    """Return a refusal with one code for all reasons, of which Cloudflare has one each."""
    return RefusedError(400, 20_000, reason)


def _validate(body: Mapping[str, Any]) -> None:
    """Raise ``RefusedError`` for a rule that no redirect can be."""
    if body.get("action") != "redirect":
        raise _invalid(f"'{body.get('action')}' is not a valid value for action in phase {REDIRECTS}")
    value = _group(_group(body, "action_parameters"), "from_value")
    target = _group(value, "target_url")
    if len({"value", "expression"} & target.keys()) != 1:
        raise _invalid("target_url must have either a value or an expression")
    if value.get("status_code", 301) not in STATUSES:
        raise _invalid(f"'{value['status_code']}' is not a valid value for status_code")
    if not isinstance(value.get("preserve_query_string", False), bool):
        raise _invalid("preserve_query_string must be a boolean")
    _host_of(str(body.get("expression", "")))
    _address(target, "/")


def _group(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    return cast("dict[str, Any]", body.get(name) or {})


def _host_of(expression: str) -> str:
    """Return the host that a rule is about."""
    if (match := _HOST.fullmatch(expression.strip())) is None:
        raise not_simulated(f"the expression {expression!r}")
    return match["host"].lower()


def _address(target: Mapping[str, Any], path: str) -> str:
    """Return where a visitor of ``path`` is sent."""
    if "value" in target:
        return target["value"]
    if (match := _CONCAT.fullmatch(target["expression"].strip())) is None:
        raise not_simulated(f"the expression {target['expression']!r}")
    return "".join(path if token[0] == _PATH else token[1] for token in _PART.finditer(match[1]))
