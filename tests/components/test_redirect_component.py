"""Redirects: one list of rules for a zone, a proxied record for each name, and names that can be led on."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest
from pydantic import ValidationError

from components.existing import ExistingZone
from components.from_settings import inputs_of
from components.inputs import RedirectInputs
from components.redirect import Redirects, RedirectsArgs, RedirectSettings, redirects_of
from components.zone import Zone, ZoneArgs, ZoneSettings
from stacks.names import wrong_names
from stacks.system import SystemSettings

RULES = "cloudflare:index/ruleset:Ruleset"
RECORD = "cloudflare:index/dnsRecord:DnsRecord"
ZONE = ZoneArgs(name="example.com", id="0" * 32, proxied=True)
WWW = RedirectSettings(hostname="www.example.com", to="example.com")
OLD = RedirectSettings(hostname="old.example.com", to="example.com", status=302)


def test_all_names_of_a_zone_share_one_list_of_rules(deploy: Any) -> None:
    """The rules say what the settings say, and visitors come by a proxied record without a server."""
    redirects = [RedirectInputs(**inputs_of(each)) for each in (WWW, OLD)]
    seen = deploy(lambda: Redirects("shop-redirects", RedirectsArgs(redirects=redirects, zone=Zone("zone", ZONE))))

    assert list(redirects_of(seen[RULES, "shop-redirects-rules"])) == [WWW, OLD]
    assert [each["ref"] for each in seen[RULES, "shop-redirects-rules"]["rules"]] == [WWW.hostname, OLD.hostname]
    records = {name: inputs for (kind, name), inputs in seen.items() if kind == RECORD}
    assert {(each["name"], each["proxied"], each["ttl"]) for each in records.values()} == {
        ("www.example.com", True, 1.0), ("old.example.com", True, 1.0),
    }  # fmt: skip


def _www(name: str, zone: Zone | ExistingZone) -> Redirects:
    return Redirects(name, RedirectsArgs(redirects=[RedirectInputs(**inputs_of(WWW))], zone=zone))


@pytest.mark.parametrize("later", [False, True])
def test_a_second_component_for_the_redirects_of_a_zone_is_refused(preview: Any, later: bool) -> None:
    """At preview, with both names and what to do, however the program got hold of the zone; each run begins anew."""

    def program() -> None:
        _www("shop-redirects", Zone("zone", ZONE))
        zone_id = pulumi.Output.from_input(str(ZONE.id)) if later else str(ZONE.id)
        _www("blog-redirects", ExistingZone(name="example.com", zone_id=zone_id))

    with pytest.raises(pulumi.RunError) as refused:
        preview(program)

    assert "shop-redirects and blog-redirects are both Redirects of the zone 0000" in str(refused.value)
    assert "move the redirects of blog-redirects to shop-redirects, and remove blog-redirects" in str(refused.value)
    seen = preview(lambda: _www("blog-redirects", Zone("zone", ZONE)))
    assert (RULES, "blog-redirects-rules") in seen


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"hostname": "*.example.com", "to": "example.com"}, "a hostname without a wildcard"),
        ({"hostname": "www.example.com", "to": "*.example.com"}, "a to without a wildcard"),
        ({"hostname": "example.com", "to": "example.com"}, "from one name to another"),
        ({"hostname": "www.example.com", "to": "https://example.com"}, "without scheme"),
        ({"hostname": "www.example.com", "to": "example.com", "status": 303}, "301, 302, 307 or 308"),
    ],
)
def test_what_leads_nowhere_is_refused(settings: dict[str, Any], said: str) -> None:
    """One host to one other host."""
    with pytest.raises(ValidationError) as refused:
        RedirectSettings.model_validate(settings)

    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("systems", "allowed", "fix"),
    [
        ({"shop": ["www.other.com"]}, "a name in a Cloudflare zone of this stack", "add its zone"),
        ({"shop": ["www.a.example.com"]}, "one level below the zone", "use www-a.example.com"),
        ({"shop": ["www.example.com", "www.example.com"]}, "each name once", "remove one"),
        ({"shop": ["www.example.com", "end.example.com"]}, "a name that is not led on itself", "write other.com"),
        ({"shop": ["back.example.com", "end.example.com"]}, "a name that is not led on itself", "remove one of them"),
        ({"shop": ["www.example.com"], "blog": ["old.example.com"]}, "in one system", "move it to shop.redirects"),
    ],
)
def test_names_that_cannot_be_led_on_are_told(systems: dict[str, list[str]], allowed: str, fix: str) -> None:
    """Of no zone, deeper than the certificate, twice, one after the other, or in a zone whose rules another has."""
    circle = {"end.example.com": "back.example.com", "back.example.com": "end.example.com"}
    targets = circle if "back.example.com" in systems["shop"] else {"end.example.com": "other.com"}
    settings = {
        name: SystemSettings.model_validate(
            {
                "project": {"name": name, "environment": "staging"},
                "redirects": [{"hostname": host, "to": targets.get(host, "end.example.com")} for host in hosts],
            }
        )
        for name, hosts in systems.items()
    }

    problems = wrong_names(settings, [ZoneSettings(name=ZONE.name, id="0" * 32)], zones_key="railyard:zones")

    assert [allowed in each.allowed and fix in each.fix for each in problems] == [True] * (1 + (targets is circle))
