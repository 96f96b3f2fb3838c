"""The stand-in for the Cloudflare plugin sends what the real one sends, and gives the same outputs."""

from __future__ import annotations

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2

from railway_sandbox.server import Sandbox
from tests.clouds.plugin import (
    CNAME,
    RECORD,
    REDIRECTS,
    RULESET,
    SETTING,
    UNIVERSAL_SSL,
    ZONE,
    Engine,
    plain,
    requests_of,
)


def test_record_is_made_with_one_request(cloudflare_plugin: Engine, standin_sandbox: Sandbox) -> None:
    """POST and nothing else; the outputs have what the program and other resources read."""
    made, state = cloudflare_plugin.create(RECORD, CNAME)

    assert [f"POST /zones/{ZONE}/dns_records"] == requests_of(standin_sandbox)
    assert {name: state[name] for name in (*CNAME, "proxiable", "tags", "meta")} == {
        **CNAME,
        "proxiable": True,
        "tags": [],
        "meta": "{}",
    }
    assert state["settings"] == {"flattenCname": False, "ipv4Only": False, "ipv6Only": False}
    assert made == standin_sandbox.cloudflare.records(ZONE)[0]["id"]


def test_record_lifecycle(cloudflare_plugin: Engine, standin_sandbox: Sandbox) -> None:
    """No change, a changed content in place, another type by replacement, then gone."""
    made, state = cloudflare_plugin.create(RECORD, CNAME)
    changed = {**CNAME, "content": "y.up.railway.app"}

    same = cloudflare_plugin.diff(RECORD, made, CNAME, state, CNAME)
    update = cloudflare_plugin.diff(RECORD, made, CNAME, state, changed)
    replacement = cloudflare_plugin.diff(RECORD, made, CNAME, state, {**CNAME, "type": "TXT", "proxied": False})
    updated = cloudflare_plugin.update(RECORD, made, state, changed)
    cloudflare_plugin.delete(RECORD, made, updated)

    assert (same.changes, list(same.replaces)) == (provider_pb2.DiffResponse.DIFF_NONE, [])
    assert (list(update.diffs), list(update.replaces)) == (["content"], [])
    assert list(replacement.replaces) == ["type"]
    assert updated["content"] == "y.up.railway.app"
    assert standin_sandbox.cloudflare.records(ZONE) == []
    path = f"/zones/{ZONE}/dns_records"
    assert [f"POST {path}", f"PUT {path}/{made}", f"DELETE {path}/{made}"] == requests_of(standin_sandbox)


def test_quoted_text_shows_no_drift(cloudflare_plugin: Engine) -> None:
    """A TXT record reads back as it was given."""
    given = {**CNAME, "type": "TXT", "content": '"railway-verify=abc"', "proxied": False}
    made, state = cloudflare_plugin.create(RECORD, given)

    read = plain(cloudflare_plugin.read(RECORD, made, given, state).inputs)

    assert given == {name: read[name] for name in given}


def test_record_changed_by_hand_is_drift(cloudflare_plugin: Engine, standin_sandbox: Sandbox) -> None:
    """A refresh sees what somebody changed."""
    made, state = cloudflare_plugin.create(RECORD, CNAME)
    standin_sandbox.cloudflare.change_record(ZONE, made, {"content": "by-hand.example.com"})

    assert plain(cloudflare_plugin.read(RECORD, made, CNAME, state).inputs)["content"] == "by-hand.example.com"


def test_missing_record_is_dropped_by_refresh_but_fails_delete(
    cloudflare_plugin: Engine, standin_sandbox: Sandbox
) -> None:
    """As with the real plugin: refresh before a destroy."""
    made, state = cloudflare_plugin.create(RECORD, CNAME)
    standin_sandbox.cloudflare.delete_record(ZONE, made)

    assert cloudflare_plugin.read(RECORD, made, CNAME, state).id == ""
    with pytest.raises(grpc.RpcError, match="81044"):
        cloudflare_plugin.delete(RECORD, made, state)


def test_record_is_imported_by_zone_and_id(cloudflare_plugin: Engine) -> None:
    """An import needs nothing but ZONE/RECORD."""
    made, _ = cloudflare_plugin.create(RECORD, CNAME)

    read = cloudflare_plugin.read(RECORD, f"{ZONE}/{made}")

    assert {name: plain(read.inputs)[name] for name in CNAME} == CNAME


def test_clash_is_told_in_cloudflares_words(cloudflare_plugin: Engine) -> None:
    """An existing record is never taken over by an ordinary create."""
    cloudflare_plugin.create(RECORD, CNAME)

    with pytest.raises(grpc.RpcError, match="81053"):
        cloudflare_plugin.create(RECORD, CNAME)


def test_interrupted_record_is_taken_over_when_identical(cloudflare_plugin: Engine, standin_sandbox: Sandbox) -> None:
    """What the interrupted create left is the record; anything else is not."""
    made, _ = cloudflare_plugin.create(RECORD, CNAME)

    assert made == cloudflare_plugin.create(RECORD, CNAME, interrupted=True)[0]
    with pytest.raises(grpc.RpcError, match="81053"):
        cloudflare_plugin.create(RECORD, {**CNAME, "content": "other.up.railway.app"}, interrupted=True)
    assert len(standin_sandbox.cloudflare.records(ZONE)) == 1


def test_proxied_record_needs_automatic_ttl(cloudflare_plugin: Engine, standin_sandbox: Sandbox) -> None:
    """Refused before anything is sent."""
    failures = cloudflare_plugin.check(RECORD, {**CNAME, "ttl": 300}).failures

    assert failures[0].reason == "ttl: must be 1 when proxied is true, not 300"
    assert requests_of(standin_sandbox) == []


def test_busy_api_is_asked_again(cloudflare_plugin: Engine, standin_sandbox: Sandbox) -> None:
    """Three failures on the way are nobody's business."""
    standin_sandbox.fail("cloudflare", "POST", status=503, count=3)

    cloudflare_plugin.create(RECORD, CNAME)

    assert len(requests_of(standin_sandbox)) == 4


def test_delete_whose_answer_was_lost_succeeds(cloudflare_plugin: Engine, standin_sandbox: Sandbox) -> None:
    """The repeat finds nothing: the first attempt did it."""
    made, state = cloudflare_plugin.create(RECORD, CNAME)
    standin_sandbox.fail("cloudflare", "DELETE", drop=True, when="after")

    cloudflare_plugin.delete(RECORD, made, state)

    assert standin_sandbox.cloudflare.records(ZONE) == []


def test_setting_is_changed_and_stays_after_delete(cloudflare_plugin: Engine, standin_sandbox: Sandbox) -> None:
    """Create is a PATCH, delete is nothing."""
    given = {"zoneId": ZONE, "settingId": "ssl", "value": "full"}
    made, state = cloudflare_plugin.create(SETTING, given)
    cloudflare_plugin.delete(SETTING, made, state)

    assert (made, state["editable"]) == ("ssl", True)
    assert standin_sandbox.cloudflare.setting(ZONE, "ssl")["value"] == "full"
    assert [f"PATCH /zones/{ZONE}/settings/ssl"] == requests_of(standin_sandbox)


def test_universal_ssl_is_switched_on_and_left_on(cloudflare_plugin: Engine, standin_sandbox: Sandbox) -> None:
    """PATCH to make it so, GET to look, and nothing when it leaves the state; by hand switched off, it is drift."""
    standin_sandbox.cloudflare.change_universal_ssl(ZONE, enabled=False)

    made, state = cloudflare_plugin.create(UNIVERSAL_SSL, {"zoneId": ZONE, "enabled": True})
    assert standin_sandbox.cloudflare.universal_ssl(ZONE) is True
    standin_sandbox.cloudflare.change_universal_ssl(ZONE, enabled=False)
    read = cloudflare_plugin.read(UNIVERSAL_SSL, made, {"zoneId": ZONE, "enabled": True}, state)
    cloudflare_plugin.delete(UNIVERSAL_SSL, made, state)

    path = f"/zones/{ZONE}/ssl/universal/settings"
    assert requests_of(standin_sandbox) == [f"PATCH {path}", f"GET {path}"]
    assert (made, state["enabled"]) == (ZONE, True)
    assert plain(read.properties)["enabled"] is False


def test_a_zone_is_looked_up_with_one_request(cloudflare_plugin: Engine, standin_sandbox: Sandbox) -> None:
    """By its id, as the real plugin does without a filter."""
    zone = cloudflare_plugin.invoke("cloudflare:index/getZone:getZone", {"zoneId": ZONE})

    assert (zone["name"], zone["zoneId"], zone["status"]) == ("seance.dev", ZONE, "active")
    assert [f"GET /zones/{ZONE}"] == requests_of(standin_sandbox)


def test_redirects_are_made_changed_and_deleted_with_one_request_each(
    cloudflare_plugin: Engine, standin_sandbox: Sandbox
) -> None:
    """POST, PUT with all rules, DELETE; another zone by replacement, and nothing to do for the same rules."""
    made, state = cloudflare_plugin.create(RULESET, REDIRECTS)
    disabled = {**REDIRECTS, "rules": [{**REDIRECTS["rules"][0], "enabled": False}]}

    same = cloudflare_plugin.diff(RULESET, made, REDIRECTS, state, REDIRECTS)
    moved = cloudflare_plugin.diff(RULESET, made, REDIRECTS, state, {**REDIRECTS, "zoneId": "0" * 32})
    updated = cloudflare_plugin.update(RULESET, made, state, disabled)
    cloudflare_plugin.delete(RULESET, made, updated)

    assert (same.changes, list(moved.replaces)) == (provider_pb2.DiffResponse.DIFF_NONE, ["zoneId"])
    assert moved.deleteBeforeReplace
    path = f"/zones/{ZONE}/rulesets"
    assert [f"POST {path}", f"PUT {path}/{made}", f"DELETE {path}/{made}"] == requests_of(standin_sandbox)


def test_redirects_changed_by_hand_are_drift(cloudflare_plugin: Engine, standin_sandbox: Sandbox) -> None:
    """A refresh reads the rules as they are, an import reads what was made, and what is gone is gone."""
    made, state = cloudflare_plugin.create(RULESET, REDIRECTS)
    imported = cloudflare_plugin.read(RULESET, f"zones/{ZONE}/{made}")
    assert {name: plain(imported.inputs)[name] for name in REDIRECTS} == REDIRECTS
    rulesets = standin_sandbox.cloudflare.rulesets(ZONE)
    rulesets.replace(made, {"rules": []})
    assert plain(cloudflare_plugin.read(RULESET, made, REDIRECTS, state).inputs)["rules"] == []

    rulesets.delete(made)

    assert cloudflare_plugin.read(RULESET, made, REDIRECTS, state).id == ""


def test_a_second_list_of_redirects_is_refused_in_cloudflares_words(cloudflare_plugin: Engine) -> None:
    """The zone has one; somebody else's is not taken over."""
    cloudflare_plugin.create(RULESET, REDIRECTS)

    with pytest.raises(grpc.RpcError, match=r"exceeded maximum number of zone rulesets .*\(code 20217\)"):
        cloudflare_plugin.create(RULESET, {**REDIRECTS, "name": "others"}, interrupted=True)
