"""The simulated Cloudflare answers as Cloudflare does: names, conflicts, validation, settings and the public DNS."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from railway_api.certificates import trusted
from railway_sandbox.cloudflare.zones import ZONE_IDS
from railway_sandbox.server import Sandbox

ZONE = ZONE_IDS["seance.dev"]
RECORDS = f"/zones/{ZONE}/dns_records"
CNAME: dict[str, Any] = {
    "name": "api.seance.dev",
    "type": "CNAME",
    "content": "x.up.railway.app",
    "ttl": 1,
    "proxied": False,
}


def code(response: httpx.Response) -> int:
    return response.json()["errors"][0]["code"]


def create(client: httpx.Client, **changed: Any) -> httpx.Response:
    return client.post(RECORDS, json={**CNAME, **changed})


@pytest.mark.parametrize("zone", sorted(ZONE_IDS))
def test_each_zone_is_found_by_name_under_its_fixed_id(cloudflare: httpx.Client, zone: str) -> None:
    """A settings file may name zones of the sandbox: the id never changes."""
    answer = cloudflare.get("/zones", params={"name": zone}).json()

    assert [ZONE_IDS[zone]] == [item["id"] for item in answer["result"]]
    assert answer["result_info"]["total_count"] == 1


def test_unknown_zone_name_finds_nothing(cloudflare: httpx.Client) -> None:
    """A zone that the account does not have is an empty list, not an error."""
    assert cloudflare.get("/zones", params={"name": "other.dev"}).json()["result"] == []


def test_zone_says_name_status_type_and_plan(cloudflare: httpx.Client) -> None:
    """The zone object has what Pulumi's getZone reads."""
    zone = cloudflare.get(f"/zones/{ZONE}").json()["result"]

    assert (
        zone["name"],
        zone["status"],
        zone["type"],
        zone["plan"]["legacy_id"],
    ) == ("seance.dev", "active", "full", "free")


def test_unknown_zone_id_is_not_routed(cloudflare: httpx.Client) -> None:
    """A wrong zone id is 404 with Cloudflare's code."""
    response = cloudflare.get(f"/zones/{'0' * 32}/dns_records")

    assert (response.status_code, code(response)) == (404, 7003)


def test_request_without_token_is_refused(address: str) -> None:
    """Every request needs a bearer token."""
    response = httpx.get(f"{address}/client/v4/zones", trust_env=False, verify=trusted(address))

    assert (response.status_code, code(response)) == (400, 9106)


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("api", "api.seance.dev"),
        ("api.seance.dev", "api.seance.dev"),
        ("a.b", "a.b.seance.dev"),
        ("www.other.com", "www.other.com.seance.dev"),
        ("*", "*.seance.dev"),
        ("_railway-verify.api", "_railway-verify.api.seance.dev"),
    ],
)
def test_record_name_becomes_fully_qualified(cloudflare: httpx.Client, sent: str, shown: str) -> None:
    """Names are within the zone, whatever they look like."""
    assert shown == create(cloudflare, name=sent).json()["result"]["name"]


def test_at_sign_means_the_apex(cloudflare: httpx.Client) -> None:
    """``@`` is the zone itself."""
    assert create(cloudflare, name="@").json()["result"]["name"] == "seance.dev"


@pytest.mark.parametrize("content", ['"railway-verify=abc"', "railway-verify=abc"])
def test_text_comes_back_exactly_as_sent(cloudflare: httpx.Client, content: str) -> None:
    """Quotes are neither added nor taken away: anything else is drift at every refresh."""
    made = create(cloudflare, name="_railway-verify", type="TXT", content=content).json()["result"]

    assert content == cloudflare.get(f"{RECORDS}/{made['id']}").json()["result"]["content"]


def test_put_replaces_the_whole_record(cloudflare: httpx.Client) -> None:
    """What PUT does not name is gone."""
    made = create(cloudflare, comment="made by hand").json()["result"]

    changed = cloudflare.put(f"{RECORDS}/{made['id']}", json={**CNAME, "content": "y.up.railway.app"}).json()["result"]

    assert ("y.up.railway.app", None, made["id"]) == (changed["content"], changed["comment"], changed["id"])


def test_patch_changes_only_what_is_sent(cloudflare: httpx.Client) -> None:
    """What PATCH does not name stays."""
    made = create(cloudflare, comment="made by hand").json()["result"]

    changed = cloudflare.patch(f"{RECORDS}/{made['id']}", json={"proxied": True}).json()["result"]

    assert (changed["proxied"], changed["comment"]) == (True, "made by hand")


def test_deleted_record_is_gone_and_cannot_be_deleted_again(cloudflare: httpx.Client) -> None:
    """A missing record is 404 with code 81044, for reading and for deleting."""
    made = create(cloudflare).json()["result"]
    path = f"{RECORDS}/{made['id']}"

    assert {"id": made["id"]} == cloudflare.delete(path).json()["result"]
    assert ((gone := cloudflare.get(path)).status_code, code(gone)) == (404, 81044)
    assert ((again := cloudflare.delete(path)).status_code, code(again)) == (404, 81044)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ({}, {"content": "y.up.railway.app"}, 81053),
        ({"type": "A", "content": "192.0.2.1"}, {}, 81053),
        ({}, {"type": "A", "content": "192.0.2.1"}, 81054),
        ({"type": "TXT", "content": '"a"'}, {"type": "TXT", "content": '"a"'}, 81058),
        ({"type": "A", "content": "192.0.2.1"}, {"type": "A", "content": "192.0.2.1", "proxied": True}, 81058),
    ],
)
def test_clashing_records_are_refused(
    cloudflare: httpx.Client, first: dict[str, Any], second: dict[str, Any], expected: int
) -> None:
    """A CNAME stands alone among addresses, and nothing exists twice."""
    create(cloudflare, **first)

    response = create(cloudflare, **second)

    assert (400, expected) == (response.status_code, code(response))


def test_different_texts_of_one_name_live_together(cloudflare: httpx.Client) -> None:
    """Several TXT records of one name are ordinary, and so is one beside a CNAME."""
    create(cloudflare)
    create(cloudflare, type="TXT", content='"a"')

    assert create(cloudflare, type="TXT", content='"b"').status_code == 200


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"proxied": True, "ttl": 300}, 9021),
        ({"ttl": 5}, 9021),
        ({"type": "TXT", "content": '"a"', "proxied": True}, 9004),
        ({"type": "A", "content": "x.up.railway.app"}, 9005),
        ({"type": "AAAA", "content": "192.0.2.1"}, 9006),
        ({"content": "not a host"}, 9007),
        ({"name": "a..b"}, 9000),
        ({"tags": ["owner:me"]}, 9300),
        ({"type": "TXT", "content": "a" * 5000}, 9015),
    ],
)
def test_invalid_record_is_refused_with_its_code(
    cloudflare: httpx.Client, changed: dict[str, Any], expected: int
) -> None:
    """What Cloudflare would not take, the sandbox does not take either."""
    response = create(cloudflare, **changed)

    assert (400, expected) == (response.status_code, code(response))


def test_list_filters_by_name_and_type(cloudflare: httpx.Client) -> None:
    """The filters of the list find one record among others."""
    create(cloudflare)
    create(cloudflare, type="TXT", content='"a"')
    create(cloudflare, name="other")

    answer = cloudflare.get(RECORDS, params={"name": "api.seance.dev", "type": "TXT"}).json()

    assert [(record["type"], record["content"]) for record in answer["result"]] == [("TXT", '"a"')]


def test_list_comes_in_pages(cloudflare: httpx.Client) -> None:
    """A long list is cut, and says how long it is."""
    for number in range(5):
        create(cloudflare, name=f"host-{number}")

    page = cloudflare.get(RECORDS, params={"page": "2", "per_page": "2"}).json()

    assert [record["name"] for record in page["result"]] == ["host-2.seance.dev", "host-3.seance.dev"]
    assert page["result_info"] == {"page": 2, "per_page": 2, "count": 2, "total_count": 5, "total_pages": 3}


def test_setting_changes_and_is_read_back(cloudflare: httpx.Client) -> None:
    """The zone's SSL mode starts as a new zone's and becomes what was sent."""
    path = f"/zones/{ZONE}/settings/ssl"

    assert cloudflare.get(path).json()["result"]["value"] == "flexible"
    assert cloudflare.patch(path, json={"value": "full"}).json()["result"]["value"] == "full"
    assert cloudflare.get(path).json()["result"]["value"] == "full"


@pytest.mark.parametrize(("name", "value", "expected"), [("ssl", "half", 1007), ("colour", "blue", 1006)])
def test_impossible_setting_is_refused(cloudflare: httpx.Client, name: str, value: str, expected: int) -> None:
    """Only known settings with known values."""
    response = cloudflare.patch(f"/zones/{ZONE}/settings/{name}", json={"value": value})

    assert (400, expected) == (response.status_code, code(response))


def test_universal_ssl_can_be_switched_off(cloudflare: httpx.Client, sandbox: Sandbox) -> None:
    """Without the free certificate no name is covered."""
    cloudflare.patch(f"/zones/{ZONE}/ssl/universal/settings", json={"enabled": False})

    assert not sandbox.cloudflare.certificate_covers("api.seance.dev")


@pytest.mark.parametrize(
    ("name", "covered"),
    [
        ("seance.dev", True),
        ("backend-staging.seance.dev", True),
        ("backend.staging.seance.dev", False),
        ("else.dev", False),
    ],
)
def test_free_certificate_covers_one_level(sandbox: Sandbox, name: str, covered: bool) -> None:
    """The reason why staging hosts have a dash."""
    assert covered == sandbox.cloudflare.certificate_covers(name)


def test_not_simulated_operation_is_named(cloudflare: httpx.Client) -> None:
    """A gap of the sandbox is a gap of the sandbox, and no client repeats the request."""
    response = cloudflare.get(f"/zones/{ZONE}/firewall/rules")

    assert (response.status_code, response.headers["x-should-retry"]) == (501, "false")
    assert "firewall/rules" in response.text


def test_records_resolve(cloudflare: httpx.Client, sandbox: Sandbox) -> None:
    """The public DNS has what the zone has; TXT without its quotes."""
    create(cloudflare, proxied=True)
    create(cloudflare, name="_railway-verify.api", type="TXT", content='"railway-verify=abc"')

    assert sandbox.cloudflare.resolve("api.seance.dev", "CNAME") == ["x.up.railway.app"]
    assert sandbox.cloudflare.resolve("_railway-verify.API.seance.dev.", "TXT") == ["railway-verify=abc"]
    assert sandbox.cloudflare.is_proxied("api.seance.dev")
    assert not sandbox.cloudflare.is_proxied("_railway-verify.api.seance.dev")
    assert sandbox.cloudflare.resolve("api.example.com", "CNAME") == []


def test_wildcard_counts_for_names_without_a_record(cloudflare: httpx.Client, sandbox: Sandbox) -> None:
    """A wildcard answers for what has no record of its own, and for nothing else."""
    create(cloudflare, name="*")
    create(cloudflare, name="api", content="own.up.railway.app")

    assert sandbox.cloudflare.resolve("any.thing.seance.dev", "CNAME") == ["x.up.railway.app"]
    assert sandbox.cloudflare.resolve("api.seance.dev", "CNAME") == ["own.up.railway.app"]
