"""Redirects at Cloudflare: names of a zone that lead visitors on to another name, for example www to the zone's own.

Owns the zone's redirect rules and a proxied record for each name. A zone has one list of such rules, so that one
component has all redirects of a zone. Does not own the zone, and asks no server: Cloudflare itself answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, Self, cast
from weakref import WeakKeyDictionary

import pulumi
from pydantic import ValidationError, model_validator

from components.arguments import Arguments, Decides, Hostname, Many
from components.checking import checked, derived
from components.existing import ExistingZone
from components.inputs import RedirectInputs, RedirectsInputs
from components.packages import cloudflare
from components.wiring import wired
from components.zone import AUTOMATIC_TTL, Zone, holding

PHASE: Final = "http_request_dynamic_redirect"
"""Cloudflare's name for the list of redirect rules."""
NO_ORIGIN: Final = "192.0.2.1"
"""An address without a host, for a proxied name without a server: https://www.rfc-editor.org/rfc/rfc5737."""


def _target(to: str) -> str:
    return f'concat("https://{to}", http.request.uri.path)'


_HOST: Final = re.compile(r'\(?\s*http\.host eq "(?P<host>[^"\\]+)"\s*\)?')
_COMMA: Final = re.compile(r"\s*,\s*")
_TARGET: Final = re.compile(re.escape(_target("TO")).replace("TO", '(?P<to>[^"]+)'))


class RedirectSettings(Arguments):
    """Settings of a redirect."""

    hostname: Annotated[Hostname, Decides("which records there are")]
    """Name whose visitors are led on, ``www.example.com``."""
    to: Annotated[Hostname, Decides("which rules there are")]
    """Name to which they are led, over HTTPS, with the path and the query of their request."""
    status: Literal[301, 302, 307, 308] = 301
    """HTTP status of the answer: 301 and 308 for good, 302 and 307 for now; 307 and 308 let a POST stay a POST."""

    @model_validator(mode="after")
    def _from_one_name_to_another(self) -> Self:
        for name, value in (("hostname", self.hostname), ("to", self.to)):
            if value.startswith("*."):
                raise ValueError(f"a {name} without a wildcard: name one host")
        if self.hostname == self.to:
            raise ValueError("a redirect from one name to another: correct hostname or to")
        return self


class RedirectsSettings(Arguments):
    """Settings of the redirects of a zone."""

    redirects: Many[RedirectSettings]
    """The redirects."""

    @model_validator(mode="after")
    def _each_name_once(self) -> Self:
        names = [each.hostname for each in self.redirects]
        if not names:
            raise ValueError("redirects with one at least: add one, or leave the component out")
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ValueError(f"each name once, and {twice} is listed more often: remove one")
        return self


@dataclass(frozen=True, kw_only=True)
class RedirectsArgs(RedirectsInputs):
    """Arguments of the redirects of a zone."""

    zone: Zone | ExistingZone
    """The Cloudflare zone that holds the names."""


class Redirects(pulumi.ComponentResource):
    """All redirects of one zone."""

    def __init__(self, name: str, args: RedirectsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        args, zone = checked(name, wired(name, args, RedirectsArgs), RedirectsSettings).args, args.zone
        # Programs in other languages may know a zone by its id alone.
        for each in args.redirects if zone.name else ():
            holding([zone], each.hostname)
        super().__init__("railyard:components:Redirects", name, None, opts)
        rules = cloudflare.Ruleset(
            f"{name}-rules",
            zone_id=derived(_taken, zone.zone_id, name),
            kind="zone",
            name="Redirects",
            phase=PHASE,
            rules=[_rule(each) for each in args.redirects],
            # Cloudflare takes no second list of the phase, and one that was adopted keeps its name.
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True, ignore_changes=["name"]),
        )
        for each in args.redirects:
            cloudflare.DnsRecord(
                f"{name}-{each.hostname}",
                zone_id=zone.zone_id,
                type="A",
                name=each.hostname,
                content=NO_ORIGIN,
                ttl=AUTOMATIC_TTL,
                proxied=True,
                # Visitors come with the record: the rule and the zone's certificate are there before.
                opts=pulumi.ResourceOptions(parent=self, depends_on=[rules, *zone.settings]),
            )
        self.register_outputs({})


_owners: Final[WeakKeyDictionary[object, dict[str, str]]] = WeakKeyDictionary()
"""Stack of a run → id of each zone whose rules are made → name of the component that has them."""


def _taken(zone_id: str, name: str) -> str:
    """Return ``zone_id`` for the component ``name``; raises ``pulumi.RunError`` where another one has the zone."""
    # A plugin, which knows no stack, is a process for each run.
    owners = _owners.setdefault(pulumi.runtime.get_root_resource() or Redirects, {})
    if (owner := owners.setdefault(zone_id, name)) != name:
        raise pulumi.RunError(
            f"{owner} and {name} are both Redirects of the zone {zone_id}, and Cloudflare has one list of redirect "
            f"rules for each zone: move the redirects of {name} to {owner}, and remove {name}"
        )
    return zone_id


def redirects_of(inputs: Mapping[str, Any]) -> Iterator[RedirectSettings]:
    """Yield the settings of the rules in the inputs of a ``cloudflare.Ruleset`` that ``Redirects`` made."""
    for rule in inputs.get("rules") or ():
        value = rule["actionParameters"]["fromValue"]
        if target := _TARGET.fullmatch(value["targetUrl"].get("expression") or ""):
            settings = {"hostname": rule["ref"], "to": target["to"], "status": int(value["statusCode"])}
            yield RedirectSettings.model_validate(settings)


def redirect_of(rule: Mapping[str, Any]) -> RedirectSettings | None:
    """Return a rule of Cloudflare's API as settings, however it was made; None where settings cannot express it."""
    value = _group(_group(rule, "action_parameters"), "from_value")
    expression = str(_group(value, "target_url").get("expression") or "")
    host, target = _HOST.fullmatch(rule["expression"].strip()), _TARGET.fullmatch(_COMMA.sub(", ", expression.strip()))
    if not (host and target and rule.get("enabled", True) and value.get("preserve_query_string")):
        return None
    settings = {"hostname": host["host"], "to": target["to"], "status": value.get("status_code") or 301}
    try:
        return RedirectSettings.model_validate(settings)
    except ValidationError:
        return None


def _group(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", body.get(name) or {})


def _rule(args: RedirectInputs) -> cloudflare.RulesetRuleArgsDict:
    return {
        # The name by which Cloudflare takes it for the same rule after a change.
        "ref": args.hostname,
        "description": f"{args.hostname} to {args.to}",
        "expression": f'http.host eq "{args.hostname}"',
        "action": "redirect",
        "action_parameters": {
            "from_value": {
                "target_url": {"expression": _target(args.to)},
                "status_code": args.status,
                "preserve_query_string": True,
            }
        },
        "enabled": True,
    }
