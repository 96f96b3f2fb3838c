"""The simulated Cloudflare has one list of redirect rules in each zone, and refuses what a redirect cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from railway_sandbox.cloudflare.zones import ZONE_IDS
from railway_sandbox.server import Sandbox

RULESETS = f"/zones/{ZONE_IDS['seance.dev']}/rulesets"
PHASE = "http_request_dynamic_redirect"
ENTRY_POINT = f"{RULESETS}/phases/{PHASE}/entrypoint"
TARGET = {"expression": 'concat("https://seance.dev", http.request.uri.path)'}
WHOLE: dict[str, Any] = {"kind": "zone", "name": "Redirects", "phase": PHASE}


def rule(host: str = "www.seance.dev", target: Any = TARGET, **more: Any) -> dict[str, Any]:
    value = {"target_url": target, "status_code": 301, "preserve_query_string": True}
    made = {"action": "redirect", "expression": f'http.host eq "{host}"', "ref": host}
    return {**made, "action_parameters": {"from_value": value}, **more}


def create(client: httpx.Client, *rules: dict[str, Any], **more: Any) -> httpx.Response:
    return client.post(RULESETS, json={**WHOLE, "rules": list(rules), **more})


def code(response: httpx.Response) -> tuple[int, int]:
    return response.status_code, response.json()["errors"][0]["code"]


def test_a_ruleset_reads_back_with_what_cloudflare_adds(cloudflare: httpx.Client) -> None:
    """By its id and as the entry point of its phase; a list of rulesets has no rules."""
    made = create(cloudflare, rule()).json()["result"]

    assert {"id", "name", "description", "kind", "version", "phase", "last_updated", "rules"} == made.keys()
    (first,) = made["rules"]
    sent = {"action", "action_parameters", "expression", "ref"}
    assert first.keys() == sent | {"id", "version", "last_updated", "description", "enabled"}
    assert first["enabled"]
    assert cloudflare.get(f"{RULESETS}/{made['id']}").json()["result"] == made
    assert cloudflare.get(ENTRY_POINT).json()["result"] == made
    (listed,) = cloudflare.get(RULESETS).json()["result"]
    assert listed == {key: value for key, value in made.items() if key != "rules"}


def test_a_zone_has_one_list_of_redirect_rules(cloudflare: httpx.Client) -> None:
    """A second one is refused with Cloudflare's code; in another zone there is room."""
    create(cloudflare, rule())

    refused = create(cloudflare, rule("other.seance.dev"))

    assert code(refused) == (400, 20_217)
    assert "exceeded maximum number of zone rulesets for phase" in refused.text
    other = cloudflare.post(f"/zones/{ZONE_IDS['rose.example']}/rulesets", json={**WHOLE, "rules": []})
    assert other.status_code == 200


def test_a_put_replaces_all_rules_and_the_same_ref_is_the_same_rule(cloudflare: httpx.Client) -> None:
    """What is not sent is gone; what has its ref keeps its id, with another version where it differs."""
    made = create(cloudflare, rule(), rule("old.seance.dev")).json()["result"]

    changed = cloudflare.put(f"{RULESETS}/{made['id']}", json={**WHOLE, "rules": [rule(enabled=False)]})

    (now,), before = changed.json()["result"]["rules"], made["rules"][0]
    assert (now["id"], now["version"], now["enabled"]) == (before["id"], "2", False)
    assert changed.json()["result"]["version"] == "2"


def test_the_entry_point_is_made_by_its_first_put(cloudflare: httpx.Client) -> None:
    """Before, there is none, and Cloudflare says so."""
    assert code(cloudflare.get(ENTRY_POINT)) == (404, 10_003)

    cloudflare.put(ENTRY_POINT, json={"rules": [rule()]})

    assert cloudflare.get(ENTRY_POINT).json()["result"]["rules"][0]["ref"] == "www.seance.dev"


def test_a_deleted_ruleset_is_gone(cloudflare: httpx.Client) -> None:
    """204 without a body, then 404."""
    path = f"{RULESETS}/{create(cloudflare, rule()).json()['result']['id']}"

    deleted = cloudflare.delete(path)

    assert (deleted.status_code, deleted.content) == (204, b"")
    assert code(cloudflare.delete(path))[0] == code(cloudflare.get(path))[0] == 404


def test_a_dry_run_changes_nothing(cloudflare: httpx.Client) -> None:
    """It is judged like any other: https://developers.cloudflare.com/api/resources/rulesets."""
    dry = {"dry_run": "true"}
    assert cloudflare.post(RULESETS, params=dry, json={**WHOLE, "rules": [rule()]}).status_code == 200
    assert cloudflare.get(RULESETS).json()["result"] == []
    assert code(cloudflare.post(RULESETS, params=dry, json={**WHOLE, "rules": [rule(action="block")]}))[0] == 400


def value(**changed: Any) -> dict[str, Any]:
    parameters = rule()["action_parameters"]["from_value"] | changed
    return rule(action_parameters={"from_value": parameters})


@pytest.mark.parametrize(
    ("rules", "status"),
    [
        ([rule(action="block")], 400),
        ([rule(target={})], 400),
        ([rule(target={**TARGET, "value": "https://seance.dev"})], 400),
        ([value(status_code=200)], 400),
        ([value(preserve_query_string="yes")], 400),
        ([rule(), rule()], 400),
        ([rule(f"{number}.seance.dev") for number in range(11)], 400),
        ([rule(id="0" * 32)], 400),
        ([rule(expression='http.request.uri.path eq "/"')], 501),
        ([rule(target={"expression": "lower(http.request.uri.path)"})], 501),
    ],
)
def test_what_no_redirect_can_be_is_refused(cloudflare: httpx.Client, rules: list[Any], status: int) -> None:
    """As Cloudflare refuses it; what the sandbox does not know of the rules language is named as not simulated."""
    assert code(create(cloudflare, *rules))[0] == status


@pytest.mark.parametrize(
    ("changed", "status"),
    [({"name": ""}, 400), ({"kind": "custom"}, 501), ({"phase": "http_ratelimit"}, 501)],
)
def test_other_rulesets_are_refused(cloudflare: httpx.Client, changed: dict[str, str], status: int) -> None:
    """One without a name, and kinds and phases that are not simulated."""
    assert code(create(cloudflare, **changed))[0] == status


def test_rulesets_are_there_after_a_restart(cloudflare: httpx.Client, sandbox: Sandbox, directory: Path) -> None:
    """The sandbox keeps them as it keeps records."""
    create(cloudflare, rule())
    sandbox.save()

    again = Sandbox(directory)

    assert [each["name"] for each in again.cloudflare.rulesets(ZONE_IDS["seance.dev"]).every()] == ["Redirects"]
